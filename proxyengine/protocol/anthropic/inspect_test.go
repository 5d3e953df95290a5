package anthropic_test

import (
	"errors"
	"strings"
	"testing"

	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

func inspect(body string, header ...provider.Field) (provider.Intent, error) {
	return anthropic.Protocol{}.Inspect(anthropic.Messages, &provider.Inbound{Body: []byte(body), Header: header})
}

func TestARequestIsReadForWhatTheRelayMustKnow(t *testing.T) {
	t.Parallel()
	body := `{"model" : "claude-opus-4-8[1m]","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"a \"model\": trap"}],"metadata":{"user_id":"x"}}`
	got, err := inspect(body, provider.Field{Name: "User-Agent", Value: "claude-cli/2.1.197 (external, sdk-cli)"}, provider.Field{Name: "X-App", Value: "cli"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Model != "claude-opus-4-8[1m]" || got.Family != "opus" || !got.Stream || got.MaxTokens != 64 || got.Client != anthropic.ClaudeCode || got.Background || got.Free {
		t.Errorf("%+v", got)
	}
	if at := body[got.ModelAt : got.ModelAt+got.ModelLen]; at != `"claude-opus-4-8[1m]"` {
		t.Errorf("the model stands at %q", at)
	}
}

func TestARequestThatMakesNoSenseIsRefusedWithAReason(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		``:                                  "invalid JSON",
		`[]`:                                "invalid JSON",
		`{"model":"m","messages":[]`:        "invalid JSON",
		`{"model":"m","messages":[]} trail`: "invalid JSON",
		`{"messages":[]}`:                   "model: Field required",
		`{"model":"","messages":[]}`:        "model: Input should be",
		`{"model":7,"messages":[]}`:         "model: Input should be",
		`{"model":"m"}`:                     "messages: Field required",
		`{"model":"m","messages":[],"stream":"yes"}`:       "stream: Input should be",
		`{"model":"a","messages":[],"model":"b"}`:          "model: it is there twice",
		`{"model":"a","messages":[],"m\u006fdel":"b"}`:     "model: it is there twice",
		`{"model":"a","messages":[],"\u0073tream":"true"}`: "stream: Input should be",
	} {
		_, err := inspect(body)
		var f *provider.Fault
		if !errors.As(err, &f) || f.Status != 400 || f.Kind != provider.BadRequest || !strings.Contains(f.Message, says) {
			t.Errorf("%s: %v, want %q", body, err, says)
		}
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	const uuid = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
	old := "user_" + strings.Repeat("a", 64) + "_account__session_" + uuid
	newer := `{\"device_id\":\"` + strings.Repeat("a", 64) + `\",\"account_uuid\":\"\",\"session_id\":\"` + uuid + `\"}`
	session := func(rest string, header ...provider.Field) string {
		t.Helper()
		got, err := inspect(`{"model":"m",`+rest+`}`, header...)
		if err != nil {
			t.Fatal(err)
		}
		return got.Session
	}
	const hello = `"messages":[{"role":"user","content":"hello"}]`
	if got := session(`"metadata":{"user_id":"` + old + `"},` + hello); got != uuid {
		t.Errorf("the old form: %q", got)
	}
	if got := session(`"metadata":{"user_id":"` + newer + `"},` + hello); got != uuid {
		t.Errorf("the newer form: %q", got)
	}
	if got := session(`"metadata":{"user_id":"`+old+`"},`+hello, provider.Field{Name: "X-Claude-Code-Session-Id", Value: "other"}); got != "other" {
		t.Errorf("the header: %q", got)
	}

	same := [][2]string{
		{ // what is cached decides, not the rest of the system prompt
			`"system":[{"type":"text","text":"varies 1"},{"type":"text","text":"fixed","cache_control":{"type":"ephemeral"}}],` + hello,
			`"system":[{"type":"text","text":"varies 2"},{"type":"text","text":"fixed","cache_control":{"type":"ephemeral"}}],` + hello,
		},
		{`"system":"you are",` + hello, `"system":"you are","messages":[{"role":"user","content":"another"}]`},
		{hello, `"messages":[{"role":"user","content":"hello"},{"role":"assistant","content":"hi"}]`},
		{`"metadata":{"user_id":"somebody"},` + hello, hello},
	}
	for _, pair := range same {
		if a, b := session(pair[0]), session(pair[1]); a != b || a == "" {
			t.Errorf("%s is in %q\n%s is in %q", pair[0], a, pair[1], b)
		}
	}
	if a, b := session(hello), session(`"messages":[{"role":"user","content":"bye"}]`); a == b {
		t.Error("two conversations are taken for one")
	}
	if got := session(`"messages":[]`); got != "" {
		t.Errorf("nothing to go by gave %q", got)
	}
}

func TestClaudeCodeIsRecognised(t *testing.T) {
	t.Parallel()
	for agent, c := range map[string]struct{ app, want string }{
		"claude-cli/2.1.197 (external, sdk-cli)":                       {"cli", anthropic.ClaudeCode},
		"claude-cli/2.1.80 (external, claude-vscode, agent-sdk/0.1.0)": {"cli-bg", anthropic.ClaudeCode},
		"claude-cli/2.1.197":                                           {"cli", ""},
		"claude-cli/2.1.1 (external, cli)":                             {"", ""},
		"curl/8.0":                                                     {"cli", ""},
		"":                                                             {"", ""},
	} {
		if got := anthropic.Client(provider.Header{{Name: "user-agent", Value: agent}, {Name: "x-app", Value: c.app}}); got != c.want {
			t.Errorf("%q with %q: %q", agent, c.app, got)
		}
	}
}

func TestFaultsAreSaidInTheProtocol(t *testing.T) {
	t.Parallel()
	f := &provider.Fault{Status: 429, Kind: provider.RateLimited, Message: `too "many"`, Request: "req_1"}
	contentType, body := anthropic.Protocol{}.Fault(f)
	const want = `{"type":"error","error":{"type":"rate_limit_error","message":"too \"many\""},"request_id":"req_1"}`
	if contentType != "application/json" || string(body) != want {
		t.Errorf("%s: %s", contentType, body)
	}
	if got := string(anthropic.Protocol{}.FaultEvent(f)); got != "event: error\ndata: "+want+"\n\n" {
		t.Errorf("%q", got)
	}
	for k := provider.BadRequest; k <= provider.UpgradeRequired; k++ {
		_, body := anthropic.Protocol{}.Fault(&provider.Fault{Kind: k})
		if strings.Contains(string(body), `"error":{"type":""`) {
			t.Errorf("kind %d has no word", k)
		}
	}
}

func FuzzInspectNeverPanics(f *testing.F) {
	f.Add(`{"model":"claude-opus-4-8","messages":[{"role":"user","content":"hi"}],"system":[{"text":"x","cache_control":{}}],"metadata":{"user_id":"{}"}}`)
	f.Fuzz(func(t *testing.T, body string) {
		got, err := inspect(body)
		if err == nil && (got.Model == "" || got.ModelAt <= 0 || got.ModelAt+got.ModelLen > len(body)) {
			t.Errorf("%q: %+v", body, got)
		}
	})
}
