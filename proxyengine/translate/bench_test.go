package translate_test

import (
	"encoding/json"
	"strings"
	"testing"

	"crs/proxyengine/provider"
)

// BenchmarkRequest translates a long conversation: 100 calls with results of 8 KB each, and 20 tools.
func BenchmarkRequest(b *testing.B) {
	text, _ := json.Marshal(strings.Repeat("\tif err != nil { return \"x\", err }\n", 240))
	chat := `{"model":"m","messages":[{"role":"user","content":"go"}`
	native := chat
	for range 100 {
		chat += `,{"role":"assistant","content":"so","tool_calls":[{"id":"toolu_01A","type":"function","function":{"name":"Read","arguments":"{\"path\":\"/a\"}"}}]},{"role":"tool","tool_call_id":"toolu_01A","content":` + string(text) + `}`
		native += `,{"role":"assistant","content":[{"type":"text","text":"so"},{"type":"tool_use","id":"toolu_01A","name":"Read","input":{"path":"/a"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_01A","content":` + string(text) + `}]}`
	}
	for _, pair := range []string{"chat-messages", "chat-generate", "messages-chat", "messages-responses", "messages-generate"} {
		from, to, _ := strings.Cut(pair, "-")
		body := []byte(chat + `]}`)
		if from == "messages" {
			body = []byte(native + `]}`)
		}
		p := codec(b, services[from], services[to])
		b.Run(pair, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := p.Request(&provider.Inbound{Body: body}, &provider.Intent{Model: "m"}, "claude-opus-5"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEvent gives the time of one piece of text.
func BenchmarkEvent(b *testing.B) {
	a := codec(b, services["chat"], services["messages"]).Answer(&provider.Intent{Model: "m", Stream: true}, &provider.Intent{})
	out := make([]byte, 0, 4096)
	if _, err := a.Feed(out, []byte("data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\"}}\n\n")); err != nil {
		b.Fatal(err)
	}
	event := []byte("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello world\"}}\n\n")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Feed(out, event); err != nil {
			b.Fatal(err)
		}
	}
}
