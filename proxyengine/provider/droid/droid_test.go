package droid_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/lab/providertest"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/droid"
)

var (
	_ provider.Provider = (*droid.Provider)(nil)
	_ provider.Checker  = (*droid.Provider)(nil)
	_ provider.Tester   = (*droid.Provider)(nil)
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func newProvider(t *testing.T) *droid.Provider {
	t.Helper()
	p, err := droid.New(droid.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func withKey(key string) *account.Account {
	return &account.Account{Name: "k", Platform: droid.Platform, Credential: account.Credential{Kind: account.APIKey, Secret: secret.New(key)}}
}

func loggedIn() *account.Account {
	return &account.Account{Name: "o", Platform: droid.Platform, Options: map[string]string{"organization_id": "org_1"}, Credential: account.Credential{
		Kind: account.OAuth, Secret: secret.New("access-1"), Refresh: secret.New("refresh-1"), ExpiresAt: now.Add(time.Hour), Generation: 4,
	}}
}

func TestVendors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ service, model, vendor string }{
		{anthropic.Messages, "glm-4.6", "anthropic"}, {openai.Responses, "gpt-5.1-codex-max", "openai"}, {openai.Responses, "gpt-5", "azure_openai"},
		{openai.Chat, "gemini-3-pro", "google"}, {openai.Chat, "claude-opus-4-8", "anthropic"}, {openai.Chat, "GPT-5", "azure_openai"},
		{openai.Chat, "glm-4.6", "fireworks"}, {openai.Chat, "kimi-k2", "baseten"},
	} {
		in := &provider.Inbound{Body: []byte(`{}`)}
		out, err := newProvider(t).Prepare(in, &provider.Intent{Service: c.service, Model: c.model, ModelAt: 1}, withKey("k"))
		if err != nil || out.Header.Get("x-api-provider") != c.vendor {
			t.Errorf("%+v: %v %v", c, out, err)
		}
	}
	if _, err := newProvider(t).Prepare(&provider.Inbound{}, &provider.Intent{Service: "openai/images"}, withKey("k")); err == nil {
		t.Error("a service that it does not have passed")
	}
}

func TestThePlatform(t *testing.T) {
	t.Parallel()
	facts := newProvider(t).Platforms()[droid.Platform]
	for service, serves := range map[string]bool{
		"anthropic/messages@droid": true, "anthropic/count_tokens@droid": true, "openai/responses@droid": true, "openai/chat@droid": true,
		"anthropic/messages": false, "openai/chat": false, "openai/completions@droid": false,
	} {
		if got := facts.Serves(withKey("k"), service, "gpt-5"); got != serves {
			t.Errorf("%s: %v", service, got)
		}
	}
	if facts.OwnClient != "droid" || facts.Permission != "droid" || facts.Catalog != "" {
		t.Errorf("%+v", facts)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	for _, good := range []*account.Account{withKey("fk-abc"), withKey("fk-abc\n"), loggedIn()} {
		if err := p.Check(good); err != nil {
			t.Errorf("%v", err)
		}
	}
	for _, many := range []string{"fk-hush1\nfk-hush2", "fk-hush1,fk-hush2", "fk-hush1 fk-hush2", "\n"} {
		if err := p.Check(withKey(many)); err == nil || !strings.Contains(err.Error(), "group") || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", many, err)
		}
	}
	setup := withKey("k")
	setup.Credential.Kind = account.SetupToken
	if p.Check(setup) == nil {
		t.Error("a setup token passed")
	}
}

func TestAddressesAreChecked(t *testing.T) {
	t.Parallel()
	for setting, o := range map[string]droid.Options{
		"api_url": {APIURL: "ftp://x"}, "app_url": {AppURL: "https://user:hush@x"}, "token_url": {AuthURL: "https://x?y=z"},
	} {
		if _, err := droid.New(o); err == nil || !strings.Contains(err.Error(), "providers.droid."+setting) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", setting, err)
		}
	}
	wrong := withKey("k")
	wrong.BaseURL = "ftp://x"
	if _, err := newProvider(t).Prepare(&provider.Inbound{}, &provider.Intent{Service: openai.Chat}, wrong); err == nil || !strings.Contains(err.Error(), "account k") {
		t.Errorf("%v", err)
	}
}

func TestATrialCostsNextToNothing(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	acc := withKey("fk-1")
	acc.Map = map[string]string{"claude-opus-4-8": "opus"}
	out, asked, err := p.TestRequest(acc, "claude-opus-4-8")
	if err != nil || asked != "opus" || !strings.HasPrefix(providertest.Render(out), "POST https://api.factory.ai/api/llm/a/v1/messages\n") {
		t.Fatalf("%s: %v", asked, err)
	}
	var body struct {
		Model     string `json:"model"`
		MaxTokens int    `json:"max_tokens"`
	}
	if err := json.Unmarshal(bytes.Join(out.Body, nil), &body); err != nil || body.Model != "opus" || body.MaxTokens != 1 {
		t.Errorf("%+v, %v", body, err)
	}
	out, asked, err = p.TestRequest(loggedIn(), "any")
	const want = "GET https://app.factory.ai/api/cli/org\naccept: application/json\naccept-encoding: identity\nuser-agent: crs\nx-factory-client: cli\nauthorization: Bearer access-1\n\n"
	if err != nil || asked != "" || providertest.Render(out) != want {
		t.Errorf("%q: %s (%v)", asked, providertest.Render(out), err)
	}
}
