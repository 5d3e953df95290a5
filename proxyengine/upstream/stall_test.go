package upstream_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"crs/proxyengine/upstream"
)

// TestAnUpstreamThatReadsNothingIsGivenUp, long before a large request's whole time is over.
func TestAnUpstreamThatReadsNothingIsGivenUp(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	client := upstream.NewPool(upstream.PoolOptions{})
	defer client.Close()
	req := &upstream.Request{Method: "POST", Target: "/", Body: [][]byte{make([]byte, 32<<20)}}
	req.Endpoint.Addr, req.Endpoint.Host = ln.Addr().String(), "h"
	req.Clocks = upstream.Clocks{Connect: time.Minute, Write: time.Hour, Stall: 50 * time.Millisecond, FirstByte: time.Minute}
	var failed *upstream.Error
	if _, err := client.Do(new(upstream.Call), req); !errors.As(err, &failed) || failed.Phase != upstream.Write || !failed.Timeout {
		t.Errorf("it says %v", err)
	}
}
