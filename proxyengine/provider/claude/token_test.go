package claude_test

import (
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/lab/providertest"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/claude"
)

func TestARefreshAsksForANewPair(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	out, err := p.RenewRequest(subscription())
	if err != nil {
		t.Fatal(err)
	}
	const want = "POST https://platform.claude.com/v1/oauth/token\nContent-Type: application/json\nAccept: application/json\nAccept-Encoding: identity\n\n" +
		`{"client_id":"9d1c250a-e61b-44d9-88ed-5944d1962f5e","grant_type":"refresh_token","refresh_token":"sk-ant-ort01-y"}`
	if got := providertest.Render(out); got != want {
		t.Errorf("%s", got)
	}
	got, err := p.Renewed(subscription(), &provider.Reply{At: now, Status: 200, Body: []byte(`{"access_token":"a","refresh_token":"r","expires_in":28800,"scope":"user:inference user:profile","token_type":"Bearer"}`)})
	if err != nil || got.Secret.Reveal() != "a" || got.Refresh.Reveal() != "r" || !got.ExpiresAt.Equal(now.Add(8*time.Hour)) || len(got.Scopes) != 2 || got.Kind != account.OAuth {
		t.Errorf("%+v, %v", got, err)
	}
	kept, err := p.Renewed(subscription(), &provider.Reply{At: now, Status: 200, Body: []byte(`{"access_token":"a"}`)})
	if err != nil || kept.Refresh.Reveal() != "sk-ant-ort01-y" {
		t.Errorf("an answer without a refresh token lost the old one: %v", err)
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	a := new(account.Account)
	const saved = `{"claudeAiOauth":{"accessToken":"sk-ant-oat01-a","refreshToken":"sk-ant-ort01-r","expiresAt":1795000000000,"scopes":["user:inference"],"subscriptionType":"max"}}`
	if err := p.Import(claude.Subscription, []byte(saved), a); err != nil {
		t.Fatal(err)
	}
	if c := a.Credential; c.Kind != account.OAuth || c.Secret.Reveal() != "sk-ant-oat01-a" || c.Refresh.Reveal() != "sk-ant-ort01-r" || c.ExpiresAt.Unix() != 1795000000 {
		t.Errorf("%+v", c)
	}
	if err := p.Import(claude.Subscription, []byte(`{"claudeAiOauth":{"accessToken":"sk-ant-oat01-setup"}}`), a); err != nil || a.Credential.Kind != account.SetupToken {
		t.Errorf("a setup token: %+v, %v", a.Credential.Kind, err)
	}
	for file, says := range map[string]string{
		`not json sk-ant-oat01-leak`:                             "not JSON",
		`{"tokens":{"access_token":"leak"}}`:                     "no Claude login",
		`{"claudeAiOauth":{"accessToken":""}}`:                   "no Claude login",
		`{"claudeAiOauth":{"accessToken":"leak","expiresAt":1}}`: "has ended",
	} {
		if err := p.Import(claude.Subscription, []byte(file), a); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "leak") {
			t.Errorf("%s: %v", file, err)
		}
	}
	if err := p.Import(claude.Console, []byte(saved), a); err == nil || !strings.Contains(err.Error(), "--api-key-file") {
		t.Errorf("%v", err)
	}
}

func TestAddressesAndStylesAreChecked(t *testing.T) {
	t.Parallel()
	for _, o := range []claude.Options{{APIURL: "ftp://x"}, {TokenURL: "https://user:hush@x"}, {APIURL: "https://x?y=z"}} {
		if _, err := claude.New(o); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	p := newProvider(t)
	if err := p.Check(console("k", func(a *account.Account) { a.Options = map[string]string{"auth": "basic"} })); err == nil {
		t.Error("an unknown style passed")
	}
	if err := p.Check(console("k", func(a *account.Account) { a.Platform = claude.Subscription })); err == nil || !strings.Contains(err.Error(), "claude-console") {
		t.Errorf("an API key as a subscription: %v", err)
	}
}

func TestATrialCostsNextToNothing(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	out, model, err := p.TestRequest(console("sk-ant-k"), "")
	if err != nil || model == "" || !strings.Contains(providertest.Render(out), `"max_tokens":1`) || !strings.Contains(providertest.Render(out), "POST https://api.anthropic.com/v1/messages\n") {
		t.Errorf("%s (%v)", providertest.Render(out), err)
	}
	out, _, err = p.TestRequest(subscription(), "")
	if err != nil || !strings.HasPrefix(providertest.Render(out), "GET https://api.anthropic.com/api/oauth/usage\n") || !strings.Contains(providertest.Render(out), "oauth-2025-04-20") {
		t.Errorf("%s (%v)", providertest.Render(out), err)
	}
}
