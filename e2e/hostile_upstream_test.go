//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// upstreamOf starts what the attacker's requests are answered by, in a process of its own, and gives its address.
func (s *scene) upstreamOf(a attack) string {
	s.t.Helper()
	f := &foe{t: s.t}
	f.in, f.lines = s.startElsewhere(elsewhere(s.t, "CRS_HOSTILE_UPSTREAM="+a.name))
	return f.line("at: ")
}

// answerHere is the upstream of an attack, until nobody holds the other end of its input any more. The attack itself goes to it as a
// control: it throws away whatever comes.
func answerHere(t *testing.T, a attack) {
	t.Helper()
	with := a.upstream
	if with == nil {
		with = smallAnswer
	}
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("at: %s\n", ln.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = ln.Close()
	}()
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = conn.Close() }()
			answer(conn, with)
		}()
	}
}

// upstream writes one whole answer, with its head, or goes on without end. It reports whether another request may follow.
type upstream func(w io.Writer) (more bool)

// answer reads requests from a connection and answers them. What is no request is thrown away.
func answer(conn net.Conn, with upstream) {
	head := &io.LimitedReader{R: conn}
	in := bufio.NewReader(head)
	for {
		head.N = 64 << 10
		req, err := http.ReadRequest(in)
		head.N = math.MaxInt64
		if err == nil {
			_, err = io.Copy(io.Discard, req.Body)
		}
		if err != nil {
			_, _ = io.Copy(io.Discard, in)
			return
		}
		if !with(conn) {
			return
		}
	}
}

// smallAnswer is such as a provider gives to a small question.
func smallAnswer(w io.Writer) bool {
	const text = `{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","stop_reason":"end_turn",` +
		`"content":[{"type":"text","text":"hello"}],"usage":{"input_tokens":10,"output_tokens":1}}`
	_, err := fmt.Fprintf(w, "%scontent-length: %d\r\n\r\n%s", headJSON, len(text), text)
	return err == nil
}

const headJSON = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"

// largeAnswer is an answer of 3 MB such as a provider gives.
func largeAnswer(w io.Writer) bool {
	text := largeText()
	_, _ = fmt.Fprintf(w, "%sconnection: close\r\ncontent-length: %d\r\n\r\n", headJSON, len(text))
	_, _ = w.Write(text)
	return false
}

var largeText = sync.OnceValue(func() []byte {
	return []byte(`{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","stop_reason":"end_turn","content":[{"type":"text","text":"` +
		strings.Repeat("many words ", 3<<20/11) + `"}],"usage":{"input_tokens":10,"output_tokens":700000}}`)
})

// bombAnswer is an answer of half a megabyte that unpacks to 500 MB of JSON.
func bombAnswer(w io.Writer) bool {
	_, _ = io.WriteString(w, headJSON+"content-encoding: gzip\r\n\r\n")
	_, _ = w.Write(packedAnswer())
	return false
}

var packedAnswer = sync.OnceValue(func() []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = io.WriteString(z, `{"type":"message","content":[{"type":"text","text":"`)
	block := []byte(strings.Repeat("a", 1<<20))
	for range 500 {
		_, _ = z.Write(block)
	}
	_, _ = io.WriteString(z, `"}]}`)
	_ = z.Close()
	return out.Bytes()
})

// endlessLine is a stream whose first event never ends.
func endlessLine(w io.Writer) bool {
	_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: ")
	forever(w, "a")
	return false
}

// endlessJSON is an answer with ever more members.
func endlessJSON(w io.Writer) bool {
	_, _ = io.WriteString(w, headJSON+"\r\n{")
	forever(w, `"a":{"b":[]},`)
	return false
}

// endlessHead is a head that never ends.
func endlessHead(w io.Writer) bool {
	_, _ = io.WriteString(w, headJSON)
	forever(w, "x-more: and more\r\n")
	return false
}

// endlessExtension is a chunk whose size line never ends.
func endlessExtension(w io.Writer) bool {
	_, _ = io.WriteString(w, headJSON+"transfer-encoding: chunked\r\n\r\n5;")
	forever(w, "a")
	return false
}

// forever repeats a text until nobody takes it any more.
func forever(w io.Writer, text string) {
	block := []byte(strings.Repeat(text, 64<<10/len(text)))
	for {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// smallWindow has the kernel take little of an answer ahead of its reader.
func smallWindow(_, _ string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<10)
	})
	if err != nil {
		return err
	}
	return failed
}
