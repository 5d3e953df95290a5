package openai_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

func body(t *testing.T, service, text, name string) string {
	t.Helper()
	in := &provider.Inbound{Body: []byte(text)}
	want, err := openai.Protocol{}.Inspect(service, in)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := openai.Body(in, &want, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.Join(parts, nil))
}

func TestABodyIsChangedWhereItMustAndNowhereElse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, service, in, model, want string }{
		{"nothing", openai.Responses, `{ "model": "a" , "input":"x"}`, "", `{ "model": "a" , "input":"x"}`},
		{"the same model", openai.Responses, `{"mod\u0065l":"\u0061"}`, "a", `{"mod\u0065l":"\u0061"}`},
		{"another model", openai.Responses, `{ "model" : "a" ,"input":"x"}`, `v/"b"`, `{ "model" : "v/\"b\"" ,"input":"x"}`},
		{"no model", openai.Images, ` { "prompt":"x"}`, "b", ` {"model":"b", "prompt":"x"}`},
		{"no model and nothing else", openai.Images, `{ }`, "b", `{"model":"b" }`},
		{"figures", openai.Chat, `{ "model":"a","messages":[],"stream":true}`, "", `{"stream_options":{"include_usage":true}, "model":"a","messages":[],"stream":true}`},
		{"figures, null", openai.Chat, `{"model":"a","messages":[],"stream_options": null ,"stream":true}`, "a", `{"model":"a","messages":[],"stream_options": {"include_usage":true} ,"stream":true}`},
		{"figures, empty", openai.Chat, `{"model":"a","messages":[],"stream_options":{ },"stream":true}`, "a", `{"model":"a","messages":[],"stream_options":{"include_usage":true },"stream":true}`},
		{"figures, others", openai.Chat, `{"model":"a","messages":[],"stream_options":{ "x":1},"stream":true}`, "a", `{"model":"a","messages":[],"stream_options":{"include_usage":true, "x":1},"stream":true}`},
		{"figures, refused", openai.Chat, `{"model":"a","messages":[],"stream_options":{"x":1,"include_usage": false},"stream":true}`, "a", `{"model":"a","messages":[],"stream_options":{"x":1,"include_usage": true},"stream":true}`},
		{"figures asked for", openai.Chat, `{"model":"a","messages":[],"stream_options":{"include_usage":true},"stream":true}`, "a", `{"model":"a","messages":[],"stream_options":{"include_usage":true},"stream":true}`},
		{"both", openai.Completions, `{"stream":true,"model":"a","prompt":"x"}`, "b", `{"stream_options":{"include_usage":true},"stream":true,"model":"b","prompt":"x"}`},
		{"both, the other way", openai.Completions, `{"stream":true,"model":"a","stream_options":{}}`, "b", `{"stream":true,"model":"b","stream_options":{"include_usage":true}}`},
		{"both, in front", openai.Completions, `{"stream":true,"stream_options":null,"model":"a"}`, "b", `{"stream":true,"stream_options":{"include_usage":true},"model":"b"}`},
	} {
		if got := body(t, c.service, c.in, c.model); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestAnUnchangedBodyIsTheClientsOwnBytes(t *testing.T) {
	t.Parallel()
	in := &provider.Inbound{Body: []byte(`{"model":"m"}`)}
	parts, err := openai.Body(in, &provider.Intent{Service: openai.Responses, Model: "m", ModelAt: 9, ModelLen: 3}, "m")
	if err != nil || len(parts) != 1 || &parts[0][0] != &in.Body[0] {
		t.Errorf("the body was copied (%v)", err)
	}
}

func TestADeploymentInThePathGetsIntoTheBody(t *testing.T) {
	t.Parallel()
	in := &provider.Inbound{Param: "d", Body: []byte(`{"messages":[],"stream":true}`)}
	want, err := openai.Protocol{}.Inspect(openai.Chat, in)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := openai.Body(in, &want, "d")
	const wanted = `{"model":"d","stream_options":{"include_usage":true},"messages":[],"stream":true}`
	if got := string(bytes.Join(parts, nil)); err != nil || got != wanted {
		t.Errorf("%s (%v)", got, err)
	}
}

// again checks that what Body writes says what was wanted, and otherwise what the client wrote.
func again(t *testing.T, in *provider.Inbound, want *provider.Intent) {
	t.Helper()
	if !json.Valid(in.Body) {
		return // jsonscan reads framing only; so does the splice
	}
	parts, err := openai.Body(in, want, "other")
	if err != nil {
		t.Fatal(err)
	}
	text := bytes.Join(parts, nil)
	fresh, err := openai.Protocol{}.Inspect(want.Service, &provider.Inbound{Body: text, Header: in.Header})
	if err != nil || !json.Valid(text) || fresh.Model != "other" || fresh.HideUsage || fresh.Stream != want.Stream {
		t.Errorf("%q became %q: %+v, %v", in.Body, text, fresh, err)
	}
}

func TestHeadersGoUpstreamWhenTheProtocolKnowsThem(t *testing.T) {
	t.Parallel()
	got := openai.Header(provider.Header{
		field("Accept", "text/event-stream"), field("User-Agent", "codex_exec/1"), field("Originator", "codex_exec"), field("Session-Id", "s"),
		field("X-Codex-Turn-Metadata", "{}"), field("X-OpenAI-Subagent", "review"), field("OpenAI-Beta", "responses=experimental"),
		field("OpenAI-Organization", "org-client"), field("openai-project", "proj"), field("chatgpt-account-id", "theirs"), field("X-Stainless-Lang", "js"),
		field("Idempotency-Key", "k"), field("X-Internal-Team", "secret project"), field("Content-Encoding", "zstd"), field("x-codex-", "empty name"),
	})
	names := ""
	for _, f := range got {
		names += f.Name + ": " + f.Value + "\n"
	}
	const want = "Accept: text/event-stream\nUser-Agent: codex_exec/1\nOriginator: codex_exec\nSession-Id: s\nX-Codex-Turn-Metadata: {}\n" +
		"X-OpenAI-Subagent: review\nOpenAI-Beta: responses=experimental\nX-Stainless-Lang: js\nIdempotency-Key: k\n" +
		"content-type: application/json\naccept-encoding: identity\n"
	if names != want {
		t.Errorf("%s", names)
	}
}
