package openai_test

import (
	"errors"
	"strings"
	"testing"

	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

func inspect(service, body string, header ...provider.Field) (provider.Intent, error) {
	return openai.Protocol{}.Inspect(service, &provider.Inbound{Body: []byte(body), Header: header})
}

func field(name, value string) provider.Field { return provider.Field{Name: name, Value: value} }

func TestACodexRequestIsReadForWhatTheRelayMustKnow(t *testing.T) {
	t.Parallel()
	body := `{"model" : "gpt-5.5[1m]","instructions":"You are Codex","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"a \"model\": trap"}]}],` +
		`"store":false,"stream":true,"include":["reasoning.encrypted_content"],"max_output_tokens":64,"prompt_cache_key":"cache"}`
	got, err := inspect(openai.Responses, body,
		field("User-Agent", "codex_exec/0.169.0 (Debian; x86_64) xterm"), field("Originator", "codex_exec"), field("Session-Id", "0199-uuid"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Service != openai.Responses || got.Model != "gpt-5.5[1m]" || got.Family != "gpt-5.5" || !got.Stream || got.MaxTokens != 64 ||
		got.Client != openai.CodexCLI || got.Session != "0199-uuid" || got.Hard || got.HideUsage || got.PromptTokens != int64(len(body))/4 {
		t.Errorf("%+v", got)
	}
	if at := body[got.ModelAt : got.ModelAt+got.ModelLen]; at != `"gpt-5.5[1m]"` {
		t.Errorf("the model stands at %q", at)
	}
}

func TestARequestThatMakesNoSenseIsRefusedWithAReason(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{openai.Chat, ``, "invalid JSON"},
		{openai.Chat, `[]`, "invalid JSON"},
		{openai.Chat, `{"model":"m","messages":[]`, "invalid JSON"},
		{openai.Chat, `{"model":"m","messages":[]} trail`, "invalid JSON"},
		{openai.Chat, `{"messages":[]}`, "Missing required parameter: 'model'."},
		{openai.Responses, `{"input":"hi"}`, "Missing required parameter: 'model'."},
		{openai.Chat, `{"model":"","messages":[]}`, "Invalid value for 'model'"},
		{openai.Chat, `{"model":7,"messages":[]}`, "Invalid type for 'model'"},
		{openai.Images, `{"model":null}`, "Invalid type for 'model'"},
		{openai.Chat, `{"model":"m"}`, "Missing required parameter: 'messages'."},
		{openai.Embeddings, `{"model":"m"}`, "Missing required parameter: 'input'."},
		{openai.Responses, `{"model":"m","stream":"yes"}`, "Invalid type for 'stream'"},
		{openai.Responses, `{"model":"a","model":"b"}`, "Duplicate parameter: 'model'."},
		{openai.Responses, `{"model":"a","m\u006fdel":"b"}`, "Duplicate parameter: 'model'."},
		{openai.Responses, `{"model":"a","\u0073tream":"true"}`, "Invalid type for 'stream'"},
		{openai.Responses, `{"model":"a","\ud":1}`, "not valid JSON"},
		{openai.Chat, `{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":false,"include_us\u0061ge":true}}`, "Duplicate parameter: 'stream_options.include_usage'."},
	} {
		_, err := inspect(c[0], c[1])
		var f *provider.Fault
		if !errors.As(err, &f) || f.Status != 400 || f.Kind != provider.BadRequest || !strings.Contains(f.Message, c[2]) {
			t.Errorf("%s: %v, want %q", c[1], err, c[2])
		}
	}
}

func TestTheModelCanStandElsewhere(t *testing.T) {
	t.Parallel()
	got, err := openai.Protocol{Part: openai.AzurePaths}.Inspect(openai.Chat, &provider.Inbound{Param: "my-gpt", Body: []byte(`{"messages":[]}`)})
	if err != nil || got.Model != "my-gpt" || got.ModelLen != 0 {
		t.Errorf("a deployment in the path: %+v, %v", got, err)
	}
	got, err = openai.Protocol{}.Inspect(openai.Chat, &provider.Inbound{Param: "my-gpt", Body: []byte(`{"messages":[],"model":"gpt-5.5"}`)})
	if err != nil || got.Model != "gpt-5.5" {
		t.Errorf("the body's own: %+v, %v", got, err)
	}
	if got, err = inspect(openai.Images, `{"prompt":"a cat"}`); err != nil || got.Model != "gpt-image-1" || got.ModelLen != 0 {
		t.Errorf("an image: %+v, %v", got, err)
	}
}

func TestBoundsOnAnAnswer(t *testing.T) {
	t.Parallel()
	for rest, want := range map[string]int64{
		`"max_completion_tokens":7,"max_tokens":9`: 7, `"max_tokens":9`: 9, `"max_output_tokens":5`: 5, `"max_tokens":null`: 0, `"max_tokens":-3`: 0,
		`"max_completion_tokens":null,"max_tokens":4`: 4, `"stream":null`: 0,
	} {
		if got, err := inspect(openai.Chat, `{"model":"m","messages":[],`+rest+`}`); err != nil || got.MaxTokens != want || got.Stream {
			t.Errorf("%s: %+v, %v", rest, got, err)
		}
	}
}

func TestFiguresAreHiddenFromWhoDidNotAsk(t *testing.T) {
	t.Parallel()
	for rest, want := range map[string]bool{
		`"stream":true`: true, `"stream":false`: false, `"n":1`: false,
		`"stream":true,"stream_options":null`:                                           true,
		`"stream":true,"stream_options":{}`:                                             true,
		`"stream":true,"stream_options":{"include_usage":false}`:                        true,
		`"stream":true,"stream_options":{"include_usage":true}`:                         false,
		`"stream":true,"stream_options":{"include_obfuscation":false}`:                  true,
		`"stream":true,"stream_options":"include_usage"`:                                false,
		`"stream":true,"stream_options":{"include_usage":"x"}`:                          false,
		`"stream":true,"str\u0065am_options":{"include_\u0075sage":true}`:               false,
		`"stream":true,"metadata":{"stream_options":{"include_usage":true}}`:            true,
		`"stream":true,"stream_options":{"x":{"include_usage":true}}`:                   true,
		`"stream":true,"stream_options":{"include_usage":null,"include_obfuscation":1}`: true,
	} {
		for _, service := range []string{openai.Chat, openai.Completions, openai.Responses} {
			got, err := inspect(service, `{"model":"m","messages":[],`+rest+`}`)
			if err != nil || got.HideUsage != (want && service != openai.Responses) {
				t.Errorf("%s, %s: %v, %v", service, rest, got.HideUsage, err)
			}
		}
	}
}

func TestCodexIsRecognised(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"codex_exec/0.169.0 (Debian; x86_64)", "codex_exec", openai.CodexCLI},
		{"codex_cli_rs/0.50.0 (Mac OS 15; arm64) iTerm", "codex_cli_rs", openai.CodexCLI},
		{"Codex Desktop/1.2.3 (Windows)", "Codex Desktop", openai.CodexCLI},
		{"codex-tui/0.170.0-alpha.1", "codex-tui", openai.CodexCLI},
		{"codex_exec/0.169.0", "", ""},
		{"codex_exec/0.169.0", "codex_cli_rs", ""},
		{"codex_exec", "codex_exec", ""},
		{"codex_exec/", "codex_exec", ""},
		{"codex_exec/x", "codex_exec", ""},
		{"codex_other/1.0", "codex_other", ""},
		{"curl/8.0", "curl", ""},
		{"", "", ""},
	} {
		if got := openai.Client(provider.Header{field("user-agent", c[0]), field("originator", c[1])}); got != c[2] {
			t.Errorf("%q with %q: %q", c[0], c[1], got)
		}
	}
}

func FuzzInspectNeverPanics(f *testing.F) {
	f.Add(`{"model":"gpt-5.5","input":[{"role":"user","content":"hi"},{"type":"reasoning","encrypted_content":"x"}],"stream":true}`, uint8(0))
	f.Add(`{"model":"gpt-5.5","messages":[{"role":"system","content":"a\\"},{"role":"user","content":[]}],"stream":true,"stream_options":{ "include_usage" : false}}`, uint8(1))
	services := []string{openai.Responses, openai.Chat, openai.Completions, openai.Embeddings, openai.Images, openai.Compact}
	f.Fuzz(func(t *testing.T, body string, which uint8) {
		in := &provider.Inbound{Body: []byte(body)}
		got, err := openai.Protocol{}.Inspect(services[int(which)%len(services)], in)
		if err != nil {
			return
		}
		if got.Model == "" || got.ModelLen > 0 && (got.ModelAt <= 0 || got.ModelAt+got.ModelLen > len(body)) {
			t.Errorf("%q: %+v", body, got)
		}
		again(t, in, &got)
	})
}
