package checkup

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"testing"
)

var quiet = log.New(io.Discard, "", 0)

// shortDir is a directory whose name leaves room for a socket's path.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "crs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// listen answers the first line that comes on each connection, and hangs up.
func listen(t *testing.T, answer func(net.Conn)) (addr string) {
	t.Helper()
	return accept(t, func(c net.Conn) {
		if _, err := bufio.NewReader(c).ReadString('\n'); err == nil {
			answer(c)
		}
	})
}

func accept(t *testing.T, serve func(net.Conn)) (addr string) {
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

// forward is a proxy that opens the way to wherever it is asked.
func forward(t *testing.T) (addr string) {
	t.Helper()
	return accept(t, func(c net.Conn) {
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
