// Package proxytest has proxies for tests: one that works, and some that fail as proxies do.
package proxytest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
)

// Accept has serve speak with whoever connects, and gives the address.
func Accept(t testing.TB, serve func(net.Conn)) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				serve(c)
			}()
		}
	}()
	return ln.Addr().String()
}

// Answering answers the first line that comes on each connection, and hangs up.
func Answering(t testing.TB, answer func(net.Conn)) (addr string) {
	t.Helper()
	return Accept(t, func(c net.Conn) {
		if _, err := bufio.NewReader(c).ReadString('\n'); err == nil {
			answer(c)
		}
	})
}

// Saying answers the first line with a text.
func Saying(t testing.TB, text string) (addr string) {
	t.Helper()
	return Answering(t, func(c net.Conn) { _, _ = io.WriteString(c, text) })
}

// Silent reads all that comes and never answers.
func Silent(t testing.TB) (addr string) {
	t.Helper()
	return Accept(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
}

// Forwarding is an HTTP proxy that opens the way to wherever it is asked.
func Forwarding(t testing.TB) (addr string) {
	t.Helper()
	return Accept(t, func(c net.Conn) {
		br := bufio.NewReader(c)
		req, err := http.ReadRequest(br)
		if err != nil || req.Method != http.MethodConnect {
			return
		}
		to, err := net.Dial("tcp", req.Host)
		if err != nil {
			return
		}
		defer func() { _ = to.Close() }()
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(to, br) }()
		_, _ = io.Copy(c, to)
	})
}

// RefusingSocks is a SOCKS5 proxy that wants a password and takes none.
func RefusingSocks(t testing.TB) (addr string) {
	t.Helper()
	return Accept(t, func(c net.Conn) {
		buf := make([]byte, 512)
		_, _ = c.Read(buf)
		_, _ = c.Write([]byte{5, 2})
		_, _ = c.Read(buf)
		_, _ = c.Write([]byte{1, 1})
	})
}
