package openai_test

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
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/openai"
)

// script answers calls one after the other, and keeps what was asked.
type script struct {
	answers []provider.Reply
	err     error
	asked   []string
}

func (s *script) call(_ context.Context, out *provider.Outbound) (*provider.Reply, error) {
	s.asked = append(s.asked, providertest.Render(out))
	if s.err != nil {
		return nil, s.err
	}
	r := s.answers[0]
	r.At, s.answers = now, s.answers[1:]
	return &r, nil
}

func answers(all ...provider.Reply) *script { return &script{answers: all} }

func says(status int, body string) provider.Reply {
	return provider.Reply{Status: status, Body: []byte(body)}
}

func pair() provider.Reply {
	return says(200, `{"access_token":"`+jwt(`{`+auth+`}`)+`","refresh_token":"rt-new","id_token":"`+jwt(`{`+auth+`}`)+`","expires_in":3600}`)
}

func TestALoginInABrowser(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	l, err := p.Authorize(openai.Subscription, false)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(l.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for name, want := range map[string]string{
		"response_type": "code", "client_id": "app_EMoamEEZ73f0CkXaXp7hrann", "redirect_uri": "http://localhost:1455/auth/callback",
		"scope": "openid profile email offline_access", "code_challenge_method": "S256", "id_token_add_organizations": "true",
		"codex_cli_simplified_flow": "true", "state": l.State, "originator": "",
	} {
		if q.Get(name) != want {
			t.Errorf("%s: %q", name, q.Get(name))
		}
	}
	if !strings.HasPrefix(l.URL, "https://auth.openai.com/oauth/authorize?") || len(q.Get("code_challenge")) != 43 || strings.Contains(l.URL, l.Verifier.Reveal()) || l.SetupToken {
		t.Errorf("%s", l.URL)
	}
	s, acc := answers(pair()), &account.Account{Name: "n"}
	err = p.Redeem(context.Background(), s.call, l, "http://localhost:1455/auth/callback?code=ac_123456&state="+l.State, acc)
	want := "POST https://auth.openai.com/oauth/token\n" + formHeader + "client_id=app_EMoamEEZ73f0CkXaXp7hrann&code=ac_123456&code_verifier=" + l.Verifier.Reveal() +
		"&grant_type=authorization_code&redirect_uri=http%3A%2F%2Flocalhost%3A1455%2Fauth%2Fcallback"
	if err != nil || len(s.asked) != 1 || s.asked[0] != want {
		t.Errorf("%v, %s", err, s.asked)
	}
	checkLogin(t, p, acc)
}

func checkLogin(t *testing.T, p *openai.Provider, acc *account.Account) {
	t.Helper()
	acc.Platform = openai.Subscription
	if c := acc.Credential; c.Kind != account.OAuth || c.Refresh.Reveal() != "rt-new" || !c.ExpiresAt.Equal(now.Add(time.Hour)) {
		t.Errorf("%+v", c)
	}
	if acc.Options["account_id"] != "acct-9" || acc.Options["plan"] != "pro" || p.Check(acc) != nil {
		t.Errorf("%v", acc.Options)
	}
}

// TestTheVerifierIsChallengedByTheBook is RFC 7636's own example (protocols.md, L.1), by way of a whole login.
func TestTheVerifierIsChallengedByTheBook(t *testing.T) {
	t.Parallel()
	l := &provider.Login{State: "s", Redirect: "r", Verifier: secret.New("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")}
	s := answers(pair())
	if err := newProvider(t).Redeem(context.Background(), s.call, l, "ac_123456", new(account.Account)); err != nil || !strings.Contains(s.asked[0], "code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&") {
		t.Errorf("%v, %s", err, s.asked)
	}
}

func TestACodeThatIsOfNoUse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pasted string
		script *script
		bad    bool
		says   string
	}{
		"not a code":       {"hello", answers(), true, "no code"},
		"another login's":  {"http://localhost:1455/auth/callback?code=ac_123456&state=other", answers(), true, "another login"},
		"refused":          {"ac_123456", answers(says(400, `{"error":"invalid_grant"}`)), true, "invalid_grant"},
		"refused, newer":   {"ac_123456", answers(says(401, `{"error":{"code":"token_exchange_user_error","message":"leak"}}`)), true, "token_exchange_user_error"},
		"trouble":          {"ac_123456", answers(says(503, "leak")), false, "503"},
		"unreachable":      {"ac_123456", &script{err: errors.New("refused")}, false, "exchange the code"},
		"not a token":      {"ac_123456", answers(says(200, `{}`)), false, "not a token"},
		"no Codex at all":  {"ac_123456", answers(says(200, `{"access_token":"x"}`)), false, "no ChatGPT account"},
		"an unknown error": {"ac_123456", answers(says(400, `leak`)), false, "400"},
	} {
		l := &provider.Login{State: "mine", Redirect: "r", Verifier: secret.New("v")}
		acc := new(account.Account)
		err := newProvider(t).Redeem(context.Background(), c.script.call, l, c.pasted, acc)
		var bad *provider.BadCode
		if err == nil || errors.As(err, &bad) != c.bad || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "leak") || !acc.Credential.Secret.Empty() {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := newProvider(t)
	if _, err := p.Authorize(openai.API, false); err == nil || !strings.Contains(err.Error(), "--api-key-file") {
		t.Errorf("%v", err)
	}
	if _, err := p.Authorize(openai.Subscription, true); err == nil || !strings.Contains(err.Error(), "setup token") {
		t.Errorf("%v", err)
	}
}

const usercode = "POST https://auth.openai.com/api/accounts/deviceauth/usercode\nContent-Type: application/json\nAccept: application/json\nAccept-Encoding: identity\n\n" +
	`{"client_id":"app_EMoamEEZ73f0CkXaXp7hrann"}`

func TestALoginOnAnotherDevice(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	s := answers(
		says(200, `{"device_auth_id":"da-1","usercode":"ABCD-1234","interval":"7"}`), says(403, `{}`), says(404, ``), says(429, ``),
		says(200, `{"authorization_code":"ac_9","code_challenge":"x","code_verifier":"theirs"}`), pair(),
	)
	d, err := p.BeginDevice(context.Background(), s.call, openai.Subscription)
	if err != nil || d.URL != "https://auth.openai.com/codex/device" || d.Code != "ABCD-1234" || d.Interval != 7*time.Second || !d.Ends.Equal(now.Add(15*time.Minute)) || s.asked[0] != usercode {
		t.Fatalf("%+v, %v, %s", d, err, s.asked)
	}
	acc := new(account.Account)
	for range 3 {
		if done, err := p.PollDevice(context.Background(), s.call, d, acc); done || err != nil {
			t.Fatalf("%v, %v", done, err)
		}
	}
	if d.Interval != 12*time.Second {
		t.Errorf("asked too often, it asks again after %v", d.Interval)
	}
	done, err := p.PollDevice(context.Background(), s.call, d, acc)
	if !done || err != nil || !strings.HasSuffix(s.asked[4], `{"device_auth_id":"da-1","user_code":"ABCD-1234"}`) {
		t.Fatalf("%v, %v, %s", done, err, s.asked[4])
	}
	const want = "client_id=app_EMoamEEZ73f0CkXaXp7hrann&code=ac_9&code_verifier=theirs&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fauth.openai.com%2Fdeviceauth%2Fcallback"
	if !strings.HasSuffix(s.asked[5], "\n\n"+want) {
		t.Errorf("%s", s.asked[5])
	}
	checkLogin(t, p, acc)
}

func TestALoginOnAnotherDeviceThatComesToNothing(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	for says, s := range map[string]*script{
		"not enabled":         answers(says(404, ``)),
		"answered 500":        answers(says(500, ``)),
		"has no code":         answers(says(200, `{"device_auth_id":"x"}`)),
		"begin a login on an": {err: errors.New("refused")},
	} {
		if _, err := p.BeginDevice(context.Background(), s.call, openai.Subscription); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	if _, err := p.BeginDevice(context.Background(), nil, openai.API); err == nil {
		t.Error("an API key has no login")
	}
	late := &provider.Device{Ends: now}
	var bad *provider.BadCode
	if _, err := p.PollDevice(context.Background(), nil, late, nil); !errors.As(err, &bad) {
		t.Errorf("%v", err)
	}
	for says, s := range map[string]*script{
		"answered 500":   answers(says(500, ``)),
		"has no code":    answers(says(200, `{}`)),
		"ask whether":    {err: errors.New("refused")},
		"refused the co": answers(says(200, `{"authorization_code":"c","code_verifier":"v"}`), says(400, `{"error":"invalid_grant"}`)),
	} {
		done, err := p.PollDevice(context.Background(), s.call, &provider.Device{Ends: now.Add(time.Minute)}, new(account.Account))
		if done || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	if d, err := p.BeginDevice(context.Background(), answers(says(200, `{"device_auth_id":"x","user_code":"y","interval":0}`)).call, openai.Subscription); err != nil || d.Interval != 5*time.Second {
		t.Errorf("%+v, %v", d, err)
	}
}
