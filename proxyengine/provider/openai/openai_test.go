package openai_test

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/lab/providertest"
	protocol "crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/openai"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newProvider(t *testing.T) *openai.Provider {
	t.Helper()
	p, err := openai.New(openai.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func key(change ...func(*account.Account)) *account.Account {
	a := &account.Account{Name: "k", Platform: openai.API, Credential: account.Credential{Kind: account.APIKey, Secret: secret.New("sk-1")}}
	for _, c := range change {
		c(a)
	}
	return a
}

func at(base string) func(*account.Account) { return func(a *account.Account) { a.BaseURL = base } }

func codex(change ...func(*account.Account)) *account.Account {
	a := &account.Account{Name: "s", Platform: openai.Subscription, Options: map[string]string{"account_id": "acct-1", "plan": "plus"}, Credential: account.Credential{
		Kind: account.OAuth, Secret: secret.New("at-1"), Refresh: secret.New("rt-1"), ExpiresAt: now.Add(time.Hour), Generation: 4,
	}}
	for _, c := range change {
		c(a)
	}
	return a
}

// jwt makes a token with these claims.
func jwt(claims string) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"none"}`)) + "." + enc([]byte(claims)) + "." + enc([]byte("x"))
}

func prepare(t *testing.T, service string, in *provider.Inbound, acc *account.Account) string {
	t.Helper()
	want, err := protocol.Protocol{}.Inspect(service, in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := newProvider(t).Prepare(in, &want, acc)
	if err != nil {
		t.Fatal(err)
	}
	return providertest.Render(out)
}

// fromCodex is what Codex 0.169 sends (protocols.md, H.6).
func fromCodex() provider.Header {
	return provider.Header{
		{Name: "originator", Value: "codex_exec"}, {Name: "user-agent", Value: "codex_exec/0.169.0 (Debian; x86_64)"}, {Name: "accept", Value: "text/event-stream"},
		{Name: "session-id", Value: "u"}, {Name: "thread-id", Value: "u"}, {Name: "x-client-request-id", Value: "u"}, {Name: "x-codex-window-id", Value: "w"},
		{Name: "content-type", Value: "application/json"}, {Name: "x-internal-team", Value: "secret project"}, {Name: "chatgpt-account-id", Value: "theirs"},
	}
}

const forwarded = "originator: codex_exec\nuser-agent: codex_exec/0.169.0 (Debian; x86_64)\naccept: text/event-stream\nsession-id: u\nthread-id: u\n" +
	"x-client-request-id: u\nx-codex-window-id: w\ncontent-type: application/json\naccept-encoding: identity\n"

func TestABaseURLMayNameTheVersionOrNot(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"":                               "https://api.openai.com/v1/",
		"https://api.openai.com":         "https://api.openai.com/v1/",
		"https://api.openai.com/v1":      "https://api.openai.com/v1/",
		"https://api.openai.com/v1/":     "https://api.openai.com/v1/",
		"https://openrouter.ai/api/v1":   "https://openrouter.ai/api/v1/",
		"https://g.example:8443/openai":  "https://g.example:8443/openai/v1/",
		"https://z.example/api/paas/v4":  "https://z.example/api/paas/v4/",
		"http://g.example/v1beta/openai": "http://g.example/v1beta/openai/",
		"https://g.example/v1/responses": "https://g.example/v1/",
		"https://g.example/valley":       "https://g.example/valley/v1/",
	} {
		for service, path := range map[string]string{
			protocol.Responses: "responses", protocol.Compact: "responses/compact", protocol.Chat: "chat/completions", protocol.Completions: "completions",
			protocol.Embeddings: "embeddings", protocol.Images: "images/variations",
		} {
			in := &provider.Inbound{Path: "/v1/images/variations", Body: []byte(`{"model":"m","messages":[],"input":""}`)}
			if got, _, _ := strings.Cut(prepare(t, service, in, key(at(base))), "\n"); got != "POST "+want+path {
				t.Errorf("%q, %s: %s", base, service, got)
			}
		}
	}
	if _, err := newProvider(t).Prepare(&provider.Inbound{}, &provider.Intent{}, key(at("ftp://x"))); err == nil || !strings.Contains(err.Error(), "account k") {
		t.Errorf("%v", err)
	}
}

func TestWhatThePlatformsServe(t *testing.T) {
	t.Parallel()
	platforms := newProvider(t).Platforms()
	if names := slices.Sorted(maps.Keys(platforms)); !slices.Equal(names, []string{"openai", "openai-responses"}) {
		t.Fatalf("%v", names)
	}
	own, api := platforms["openai"], platforms["openai-responses"]
	if !slices.Equal(own.Services, []string{"openai/responses", "openai/responses/compact", "openai/images"}) || own.OwnClient != "codex" ||
		own.Translated["anthropic/messages"].To != "openai/responses" || own.Permission != "openai" || own.Catalog != "openai" {
		t.Errorf("%+v", own)
	}
	if !slices.Equal(api.Services, []string{"openai/responses", "openai/responses/compact", "openai/chat", "openai/completions", "openai/embeddings", "openai/images"}) ||
		api.OwnClient != "" || api.Translated["anthropic/messages"].To != "openai/chat" || api.Permission != "openai" || !slices.Contains(api.Foreign, "claude-*") {
		t.Errorf("%+v", api)
	}
	m := newProvider(t).Meter(&provider.Intent{Service: protocol.Chat, HideUsage: true}, key(), provider.Header{{Name: "content-type", Value: "text/event-stream"}})
	if _, is := m.(provider.Transformer); !is {
		t.Errorf("%T", m)
	}
}

func TestAddressesAndOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, o := range []openai.Options{
		{APIURL: "ftp://x"}, {TokenURL: "https://user:hush@x"}, {ChatGPTURL: "https://x?y=z"}, {AuthURL: "x"}, {DeviceURL: "https://"},
	} {
		if _, err := openai.New(o); err == nil || strings.Contains(err.Error(), "hush") || !strings.Contains(err.Error(), "providers.openai.") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	p := newProvider(t)
	for says, acc := range map[string]*account.Account{
		"openai-responses for an API key": codex(func(a *account.Account) { a.Credential.Kind = account.APIKey }),
		"account_id":                      codex(func(a *account.Account) { a.Options = nil }),
		"takes an API key":                key(func(a *account.Account) { a.Credential.Kind = account.OAuth }),
		"option project":                  key(func(a *account.Account) { a.Options = map[string]string{"project": "a\r\nx: y"} }),
	} {
		if err := p.Check(acc); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	for _, acc := range []*account.Account{key(), codex()} {
		if err := p.Check(acc); err != nil {
			t.Error(err)
		}
	}
}

func TestATrialCostsNextToNothing(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	for want, c := range map[string]struct {
		acc   *account.Account
		model string
	}{
		"GET https://api.openai.com/v1/models\n":                               {key(), ""},
		"GET https://g.example/v1/models\n":                                    {key(at("https://g.example/v1")), ""},
		"GET https://chatgpt.com/backend-api/wham/usage\n":                     {codex(), "gpt-5.5"},
		"GET http://127.0.0.1:9/wham/usage\n":                                  {codex(at("http://127.0.0.1:9/")), ""},
		"POST https://api.openai.com/v1/chat/completions\n":                    {key(), "gpt-5.5"},
		"POST https://mapped.example/v1/chat/completions\n":                    {key(at("https://mapped.example"), func(a *account.Account) { a.Map = map[string]string{"gpt-5.5": "other"} }), "gpt-5.5"},
		"GET https://g.example/a/v1/models\nuser-agent: crs\naccept: applicat": {key(at("https://g.example/a")), ""},
	} {
		out, asked, err := p.TestRequest(c.acc, c.model)
		if err != nil {
			t.Fatal(err)
		}
		text := providertest.Render(out)
		if !strings.HasPrefix(text, want) || !strings.Contains(text, "authorization: Bearer ") || strings.Contains(text, "codex_") {
			t.Errorf("%s", text)
		}
		if post := strings.HasPrefix(want, "POST"); post != (asked != "") || post && asked != c.acc.Upstream(c.model) || post && !strings.Contains(text, `"model":"`+asked+`"`) {
			t.Errorf("%s asked for %q", text, asked)
		}
	}
}
