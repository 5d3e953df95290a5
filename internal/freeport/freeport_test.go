package freeport_test

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"crs/internal/freeport"
)

// TestNoOutgoingConnectionIsGivenOne: the system's own range begins behind what is given here, and behind the second port of a
// node of a Redis Cluster.
func TestNoOutgoingConnectionIsGivenOne(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		t.Skip(err)
	}
	first, err := strconv.Atoi(strings.Fields(string(text))[0])
	if err != nil || freeport.Last+10_000 >= first {
		t.Errorf("outgoing connections take ports from %d up, %v", first, err)
	}
}

func TestAddrCanBeListenedOn(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", freeport.For(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	port := l.Addr().(*net.TCPAddr).Port
	if port < freeport.First || port > freeport.Last {
		t.Errorf("port %d", port)
	}
}
