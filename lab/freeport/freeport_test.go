package freeport_test

import (
	"net"
	"testing"

	"crs/lab/freeport"
)

func TestAddrCanBeListenedOn(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", freeport.For(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	port := l.Addr().(*net.TCPAddr).Port
	if port < freeport.First || port > freeport.Last || port+10_000 >= 32768 {
		t.Errorf("port %d may be one of an outgoing connection", port)
	}
}

// TestNoPortIsGivenTwice: who was given one may listen on it only later.
func TestNoPortIsGivenTwice(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		addr := freeport.For(t)
		if seen[addr] {
			t.Fatalf("%s was given twice", addr)
		}
		seen[addr] = true
	}
}
