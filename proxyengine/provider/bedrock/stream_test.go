package bedrock_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"crs/internal/usage"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

func TestAStream(t *testing.T) {
	t.Parallel()
	const metrics = `"amazon-bedrock-invocationMetrics":{"inputTokenCount":3,"outputTokenCount":5,"invocationLatency":9,"firstByteLatency":4}`
	var stream []byte
	for _, data := range []string{
		`{"type":"message_start","message":{"model":"us.anthropic.claude-sonnet-4-5-20250929-v1:0","id":"msg_bdrk_01","usage":{"input_tokens":3,"cache_read_input_tokens":7,"output_tokens":1}}}`,
		`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}`,
		`{"type":"content_block_stop","index":0}`,
		`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}`,
		`{"type":"message_stop", ` + metrics + `}`,
	} {
		stream = append(stream, chunk(t, data)...)
	}
	const want = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"claude-sonnet-4-5-20250929\",\"id\":\"msg_bdrk_01\",\"usage\":{\"input_tokens\":3,\"cache_read_input_tokens\":7,\"output_tokens\":1}}}\n\n" +
		"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n" +
		"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n" +
		"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n" +
		"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":5}}\n\n" +
		"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
	for size := 1; size <= len(stream); size++ {
		r := newStream(t)
		got, err := feed(r, stream, size)
		if err != nil || got != want {
			t.Fatalf("in pieces of %d: %v\n%s\nwant:\n%s", size, err, got, want)
		}
		count := r.End()
		if count.Tokens != (usage.Tokens{Input: 3, Output: 5, CacheRead: 7}) || !count.Complete || count.Model != "claude-sonnet-4-5-20250929" || !r.Complete() || !r.AtBoundary() {
			t.Fatalf("in pieces of %d: %+v", size, count)
		}
	}
	if ct := newStream(t).ContentType(); ct != "text/event-stream; charset=utf-8" {
		t.Errorf("%s", ct)
	}
}

func TestWhatIsChangedInAnEvent(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		`{"type":"message_start","message":{"model":"claude-opus-4-6"}}`:                                                                           `{"type":"message_start","message":{"model":"claude-opus-4-6"}}`,
		`{"type":"message_start","message":{"model":"anthropic.claude-opus-4-6-v1"}}`:                                                              `{"type":"message_start","message":{"model":"claude-opus-4-6"}}`,
		`{"type":"message_start","message":{ "model" : "arn:aws:bedrock:us-east-1:1:p/abc" }}`:                                                     `{"type":"message_start","message":{ "model" : "arn:aws:bedrock:us-east-1:1:p/abc" }}`,
		`{"type":"message_start","message":{"model":"arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0"}}`: `{"type":"message_start","message":{"model":"claude-haiku-4-5-20251001"}}`,
		`{"type":"message_start","message":{"model":7}}`:                                                                                           `{"type":"message_start","message":{"model":7}}`,
		`{"amazon-bedrock-invocationMetrics":{"a":1}, "type":"message_stop"}`:                                                                      `{"type":"message_stop"}`,
		`{"type":"message_stop","amazon-bedrock-invocationMetrics":{"a":1},"more":[1]}`:                                                            `{"type":"message_stop","more":[1]}`,
	} {
		r := newStream(t)
		r.Feed(chunk(t, data))
		got, err := r.Output()
		_, line, _ := strings.Cut(string(got), "\ndata: ")
		if err != nil || line != want+"\n\n" {
			t.Errorf("%s:\n%s (%v)\nwant:\n%s", data, line, err, want)
		}
	}
}

func TestAnEscapedSlashInBase64(t *testing.T) {
	t.Parallel()
	encoded := base64.StdEncoding.EncodeToString([]byte(`{"type":"ping","x":"?>?>?>"}`))
	if !strings.Contains(encoded, "/") {
		t.Fatal("the example has no slash")
	}
	r := newStream(t)
	r.Feed(encodeFrame(t, `{"bytes":"`+strings.ReplaceAll(encoded, "/", `\/`)+`"}`, ":message-type", "event", ":event-type", "chunk"))
	if got, err := r.Output(); err != nil || string(got) != "event: ping\ndata: {\"type\":\"ping\",\"x\":\"?>?>?>\"}\n\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestErrorsInAStream(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		frame         []byte
		kind, message string
	}{
		{encodeFrame(t, `{"message":"slow"}`, ":message-type", "exception", ":exception-type", "throttlingException"), "rate_limit_error", "slow"},
		{encodeFrame(t, `{"message":"away"}`, ":message-type", "exception", ":exception-type", "serviceUnavailableException"), "overloaded_error", "away"},
		{encodeFrame(t, `{"message":"late"}`, ":message-type", "exception", ":exception-type", "modelTimeoutException"), "overloaded_error", "late"},
		{encodeFrame(t, `{"message":"bad"}`, ":message-type", "exception", ":exception-type", "validationException"), "invalid_request_error", "bad"},
		{encodeFrame(t, `{"message":"broke","originalStatusCode":500}`, ":message-type", "exception", ":exception-type", "modelStreamErrorException"), "api_error", "broke"},
		{encodeFrame(t, `{}`, ":message-type", "exception", ":exception-type", "internalServerException"), "api_error", "internalServerException"},
		{encodeFrame(t, ``, ":message-type", "error", ":error-code", "ThrottlingException", ":error-message", "too \"fast\""), "rate_limit_error", "too \"fast\""},
		{encodeFrame(t, ``, ":message-type", "error", ":error-code", "InternalFailure"), "api_error", "InternalFailure"},
	} {
		want := fmt.Sprintf(`{"type":"error","error":{"type":%q,"message":%q}}`, c.kind, c.message)
		r := newStream(t)
		got, err := feed(r, c.frame, 1)
		if err != nil || got != "event: error\ndata: "+want+"\n\n" || string(r.Failure()) != want {
			t.Errorf("%s: %q, %v", want, got, err)
		}
	}
}

func TestAnErrorBehindContentIsAnEventToo(t *testing.T) {
	t.Parallel()
	r := newStream(t)
	stream := append(chunk(t, `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}`), fromHex(t, throttlingEx)...)
	got, err := feed(r, stream, len(stream))
	if err != nil || !strings.HasSuffix(got, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"Too many requests\"}}\n\n") || !r.HasContent() || r.Failure() == nil || r.Complete() {
		t.Errorf("%q, %v", got, err)
	}
}

func TestOtherFramesSayNothing(t *testing.T) {
	t.Parallel()
	r := newStream(t)
	r.Feed(encodeFrame(t, `{"a":1}`, ":message-type", "event", ":event-type", "initial-response"))
	if got, err := r.Output(); len(got) > 0 || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAnEventCostsNoMemory(t *testing.T) {
	r := newStream(t)
	frame := chunk(t, `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello, world"}}`)
	half := len(frame) / 2
	turn := func() {
		r.Feed(frame[:half])
		r.Feed(frame[half:])
		r.Feed(frame)
		if out, err := r.Output(); err != nil || len(out) == 0 {
			t.Fatal(err)
		}
	}
	turn()
	if n := testing.AllocsPerRun(100, turn); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// A client that has gone takes nothing any more; the figures are still wanted.
func TestWhatNobodyTakesIsNotKeptForEver(t *testing.T) {
	t.Parallel()
	r := newStream(t)
	frame := chunk(t, `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"`+strings.Repeat("a", 8<<20)+`"}}`)
	for range 5 {
		r.Feed(frame)
	}
	r.Feed(chunk(t, `{"type":"message_delta","delta":{},"usage":{"input_tokens":2,"output_tokens":9}}`))
	r.Feed(chunk(t, `{"type":"message_stop"}`))
	if out, err := r.Output(); out != nil || err == nil {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	if count := r.End(); count.Tokens.Output != 9 || !count.Complete {
		t.Errorf("%+v", count)
	}
}

func TestAnAnswerInJSONPassesAsItIs(t *testing.T) {
	t.Parallel()
	header := provider.Header{{Name: "Content-Type", Value: "application/json"}}
	m := newProvider(t).Meter(&provider.Intent{Service: anthropic.Messages}, newAccount(), header)
	if _, reshaped := m.(provider.Transformer); reshaped {
		t.Fatal("it is reshaped")
	}
	m.Feed([]byte(`{"type":"message","model":"claude-opus-4-6","usage":{"input_tokens":3,"output_tokens":5}}`))
	if count := m.End(); count.Tokens != (usage.Tokens{Input: 3, Output: 5}) || count.Model != "claude-opus-4-6" || !count.Complete {
		t.Errorf("%+v", count)
	}
}

func TestACountIsSaidInAnthropicsWords(t *testing.T) {
	t.Parallel()
	header := provider.Header{{Name: "Content-Type", Value: "application/json"}}
	for answer, want := range map[string]string{
		`{"inputTokens":42}`: `{"input_tokens":42}`, "{ \"inputTokens\" : 0 }\n": `{"input_tokens":0}`,
		`{"inputTokens":`: "", `{"input_tokens":42}`: "", ``: "", `{"inputTokens":"42"}`: "",
	} {
		r, ok := newProvider(t).Meter(&provider.Intent{Service: anthropic.CountTokens, Free: true}, newAccount(), header).(provider.Transformer)
		if !ok {
			t.Fatal("a count is not reshaped")
		}
		got, err := feed(r, []byte(answer), 3)
		if got != want || (err == nil) != (want != "") || r.Complete() != (want != "") || r.AtBoundary() || r.ContentType() != "application/json" {
			t.Errorf("%s: %q, %v", answer, got, err)
		}
	}
}

func BenchmarkStream(b *testing.B) {
	frame := chunk(b, `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello, world"}}`)
	frames := bytes.Repeat(frame, 8)
	r := newStream(b)
	b.SetBytes(int64(len(frames)))
	b.ReportAllocs()
	for b.Loop() {
		r.Feed(frames)
		if _, err := r.Output(); err != nil {
			b.Fatal(err)
		}
	}
}
