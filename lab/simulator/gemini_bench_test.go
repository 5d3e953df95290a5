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

// BenchmarkOthers is a plain answer, or a stream of 50 content events, of the providers that are not Anthropic.
func BenchmarkOthers(b *testing.B) {
	const gemini, assist, bedrock = `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`,
		`{"model":"gemini-2.5-pro","project":"p","request":{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}}`,
		`{"anthropic_version":"bedrock-2023-05-31","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`
	const model = "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/"
	for _, c := range []struct{ name, path, body, end string }{
		{"gemini", "/v1beta/models/gemini-2.5-pro:generateContent", gemini, "\"}"},
		{"gemini-stream", "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse", gemini, "\r\n0\r\n\r\n"},
		{"code-assist-stream", "/v1internal:streamGenerateContent?alt=sse", assist, "\r\n0\r\n\r\n"},
		{"bedrock", model + "invoke", bedrock, "}}"},
		{"bedrock-stream", model + "invoke-with-response-stream", bedrock, "\r\n0\r\n\r\n"},
	} {
		b.Run(c.name, func(b *testing.B) {
			s, err := simulator.Start(simulator.Options{Script: "loop:ok(events=50)", Record: -1})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			request := []byte("POST " + c.path + " HTTP/1.1\r\nHost: s\r\nx-goog-api-key: AIza\r\nauthorization: Bearer x\r\n" +
				fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(c.body)) + c.body)
			answer := make([]byte, 256<<10)
			b.ReportAllocs()
			for b.Loop() {
				exchange(b, conn, request, answer, []byte(c.end))
			}
		})
	}
}

func exchange(b *testing.B, conn net.Conn, request, answer, end []byte) {
	b.Helper()
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
