package claude_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/lab/providertest"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/claude"
)

var _ provider.Authorizer = (*claude.Provider)(nil)

// upstream answers one request after the other, and keeps what it was asked.
type upstream struct {
	answers []any // *provider.Reply or error
	asked   []string
}

func (u *upstream) call(_ context.Context, out *provider.Outbound) (*provider.Reply, error) {
	u.asked = append(u.asked, providertest.Render(out))
	if len(u.answers) == 0 {
		return nil, errors.New("nobody is there")
	}
	next := u.answers[0]
	u.answers = u.answers[1:]
	if err, ok := next.(error); ok {
		return nil, err
	}
	return next.(*provider.Reply), nil
}

func reply(status int, body string) *provider.Reply {
	return &provider.Reply{At: now, Status: status, Body: []byte(body)}
}

func TestAuthorize(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	for setup, scope := range map[bool]string{
		false: "org:create_api_key user:profile user:inference user:sessions:claude_code user:mcp_servers user:file_upload",
		true:  "user:inference",
	} {
		l, err := p.Authorize(claude.Subscription, setup)
		if err != nil {
			t.Fatal(err)
		}
		page, query, _ := strings.Cut(l.URL, "?")
		got, err := url.ParseQuery(query)
		if err != nil || page != "https://claude.ai/oauth/authorize" || l.SetupToken != setup || l.Platform != claude.Subscription {
			t.Errorf("%+v, %v", l, err)
		}
		want := url.Values{
			"code": {"true"}, "client_id": {"9d1c250a-e61b-44d9-88ed-5944d1962f5e"}, "response_type": {"code"},
			"redirect_uri": {"https://platform.claude.com/oauth/code/callback"}, "scope": {scope},
			"code_challenge": got["code_challenge"], "code_challenge_method": {"S256"}, "state": {l.State},
		}
		if got.Encode() != want.Encode() || len(got.Get("code_challenge")) != 43 || len(l.State) != 43 {
			t.Errorf("%s", query)
		}
		if strings.Contains(l.URL, l.Verifier.Reveal()) {
			t.Error("the address shows the verifier")
		}
	}
	if _, err := p.Authorize(claude.Console, false); err == nil || !strings.Contains(err.Error(), "--api-key-file") {
		t.Errorf("%v", err)
	}
}

func TestTheAuthorizePageCanBeAnother(t *testing.T) {
	t.Parallel()
	p, err := claude.New(claude.Options{AuthorizeURL: "http://127.0.0.1:9/oauth/authorize"})
	if err != nil {
		t.Fatal(err)
	}
	l, err := p.Authorize(claude.Subscription, false)
	if err != nil || !strings.HasPrefix(l.URL, "http://127.0.0.1:9/oauth/authorize?client_id=") {
		t.Errorf("%+v, %v", l, err)
	}
	if _, err := claude.New(claude.Options{AuthorizeURL: "claude.ai/authorize"}); err == nil || !strings.Contains(err.Error(), "authorize_url") {
		t.Errorf("%v", err)
	}
}

func login(setup bool) *provider.Login {
	return &provider.Login{
		Platform: claude.Subscription, State: "state-1", Verifier: secret.New("verifier-1"),
		Redirect: "https://platform.claude.com/oauth/code/callback", SetupToken: setup,
	}
}

func TestRedeem(t *testing.T) {
	t.Parallel()
	u := &upstream{answers: []any{
		reply(200, `{"token_type":"Bearer","access_token":"sk-ant-oat01-a","refresh_token":"sk-ant-ort01-r","expires_in":28800,"scope":"user:profile user:inference","organization":{"uuid":"o","name":"n"},"account":{"uuid":"a","email_address":"e"}}`),
		reply(200, `{"account":{"has_claude_max":false,"has_claude_pro":true},"organization":{"organization_type":"claude_pro"}}`),
	}}
	given := map[string]string{"colour": "blue"}
	acc := &account.Account{Name: "s", Platform: claude.Subscription, Options: given}
	if err := newProvider(t).Redeem(t.Context(), u.call, login(false), " code-123456#state-1\n", acc); err != nil {
		t.Fatal(err)
	}
	const exchange = "POST https://platform.claude.com/v1/oauth/token\nContent-Type: application/json\nAccept: application/json\nAccept-Encoding: identity\n\n" +
		`{"client_id":"9d1c250a-e61b-44d9-88ed-5944d1962f5e","code":"code-123456","code_verifier":"verifier-1","grant_type":"authorization_code","redirect_uri":"https://platform.claude.com/oauth/code/callback","state":"state-1"}`
	const profile = "GET https://api.anthropic.com/api/oauth/profile\naccept: application/json\naccept-encoding: identity\nuser-agent: crs\nauthorization: Bearer sk-ant-oat01-a\n\n"
	if len(u.asked) != 2 || u.asked[0] != exchange || u.asked[1] != profile {
		t.Errorf("asked:\n%s", strings.Join(u.asked, "\n----\n"))
	}
	c := acc.Credential
	if c.Kind != account.OAuth || c.Secret.Reveal() != "sk-ant-oat01-a" || c.Refresh.Reveal() != "sk-ant-ort01-r" || !c.ExpiresAt.Equal(now.Add(8*time.Hour)) || len(c.Scopes) != 2 {
		t.Errorf("%+v", c)
	}
	if acc.Options["plan"] != "pro" || acc.Options["colour"] != "blue" || given["plan"] != "" {
		t.Errorf("%v, given %v", acc.Options, given)
	}
}

func TestRedeemASetupToken(t *testing.T) {
	t.Parallel()
	u := &upstream{answers: []any{reply(200, `{"access_token":"sk-ant-oat01-s","refresh_token":"unused","expires_in":31536000,"scope":"user:inference"}`)}}
	acc := &account.Account{Platform: claude.Subscription}
	if err := newProvider(t).Redeem(t.Context(), u.call, login(true), "https://platform.claude.com/oauth/code/callback?code=code-123456&state=state-1", acc); err != nil {
		t.Fatal(err)
	}
	if len(u.asked) != 1 || !strings.Contains(u.asked[0], `"expires_in":31536000`) {
		t.Errorf("%v", u.asked)
	}
	if c := acc.Credential; c.Kind != account.SetupToken || !c.Refresh.Empty() || !c.ExpiresAt.Equal(now.Add(365*24*time.Hour)) {
		t.Errorf("%+v", c)
	}
}

func TestPlans(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer any
		plan   string
	}{
		"max":        {reply(200, `{"account":{"has_claude_max":true,"has_claude_pro":true}}`), "max"},
		"enterprise": {reply(200, `{"account":{},"organization":{"organization_type":"claude_enterprise"}}`), "max"},
		"pro":        {reply(200, `{"account":{"has_claude_pro":true}}`), "pro"},
		"neither":    {reply(200, `{"account":{}}`), ""},
		"refused":    {reply(403, `{}`), ""},
		"no answer":  {errors.New("refused"), ""},
		"a page":     {reply(200, `<html>`), ""},
	} {
		u := &upstream{answers: []any{reply(200, `{"access_token":"a","refresh_token":"r","scope":"user:profile"}`), c.answer}}
		acc := &account.Account{Platform: claude.Subscription}
		if err := newProvider(t).Redeem(t.Context(), u.call, login(false), "code-123456", acc); err != nil || acc.Options["plan"] != c.plan {
			t.Errorf("%s: plan %q, %v", name, acc.Options["plan"], err)
		}
	}
}

func TestALoginThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pasted string
		answer any
		bad    bool // the operator can mend it with another code
		says   string
	}{
		"nothing pasted":    {"", nil, true, "holds no code"},
		"another login's":   {"code-123456#state-2", nil, true, "another login"},
		"declined":          {"https://x/callback?error=access_denied&state=state-1", nil, true, "did not agree"},
		"used or too old":   {"code-123456", reply(400, `{"error":"invalid_grant","error_description":"hush"}`), true, "invalid_grant"},
		"Anthropic's shape": {"code-123456", reply(403, `{"type":"error","error":{"type":"permission_error","message":"hush"}}`), true, "permission_error"},
		"a page in between": {"code-123456", reply(403, `<html>hush</html>`), false, "the network or the account's proxy"},
		"too many":          {"code-123456", reply(429, `{"error":{"type":"rate_limit_error"}}`), false, "429"},
		"out of order":      {"code-123456", reply(502, `hush`), false, "502"},
		"no token":          {"code-123456", reply(200, `{"token_type":"Bearer"}`), false, "not a token"},
		"no answer":         {"code-123456", errors.New("connection refused"), false, "connection refused"},
	} {
		u := &upstream{}
		if c.answer != nil {
			u.answers = []any{c.answer}
		}
		acc := &account.Account{Platform: claude.Subscription}
		err := newProvider(t).Redeem(t.Context(), u.call, login(false), c.pasted, acc)
		var bad *provider.BadCode
		if err == nil || errors.As(err, &bad) != c.bad || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "code-123456")) {
			t.Errorf("%s: the error tells too much: %v", name, err)
		}
		if !acc.Credential.Secret.Empty() || c.answer == nil && len(u.asked) > 0 {
			t.Errorf("%s: %d requests, %+v", name, len(u.asked), acc.Credential)
		}
	}
}

func TestPlatforms(t *testing.T) {
	t.Parallel()
	for name, facts := range newProvider(t).Platforms() {
		if (facts.OwnClient == anthropic.ClaudeCode) != (name == claude.Subscription) || facts.Permission != "claude" || facts.Catalog != "anthropic" {
			t.Errorf("%s: %+v", name, facts)
		}
		acc := &account.Account{Platform: name}
		for _, c := range []struct {
			service, model string
			serves         bool
		}{
			{anthropic.Messages, "any", true}, {"openai/chat", "claude-opus-4-8", true}, {"openai/completions", "gpt-5", false},
			{"openai/chat@claude", "gpt-5", true}, {"openai/completions@claude", "x", true}, {"openai/responses", "claude-opus-4-8", false},
		} {
			if got := facts.Serves(acc, c.service, c.model); got != c.serves {
				t.Errorf("%s: %s %s: %v", name, c.service, c.model, got)
			}
		}
	}
}

func TestAVerdictSaysWhatTheUpstreamSaid(t *testing.T) {
	t.Parallel()
	for _, inStream := range []bool{false, true} {
		v := newProvider(t).Judge(&provider.Intent{}, console("k"), &provider.Reply{At: now, Status: 400, Body: []byte(errorBody("invalid_request_error", "prompt is too long")), InStream: inStream})
		if v.Message != "prompt is too long" || v.NeedsReencoding {
			t.Errorf("%+v", v)
		}
	}
}
