package simulator_test

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkOpenAI are answers in OpenAI's protocols over one kept connection, client included: JSON, and streams of 50
// content events.
func BenchmarkOpenAI(b *testing.B) {
	text := strings.Repeat(`one line of code\n`, 4<<10/18)
	chat := `{"model":"gpt-5.5","messages":[{"role":"user","content":"` + text + `"}]`
	response := `{"model":"gpt-5.5","store":false,"input":[{"role":"user","content":"` + text + `"}]`
	for _, c := range []struct{ name, path, body, end string }{
		{"chat", "/v1/chat/completions", chat + "}", "}}}"},
		{"chatStream", "/v1/chat/completions", chat + `,"stream":true}`, "\r\n0\r\n\r\n"},
		{"responses", "/v1/responses", response + "}", "}}"},
		{"responsesStream", "/v1/responses", response + `,"stream":true}`, "\r\n0\r\n\r\n"},
		{"codexStream", "/backend-api/codex/responses", response + `,"stream":true}`, "\r\n0\r\n\r\n"},
		{"azureStream", "/openai/deployments/d/chat/completions?api-version=1", chat + `,"stream":true}`, "\r\n0\r\n\r\n"},
	} {
		b.Run(c.name, func(b *testing.B) {
			benchmarkRequest(b, "loop:ok(events=50)", fmt.Sprintf("POST %s HTTP/1.1\r\nHost: s\r\nAuthorization: Bearer sk-a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
				c.path, len(c.body), c.body), []byte(c.end))
		})
	}
}
