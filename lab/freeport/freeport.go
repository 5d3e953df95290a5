// Package freeport finds ports for servers that a test or the bench starts a moment later, or stops and starts again. No port is
// given twice to a process, and none is what a system gives to who asks it for any.
package freeport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
)

// First and Last bound the ports that are given. Systems take the ports of outgoing connections from 32768 up, so none of a busy
// test beside can get one of these. A node of a Redis Cluster also listens 10,000 ports higher; that is below 32768 too.
const (
	First = 10_000
	Last  = 22_767
)

// For gives a test such an address.
func For(t testing.TB) string {
	t.Helper()
	addr, err := Addr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// given are the ports that this process has been given: tests run at once, and none listens on its port at once.
var given sync.Map

// Addr gives an address of 127.0.0.1 that nothing listens on.
func Addr() (string, error) {
	failed := errors.New("all were given")
	for range 1000 {
		port := First + rand.IntN(Last-First+1)
		if _, taken := given.LoadOrStore(port, true); taken {
			continue
		}
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		l, err := net.Listen("tcp", addr)
		if err == nil {
			return addr, l.Close()
		}
		failed = err
	}
	return "", fmt.Errorf("find a free port: %w", failed)
}
