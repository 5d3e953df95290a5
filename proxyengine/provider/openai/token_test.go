package openai_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/lab/providertest"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/openai"
)

const formHeader = "Content-Type: application/x-www-form-urlencoded\nAccept: application/json\nAccept-Encoding: identity\n\n"

func TestARefreshAsksForANewPair(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	out, err := p.RenewRequest(codex())
	if err != nil {
		t.Fatal(err)
	}
	const want = "POST https://auth.openai.com/oauth/token\n" + formHeader +
		"client_id=app_EMoamEEZ73f0CkXaXp7hrann&grant_type=refresh_token&refresh_token=rt-1&scope=openid+profile+email"
	if got := providertest.Render(out); got != want {
		t.Errorf("%s", got)
	}
	got, err := p.Renewed(codex(), &provider.Reply{At: now, Status: 200, Body: []byte(`{"access_token":"a","refresh_token":"r","id_token":"x.y.z","expires_in":864000,"scope":"openid email","token_type":"Bearer"}`)})
	if err != nil || got.Secret.Reveal() != "a" || got.Refresh.Reveal() != "r" || !got.ExpiresAt.Equal(now.Add(240*time.Hour)) || len(got.Scopes) != 2 || got.Kind != account.OAuth || got.Generation != 4 {
		t.Errorf("%+v, %v", got, err)
	}
	bare := jwt(`{"exp":1795000000}`)
	kept, err := p.Renewed(codex(), &provider.Reply{At: now, Status: 200, Body: []byte(`{"access_token":"` + bare + `"}`)})
	if err != nil || kept.Refresh.Reveal() != "rt-1" || kept.ExpiresAt.Unix() != 1795000000 {
		t.Errorf("an answer with a token only: %+v, %v", kept, err)
	}
}

func TestARefusedRefreshNeedsALoginAndTroubleDoesNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		login  bool
	}{
		"invalid_grant":     {400, `{"error":"invalid_grant","error_description":"leak"}`, true},
		"reused":            {401, `{"error":{"message":"leak","type":"invalid_request_error","param":null,"code":"refresh_token_reused"}}`, true},
		"expired":           {400, `{"error":{"message":"leak","code":"refresh_token_expired"}}`, true},
		"no code":           {401, `{"error":{"message":"leak","type":"invalid_request_error"}}`, true},
		"the configuration": {401, `{"error":"invalid_client"}`, false},
		"a page of a proxy": {403, `<html>blocked</html>`, false},
		"throttled":         {429, `{"error":"rate_limited"}`, false},
		"server error":      {500, ``, false},
		"no token":          {200, `{"token_type":"Bearer"}`, false},
		"not JSON":          {200, `leak`, false},
	} {
		_, err := newProvider(t).Renewed(codex(), &provider.Reply{At: now, Status: c.status, Body: []byte(c.body)})
		var login *provider.NeedsLogin
		if err == nil || errors.As(err, &login) != c.login || strings.Contains(err.Error(), "leak") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

const auth = `"https://api.openai.com/auth":{"chatgpt_account_id":"acct-9","chatgpt_plan_type":"pro","organizations":[]}`

func TestImport(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	access, id := jwt(`{"exp":1795000000,`+auth+`}`), jwt(`{"email":"me@example.com",`+auth+`,"aud":["x"]}`)
	saved := `{"OPENAI_API_KEY":null,"tokens":{"id_token":"` + id + `","access_token":"` + access + `","refresh_token":"rt","account_id":"acct-file"},"last_refresh":"2026-11-01T00:00:00Z"}`
	given := map[string]string{"note": "kept"}
	a := &account.Account{Options: given}
	if err := p.Import(openai.Subscription, []byte(saved), a); err != nil {
		t.Fatal(err)
	}
	if c := a.Credential; c.Kind != account.OAuth || c.Secret.Reveal() != access || c.Refresh.Reveal() != "rt" || c.ExpiresAt.Unix() != 1795000000 {
		t.Errorf("%+v", c)
	}
	if o := a.Options; o["account_id"] != "acct-file" || o["plan"] != "pro" || o["note"] != "kept" || len(o) != 3 || len(given) != 1 {
		t.Errorf("%v", o)
	}
	without := new(account.Account)
	if err := p.Import(openai.Subscription, []byte(strings.Replace(saved, `"account_id":"acct-file"`, `"account_id":""`, 1)), without); err != nil || without.Options["account_id"] != "acct-9" {
		t.Errorf("by the claims: %v, %v", without.Options, err)
	}
	both := new(account.Account)
	if err := p.Import(openai.API, []byte(strings.Replace(saved, "null", `"sk-saved"`, 1)), both); err != nil || both.Credential.Kind != account.APIKey || both.Credential.Secret.Reveal() != "sk-saved" {
		t.Errorf("the key: %+v, %v", both, err)
	}
}

func TestAFileWithoutALoginIsRefused(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	ended := jwt(`{"exp":1,` + auth + `}`)
	for file, c := range map[string][2]string{
		`not json leak`:                                    {openai.Subscription, "not JSON"},
		`{"tokens":"leak"}`:                                {openai.Subscription, "not JSON"},
		`{"claudeAiOauth":{"accessToken":"leak"}}`:         {openai.Subscription, "no ChatGPT login"},
		`{"OPENAI_API_KEY":"sk-leak"}`:                     {openai.Subscription, "openai-responses"},
		`{"OPENAI_API_KEY":"sk-leak","tokens":null}`:       {openai.Subscription, "openai-responses"},
		`{"tokens":{"access_token":"leak"}}`:               {openai.Subscription, "no ChatGPT account"},
		`{"tokens":{"access_token":"a.%%leak.c"}}`:         {openai.Subscription, "no ChatGPT account"},
		`{"tokens":{"access_token":"` + ended + `"}}`:      {openai.Subscription, "has ended"},
		`{"tokens":{"access_token":"x","account_id":" "}}`: {openai.Subscription, "no ChatGPT account"},
		`{"OPENAI_API_KEY":null,"tokens":{}}`:              {openai.API, "platform openai"},
	} {
		a := new(account.Account)
		if err := p.Import(c[0], []byte(file), a); err == nil || !strings.Contains(err.Error(), c[1]) || strings.Contains(err.Error(), "leak") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func FuzzImportNeverShowsWhatItReads(f *testing.F) {
	f.Add([]byte(`{"OPENAI_API_KEY":"sk-1","tokens":{"access_token":"a.eyJleHAiOjF9.c","refresh_token":"r","account_id":"acct"}}`))
	p, err := openai.New(openai.Options{Now: func() time.Time { return now }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, platform := range []string{openai.Subscription, openai.API} {
			a := new(account.Account)
			a.Platform = platform
			if p.Import(platform, file, a) == nil && (a.Credential.Secret.Empty() || p.Check(a) != nil) {
				t.Errorf("%q gave %+v", file, a)
			}
		}
	})
}
