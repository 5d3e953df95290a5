package simulator_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"crs/lab/simulator"
)

// BenchmarkOK is a plain JSON answer over one kept connection, client included.
func BenchmarkOK(b *testing.B) {
	for _, kb := range []int{4, 200} {
		b.Run(fmt.Sprintf("%dKB", kb), func(b *testing.B) { benchmark(b, "", prompt(kb<<10, false), []byte("}}")) })
	}
}

// BenchmarkStream50 is a stream of 50 content events without gaps.
func BenchmarkStream50(b *testing.B) {
	benchmark(b, "loop:ok(events=50)", prompt(4<<10, true), []byte("\r\n0\r\n\r\n"))
}

func prompt(size int, stream bool) string {
	return fmt.Sprintf(`{"model":"claude-sonnet-5","max_tokens":64,"stream":%t,"messages":[{"role":"user","content":"%s"}]}`,
		stream, strings.Repeat(`one line of code\n`, size/18))
}

func benchmark(b *testing.B, script, body string, end []byte) {
	benchmarkRequest(b, script, "POST /v1/messages HTTP/1.1\r\nHost: s\r\nx-api-key: sk-a\r\nanthropic-version: 2023-06-01\r\n"+
		fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(body))+body, end)
}

// benchmarkRequest sends a request again and again, and reads its answers up to their end.
func benchmarkRequest(b *testing.B, script, text string, end []byte) {
	s, err := simulator.Start(simulator.Options{Script: script, Record: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	request := []byte(text)
	answer := make([]byte, 64<<10)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conn.Write(request); err != nil {
			b.Fatal(err)
		}
		for n := 0; !bytes.HasSuffix(answer[:n], end); {
			m, err := conn.Read(answer[n:])
			if err == io.EOF || m == 0 {
				b.Fatalf("the answer ended early: %q", answer[:n])
			}
			n += m
		}
	}
}
