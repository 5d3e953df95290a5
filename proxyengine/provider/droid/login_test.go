package droid_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/lab/providertest"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/droid"
)

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

var (
	_ provider.DeviceAuthorizer = (*droid.Provider)(nil)
	_ provider.Importer         = (*droid.Provider)(nil)
	_ provider.Renewer          = (*droid.Provider)(nil)
)

func reply(status int, body string) *provider.Reply {
	return &provider.Reply{At: now, Status: status, Body: []byte(body)}
}

// jwt is a token that ends at a time.
func jwt(end time.Time) string {
	return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"sub":"u","exp":%d}`, end.Unix())) + ".c2ln"
}

const form = "Content-Type: application/x-www-form-urlencoded\nAccept: application/json\nAccept-Encoding: identity\n\n"

func TestALoginFromAnotherDevice(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	u := &upstream{answers: []any{
		reply(200, `{"device_code":"dev-1","user_code":"ABCD-EFGH","verification_uri":"https://f.example/d","verification_uri_complete":"https://f.example/d?c=ABCD-EFGH","expires_in":300,"interval":5}`),
		reply(400, `{"error":"authorization_pending","error_description":"wait"}`),
		reply(400, `{"error":"slow_down"}`),
		reply(200, `{"access_token":"a","refresh_token":"r","user":{"id":"u"},"organization_id":null,"authentication_method":"GoogleOAuth"}`),
		reply(200, `{"workosOrgIds":["org_7","org_8"]}`),
	}}
	d, err := p.BeginDevice(t.Context(), u.call, droid.Platform)
	if err != nil {
		t.Fatal(err)
	}
	if d.URL != "https://f.example/d" || d.Direct != "https://f.example/d?c=ABCD-EFGH" || d.Code != "ABCD-EFGH" || d.Interval != 5*time.Second ||
		!d.Ends.Equal(now.Add(5*time.Minute)) || d.Handle.Reveal() != "dev-1" || d.Platform != droid.Platform {
		t.Errorf("%+v", d)
	}
	given := map[string]string{"colour": "blue"}
	acc := &account.Account{Platform: droid.Platform, Options: given}
	for i, interval := range []time.Duration{5 * time.Second, 10 * time.Second} {
		if done, err := p.PollDevice(t.Context(), u.call, d, acc); done || err != nil || d.Interval != interval {
			t.Fatalf("poll %d: %v, %v, interval %s", i, done, err, d.Interval)
		}
	}
	if done, err := p.PollDevice(t.Context(), u.call, d, acc); !done || err != nil {
		t.Fatalf("%v, %v", done, err)
	}
	c := acc.Credential
	if c.Kind != account.OAuth || c.Secret.Reveal() != "a" || c.Refresh.Reveal() != "r" || !c.ExpiresAt.Equal(now.Add(6*time.Hour)) {
		t.Errorf("%+v", c)
	}
	if acc.Options["organization_id"] != "org_7" || acc.Options["colour"] != "blue" || given["organization_id"] != "" {
		t.Errorf("%v, given %v", acc.Options, given)
	}
	const poll = "POST https://api.workos.com/user_management/authenticate\n" + form + "client_id=client_01HNM792M5G5G1A2THWPXKFMXB&device_code=dev-1&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"
	for i, want := range []string{
		"POST https://api.workos.com/user_management/authorize/device\n" + form + "client_id=client_01HNM792M5G5G1A2THWPXKFMXB", poll, poll, poll,
		"GET https://app.factory.ai/api/cli/org\naccept: application/json\naccept-encoding: identity\nuser-agent: crs\nx-factory-client: cli\nauthorization: Bearer a\n\n",
	} {
		if u.asked[i] != want {
			t.Errorf("request %d:\n%s\nwant:\n%s", i, u.asked[i], want)
		}
	}
}

func TestWhichOrganizationALoginGets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operator, answer string
		list             any
		want             string
	}{
		"the operator's":      {"org_1", "org_2", nil, "org_1"},
		"the answer's":        {"", "org_2", nil, "org_2"},
		"the list's first":    {"", "", reply(200, `{"workosOrgIds":["org_3"]}`), "org_3"},
		"none in the list":    {"", "", reply(200, `{"workosOrgIds":[]}`), ""},
		"the list is refused": {"", "", reply(403, ``), ""},
		"the list is away":    {"", "", errors.New("refused"), ""},
	} {
		u := &upstream{answers: []any{reply(200, fmt.Sprintf(`{"access_token":"a","refresh_token":"r","organization_id":%q}`, c.answer))}}
		if c.list != nil {
			u.answers = append(u.answers, c.list)
		}
		acc := &account.Account{Platform: droid.Platform, Options: map[string]string{"organization_id": c.operator}}
		done, err := newProvider(t).PollDevice(t.Context(), u.call, &provider.Device{Ends: now.Add(time.Minute)}, acc)
		if !done || err != nil || acc.Options["organization_id"] != c.want || len(u.answers) > 0 {
			t.Errorf("%s: %v, %v, %v", name, done, err, acc.Options)
		}
	}
}

func TestADeviceLoginThatFails(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	for name, c := range map[string]struct {
		answer any
		bad    bool
		says   string
	}{
		"declined":      {reply(400, `{"error":"access_denied"}`), true, "refused in the browser"},
		"too late":      {reply(400, `{"error":"expired_token"}`), true, "in time"},
		"another error": {reply(400, `{"error":"invalid_grant"}`), true, "invalid_grant"},
		"WorkOS' words": {reply(422, `{"code":"invalid_request_parameters","message":"hush"}`), true, "invalid_request_parameters"},
		"a page":        {reply(403, `<html>hush`), false, "403"},
		"out of order":  {reply(500, `hush`), false, "500"},
		"no token":      {reply(200, `{"hush":1}`), false, "not a token"},
		"no answer":     {errors.New("connection refused"), false, "connection refused"},
	} {
		u := &upstream{answers: []any{c.answer}}
		acc := &account.Account{}
		done, err := p.PollDevice(t.Context(), u.call, &provider.Device{Handle: secret.New("dev-hush"), Ends: now.Add(time.Minute)}, acc)
		var bad *provider.BadCode
		if done || err == nil || errors.As(err, &bad) != c.bad || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hush") || !acc.Credential.Secret.Empty() {
			t.Errorf("%s: %v, %v", name, done, err)
		}
	}
	late := &upstream{answers: []any{reply(400, `{"error":"authorization_pending"}`)}}
	var bad *provider.BadCode
	if _, err := p.PollDevice(t.Context(), late.call, &provider.Device{Ends: now}, new(account.Account)); !errors.As(err, &bad) {
		t.Errorf("after its end: %v", err)
	}
	for name, answer := range map[string]any{
		"an error": reply(429, `{"code":"rate_limit"}`), "no code": reply(200, `{"user_code":"x"}`), "a page": reply(200, `<html>`), "no answer": errors.New("refused"),
	} {
		u := &upstream{answers: []any{answer}}
		if d, err := p.BeginDevice(t.Context(), u.call, droid.Platform); d != nil || err == nil {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestARefreshAsksForANewPair(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	out, err := p.RenewRequest(loggedIn())
	const want = "POST https://api.workos.com/user_management/authenticate\n" + form + "client_id=client_01HNM792M5G5G1A2THWPXKFMXB&grant_type=refresh_token&organization_id=org_1&refresh_token=refresh-1"
	if err != nil || providertest.Render(out) != want {
		t.Errorf("%s (%v)", providertest.Render(out), err)
	}
	got, err := p.Renewed(loggedIn(), reply(200, `{"access_token":"a","refresh_token":"r"}`))
	if err != nil || got.Secret.Reveal() != "a" || got.Refresh.Reveal() != "r" || got.Kind != account.OAuth || got.Generation != 4 {
		t.Errorf("%+v, %v", got, err)
	}
	kept, err := p.Renewed(loggedIn(), reply(200, `{"access_token":"a"}`))
	if err != nil || kept.Refresh.Reveal() != "refresh-1" {
		t.Errorf("an answer without a refresh token lost the old one: %v", err)
	}
}

func TestWhenATokenEnds(t *testing.T) {
	t.Parallel()
	end := now.Add(90 * time.Minute)
	for answer, want := range map[string]time.Time{
		`{"access_token":"a","expires_in":3600}`:                               now.Add(time.Hour),
		fmt.Sprintf(`{"access_token":"a","expires_at":%d}`, end.Unix()):        end,
		fmt.Sprintf(`{"access_token":"a","expires_at":"%d"}`, end.Unix()):      end,
		`{"access_token":"a","expires_at":"` + end.Format(time.RFC3339) + `"}`: end,
		`{"access_token":"` + jwt(end) + `"}`:                                  end,
		`{"access_token":"` + jwt(end) + `","expires_at":"soon"}`:              end,
		`{"access_token":"a.b.c","expires_at":null}`:                           now.Add(6 * time.Hour),
		`{"access_token":"a"}`:                                                 now.Add(6 * time.Hour),
	} {
		got, err := newProvider(t).Renewed(loggedIn(), reply(200, answer))
		if err != nil || !got.ExpiresAt.Equal(want) {
			t.Errorf("%s: %s, %v", answer, got.ExpiresAt, err)
		}
	}
}

func TestARefusedRefreshNeedsALoginAndTroubleDoesNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		login  bool
	}{
		"invalid_grant":   {400, `{"error":"invalid_grant","error_description":"Refresh token already exchanged."}`, true},
		"WorkOS' words":   {401, `{"code":"unauthorized","message":"x"}`, true},
		"a page":          {403, `<html>`, false},
		"throttled":       {429, `{"code":"rate_limit_exceeded"}`, false},
		"server error":    {500, ``, false},
		"no token":        {200, `{"token_type":"Bearer"}`, false},
		"not JSON, leaky": {200, `leak`, false},
	} {
		_, err := newProvider(t).Renewed(loggedIn(), reply(c.status, c.body))
		var login *provider.NeedsLogin
		if err == nil || errors.As(err, &login) != c.login || strings.Contains(err.Error(), "leak") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	end := now.Add(3 * time.Hour)
	a := new(account.Account)
	if err := p.Import(droid.Platform, []byte(`{"access_token":"`+jwt(end)+`","refresh_token":"r"}`), a); err != nil {
		t.Fatal(err)
	}
	if c := a.Credential; c.Kind != account.OAuth || c.Refresh.Reveal() != "r" || !c.ExpiresAt.Equal(end) || a.Options != nil {
		t.Errorf("%+v %v", c, a.Options)
	}
	if err := p.Import(droid.Platform, []byte(`{"access_token":"opaque","refresh_token":"r","organization_id":"org_1"}`), a); err != nil {
		t.Fatal(err)
	}
	if !a.Credential.Stale(now) || a.Options["organization_id"] != "org_1" {
		t.Errorf("%+v %v", a.Credential, a.Options)
	}
	for file, says := range map[string]string{
		`not json leak`: "not JSON", `{"token":"leak"}`: "no Droid login",
		`{"access_token":"` + jwt(now.Add(-time.Minute)) + `"}`: "has ended",
	} {
		if err := p.Import(droid.Platform, []byte(file), a); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "leak") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// Whatever a token says: no panic, and a moment of this era or none.
func FuzzTokenEnd(f *testing.F) {
	for _, seed := range []string{jwt(now), "a.b.c", "", "..", "a.eyJleHAiOiJ4In0.c", "a.eyJleHAiOjFlOTl9.c"} {
		f.Add(seed)
	}
	p, err := droid.New(droid.Options{Now: func() time.Time { return now }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, token string) {
		body, err := json.Marshal(map[string]string{"access_token": token, "refresh_token": "r"})
		if err != nil || len(token) > 1000 { // longer than any is refused
			t.Skip()
		}
		got, err := p.Renewed(loggedIn(), reply(200, string(body)))
		usable := token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) // it goes into a header
		if (err == nil) != usable || err == nil && got.ExpiresAt.IsZero() {
			t.Errorf("%q: %v, %v", token, got.ExpiresAt, err)
		}
	})
}
