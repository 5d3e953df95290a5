package proxyengine_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"crs/ctl"
	"crs/internal/bound"
	"crs/lab/crstest"
)

// door is one way in for each protocol and each way to say a model.
type door struct{ path, body string }

// doors have MODEL where the model's name goes, and FIELD where a client may put a member of its own.
func doors() []door {
	const messages = `"messages":[{"role":"user","content":"hi"}]`
	const contents = `"contents":[{"role":"user","parts":[{"text":"hi"}]}]`
	return []door{
		{"/api/v1/messages", `{"model":"MODEL","max_tokens":5,` + messages + `FIELD}`},
		{"/claude/v1/messages/count_tokens", `{"model":"MODEL",` + messages + `FIELD}`},
		{"/droid/claude/v1/messages", `{"model":"MODEL","max_tokens":5,` + messages + `FIELD}`},
		{"/openai/v1/responses", `{"model":"MODEL","input":"hi"FIELD}`},
		{"/openai/responses/compact", `{"model":"MODEL","input":"hi"FIELD}`},
		{"/openai/v1/chat/completions", `{"model":"MODEL",` + messages + `FIELD}`},
		{"/openai/v1/completions", `{"model":"MODEL","prompt":"hi"FIELD}`},
		{"/openai/v1/embeddings", `{"model":"MODEL","input":"hi"FIELD}`},
		{"/openai/v1/images/generations", `{"model":"MODEL","prompt":"hi"FIELD}`},
		{"/api/v1/chat/completions", `{"model":"MODEL",` + messages + `FIELD}`},
		{"/openai/claude/v1/chat/completions", `{"model":"MODEL",` + messages + `FIELD}`},
		{"/openai/gemini/v1/chat/completions", `{"model":"MODEL",` + messages + `FIELD}`},
		{"/azure/openai/deployments/MODEL/chat/completions", `{` + messages + `FIELD}`},
		{"/azure/openai/v1/responses", `{"model":"MODEL","input":"hi"FIELD}`},
		{"/gemini/v1beta/models/MODEL:generateContent", `{` + contents + `FIELD}`},
		{"/gemini/v1beta/models/MODEL:streamGenerateContent?alt=sse", `{` + contents + `FIELD}`},
		{"/gemini/v1internal:generateContent", `{"model":"MODEL","request":{` + contents + `FIELD}}`},
	}
}

func (d door) with(model, field string) (path, body string) {
	fill := strings.NewReplacer("MODEL", model, "FIELD", field)
	return fill.Replace(d.path), fill.Replace(d.body)
}

func knock(b *crstest.Box, t *testing.T, key, path, body string, headers ...string) crstest.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.URL+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-key", key)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return b.Do(req)
}

func everyPlatform(b *crstest.Box) {
	for _, platform := range []string{"claude-console", "bedrock", "openai-responses", "azure-openai", "gemini-api"} {
		b.AccountOn(platform, platform)
	}
}

// TestALongModelNameIsABadRequestInEveryProtocol, and the longest that is allowed is none.
func TestALongModelNameIsABadRequestInEveryProtocol(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	everyPlatform(b)
	key := b.Key("me")
	for _, d := range doors() {
		long := bound.Name + 1
		if !strings.Contains(d.path, "MODEL") {
			long = 2 << 20
		}
		path, body := d.with(strings.Repeat("m", long), "")
		got := knock(b, t, key, path, body)
		if got.Status != http.StatusBadRequest || !strings.Contains(got.Body, "at most 256 bytes") || len(got.Body) > 1000 {
			t.Errorf("%s: %d %.300s (%d bytes)", d.path, got.Status, got.Body, len(got.Body))
		}
		path, body = d.with(strings.Repeat("m", bound.Name), "")
		if got := knock(b, t, key, path, body); strings.Contains(got.Body, "at most 256 bytes") {
			t.Errorf("%s: 256 bytes are too many: %.300s", d.path, got.Body)
		}
	}
	for _, r := range b.Newest(100) {
		if len(r.Model) > bound.Name || len(r.Error) > bound.Message {
			t.Errorf("a record has a model of %d bytes, an error of %d", len(r.Model), len(r.Error))
		}
	}
}

// TestNothingThatAClientSendsIsSaidAgainAtLength: neither to the client, nor in the log, nor in a record.
func TestNothingThatAClientSendsIsSaidAgainAtLength(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	everyPlatform(b)
	key := b.Key("me", func(k *ctl.NewKey) { k.DenyModels = &[]string{"denied-*"} })
	size := 256 << 10
	if testing.Short() {
		size = 96 << 10 // more than is passed on of an upstream's words, too
	}
	huge := strings.Repeat("z", size)
	fields := []string{
		`,"HUGE":1`, `,"model":"HUGE"`, `,"stream":"HUGE"`, `,"max_tokens":"HUGE"`, `,"tools":[{"type":"HUGE"}]`, `,"tools":[{"name":"HUGE","input_schema":1}]`,
		`,"tools":[{"type":"function","function":{"name":"HUGE"}}]`, `,"tool_choice":{"type":"HUGE"}`, `,"metadata":{"user_id":"HUGE"}`, `,"service_tier":"HUGE"`,
		`,"prompt_cache_key":"HUGE"`, `,"session_id":"HUGE"`, `,"user":"HUGE"`, `,"response_format":{"type":"HUGE"}`, `,"stream_options":{"HUGE":1,"include_usage":"HUGE"}`,
		`,"stream":true,"stream_options":{"HUGE":1,"HUGE":2}`,
		`,"system":"HUGE"`, `,"messages":[{"role":"HUGE","content":"hi"}]`, `,"messages":[{"role":"user","content":[{"type":"HUGE"}]}]`,
		`,"generationConfig":{"HUGE":1}`, `,"stop":"HUGE"`, `,"reasoning":{"effort":"HUGE"}`, `,"thinking":{"type":"HUGE"}`,
	}
	for _, d := range doors() {
		for _, model := range []string{"denied-" + strings.Repeat("z", 200), "claude-opus-4-8", "gpt-5.5"} {
			for _, field := range fields {
				before := len(b.Log.String())
				path, body := d.with(model, strings.ReplaceAll(field, "HUGE", huge))
				if got := knock(b, t, key, path, body); got.Status != http.StatusOK && len(got.Body) > 4<<10 {
					t.Errorf("%s with %.40s: %d, %d bytes: %.200s", d.path, field, got.Status, len(got.Body), got.Body)
				}
				if said := len(b.Log.String()) - before; said > 16<<10 {
					t.Errorf("%s with %.40s: the log grew by %d bytes", d.path, field, said)
				}
			}
		}
	}
	b.Idle()
	for _, r := range b.Newest(1000) {
		if n := len(fmt.Sprint(r)); n > 8<<10 {
			t.Errorf("a record of %d bytes: %.300v", n, r)
		}
	}
}

// TestHeadersAreNotKeptAtLength: what a client says of itself, of its conversation and of its request.
func TestHeadersAreNotKeptAtLength(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	everyPlatform(b)
	key := b.Key("me")
	huge := strings.Repeat("h", 6<<10)
	for _, name := range []string{
		"user-agent", "x-app", "x-claude-code-session-id", "session_id", "conversation_id", "x-request-id", "anthropic-beta", "anthropic-version", "originator",
		"x-factory-client", "x-forwarded-for", "x-stainless-lang", "x-goog-api-client", "openai-beta",
	} {
		for _, d := range doors()[:4] {
			before := len(b.Log.String())
			path, body := d.with("claude-opus-4-8", "")
			if got := knock(b, t, key, path, body, name, huge); got.Status == http.StatusRequestHeaderFieldsTooLarge {
				t.Fatalf("%s is not read: %+v", name, got)
			}
			if said := len(b.Log.String()) - before; said > 8<<10 {
				t.Errorf("%s with %s: the log grew by %d bytes", d.path, name, said)
			}
		}
	}
	got := knock(b, t, key, "/api/"+huge, "{}")
	if got.Status != http.StatusNotFound || len(got.Body) > 1000 {
		t.Errorf("a long path: %d, %d bytes", got.Status, len(got.Body))
	}
	b.Idle()
	for _, r := range b.Newest(1000) {
		if n := len(fmt.Sprint(r)); n > 8<<10 || strings.Contains(fmt.Sprint(r), huge[:300]) {
			t.Errorf("a record of %d bytes: %.300v", n, r)
		}
	}
}
