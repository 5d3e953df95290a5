package translate_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/openai/openai-go/v3"
	"github.com/tidwall/gjson"

	"crs/internal/sse"
)

type event struct{ name, data string }

// events reads a stream, which must consist of whole events and nothing else.
func events(t testing.TB, stream string) (all []event) {
	t.Helper()
	s := sse.Scanner{On: func(e sse.Event) { all = append(all, event{string(e.Name), string(e.Data)}) }}
	s.Feed([]byte(stream))
	if !s.AtBoundary() || stream != "" && !strings.HasSuffix(stream, "\n\n") {
		t.Errorf("the stream does not end behind an event: %q", stream)
	}
	for _, e := range all {
		if e.data != "[DONE]" && !json.Valid([]byte(e.data)) {
			t.Errorf("not JSON: %q", e.data)
		}
	}
	return all
}

// wellFormed checks an answer against the rules of the client's protocol, and reports whether it came to an end.
func wellFormed(t testing.TB, service string, stream bool, answer string) (ended bool) {
	t.Helper()
	switch {
	case !stream:
		if !json.Valid([]byte(answer)) {
			t.Errorf("not JSON: %s", answer)
		}
		return true
	case service == services["messages"]:
		return messageStream(t, answer)
	}
	return chatStream(t, answer, service)
}

// messageStream checks the order of Anthropic's events: protocols.md, A.11.
func messageStream(t testing.TB, stream string) (ended bool) {
	t.Helper()
	index, open, state := int64(0), "", "new"
	for _, e := range events(t, stream) {
		v := gjson.Parse(e.data)
		here := v.Get("index").Int() == index
		ok := false
		switch e.name {
		case "message_start":
			ok, state = state == "new", "begun"
		case "content_block_start":
			ok, open = state == "begun" && open == "" && here, v.Get("content_block.type").String()
		case "content_block_delta":
			ok = state == "begun" && here && fitting[v.Get("delta.type").String()] == open
		case "content_block_stop":
			ok, open = state == "begun" && open != "" && here, ""
			index++
		case "message_delta":
			ok, state = state == "begun" && open == "" && v.Get("delta.stop_reason").String() != "", "ending"
		case "message_stop":
			ok, state = state == "ending", "ended"
		case "error":
			ok, state = state != "ended" && state != "ending", "ended"
		}
		if !ok || v.Get("type").String() != e.name {
			t.Fatalf("out of place (%s, %q open, block %d): %s\nin %s", state, open, index, e.data, stream)
		}
	}
	return state == "ended"
}

var fitting = map[string]string{"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "thinking", "input_json_delta": "tool_use"}

// chatStream checks the order of OpenAI's chunks: protocols.md, E.4.
func chatStream(t testing.TB, stream, service string) (ended bool) {
	t.Helper()
	calls, state := int64(0), "new"
	for _, e := range events(t, stream) {
		v := gjson.Parse(e.data)
		choice := v.Get("choices.0")
		switch {
		case state == "ended" || e.name != "":
			t.Fatalf("behind the end: %s", e.data)
		case e.data == "[DONE]" && state != "counted" && state != "finished":
			t.Fatalf("[DONE] when %s", state)
		case e.data == "[DONE]" || v.Get("error").Exists():
			state = "ended"
		case !choice.Exists():
			if state != "finished" || !v.Get("usage.total_tokens").Exists() {
				t.Fatalf("no choice when %s: %s", state, e.data)
			}
			state = "counted"
		case state == "finished" || state == "counted":
			t.Fatalf("behind the last choice: %s", e.data)
		case service == services["chat"] && choice.Get("delta.role").Exists() != (state == "new"):
			t.Fatalf("the role stands in the first chunk: %s", e.data)
		default:
			state = "begun"
			if choice.Get("finish_reason").String() != "" {
				state = "finished"
			}
		}
		for _, call := range choice.Get("delta.tool_calls").Array() {
			if call.Get("id").Exists() {
				calls++
			}
			if call.Get("index").Int() != calls-1 {
				t.Fatalf("call %d has another index: %s", calls, e.data)
			}
		}
	}
	return state == "ended"
}

// sameToSDK reads an answer with the client's own SDK, as a stream and in one piece: both must come to the same.
func sameToSDK(t *testing.T, service, stream, whole string) {
	t.Helper()
	switch service {
	case services["messages"]:
		messageToSDK(t, stream, whole)
	case services["chat"]:
		chatToSDK(t, stream, whole)
	case services["completions"]:
		var c openai.Completion
		if err := json.Unmarshal([]byte(whole), &c); err != nil || c.Object != "text_completion" || len(c.Choices) != 1 {
			t.Errorf("the SDK understands it as %v: %v", c, err)
		}
	}
}

func messageToSDK(t *testing.T, stream, whole string) {
	t.Helper()
	var want, got anthropic.Message
	if err := json.Unmarshal([]byte(whole), &want); err != nil {
		t.Fatalf("the SDK does not understand it: %v: %s", err, whole)
	}
	for _, e := range events(t, stream) {
		var u anthropic.MessageStreamEventUnion
		if err := json.Unmarshal([]byte(e.data), &u); err != nil {
			t.Fatalf("the SDK does not understand it: %v: %s", err, e.data)
		}
		if u.Type == "error" {
			return
		}
		if err := got.Accumulate(u); err != nil {
			t.Fatalf("the SDK cannot add it: %v: %s", err, e.data)
		}
	}
	if got.ID != want.ID || got.StopReason != want.StopReason || got.Usage.InputTokens != want.Usage.InputTokens || got.Usage.OutputTokens != want.Usage.OutputTokens ||
		got.Usage.CacheReadInputTokens != want.Usage.CacheReadInputTokens || got.Usage.CacheCreationInputTokens != want.Usage.CacheCreationInputTokens || len(got.Content) != len(want.Content) {
		t.Fatalf("as a stream it comes to\n%s\nin one piece it is\n%s", got.RawJSON(), whole)
	}
	for i := range got.Content {
		g, w := got.Content[i], want.Content[i]
		unlike := string(g.Input) != string(w.Input) && !strings.Contains(string(w.Input), "INVALID_JSON") // what the SDK makes {} of
		if g.Type != w.Type || g.Text != w.Text || g.Thinking != w.Thinking || g.Signature != w.Signature || g.ID != w.ID || g.Name != w.Name || unlike {
			t.Errorf("block %d is as a stream\n%+v\nin one piece\n%+v", i, g, w)
		}
	}
}

func chatToSDK(t *testing.T, stream, whole string) {
	t.Helper()
	var want openai.ChatCompletion
	if err := json.Unmarshal([]byte(whole), &want); err != nil {
		t.Fatalf("the SDK does not understand it: %v: %s", err, whole)
	}
	got := openai.ChatCompletionAccumulator{}
	for _, e := range events(t, stream) {
		var c openai.ChatCompletionChunk
		if e.data == "[DONE]" {
			break
		}
		if err := json.Unmarshal([]byte(e.data), &c); err != nil {
			t.Fatalf("the SDK does not understand it: %v: %s", err, e.data)
		}
		if c.ID == "" { // an error
			return
		}
		if !got.AddChunk(c) {
			t.Fatalf("the SDK cannot add it: %s", e.data)
		}
	}
	g, w := got.Choices[0], want.Choices[0]
	if got.ID != want.ID || g.FinishReason != w.FinishReason || g.Message.Content != w.Message.Content || len(g.Message.ToolCalls) != len(w.Message.ToolCalls) ||
		got.Usage.TotalTokens != want.Usage.TotalTokens || got.Usage.PromptTokensDetails.CachedTokens != want.Usage.PromptTokensDetails.CachedTokens {
		t.Fatalf("as a stream it comes to\n%+v\nin one piece it is\n%s", got.ChatCompletion, whole)
	}
	for i := range g.Message.ToolCalls {
		a, b := g.Message.ToolCalls[i], w.Message.ToolCalls[i]
		if a.ID != b.ID || a.Function.Name != b.Function.Name || a.Function.Arguments != b.Function.Arguments {
			t.Errorf("call %d is as a stream\n%+v\nin one piece\n%+v", i, a, b)
		}
	}
}
