package gemini_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/lab/providertest"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/gemini"
)

func newFuzzed() (*gemini.Provider, error) { return gemini.New(options()) }

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
	if len(s.answers) == 0 {
		return nil, errors.New("nobody thought of this call")
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
	return says(200, `{"access_token":"ya29.new","refresh_token":"1//new","expires_in":3599,"scope":"a b","token_type":"Bearer","id_token":"x.y.z"}`)
}

const (
	tokenHead  = "POST https://oauth2.googleapis.com/token\nContent-Type: application/x-www-form-urlencoded\nAccept: application/json\nAccept-Encoding: identity\n\n"
	assistHead = "user-agent: crs\naccept: application/json\ncontent-type: application/json\naccept-encoding: identity\nauthorization: Bearer ya29.1\n\n"
	metadata   = `"metadata":{"ideType":"IDE_UNSPECIFIED","platform":"PLATFORM_UNSPECIFIED","pluginType":"GEMINI"}`
)

func TestALoginInABrowser(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	l, err := p.Authorize(gemini.Subscription, false)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(l.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for name, want := range map[string]string{
		"response_type": "code", "client_id": "client", "redirect_uri": "https://codeassist.google.com/authcode", "code_challenge_method": "S256",
		"access_type": "offline", "prompt": "consent", "state": l.State, "client_secret": "",
		"scope": "https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile",
	} {
		if q.Get(name) != want {
			t.Errorf("%s: %q", name, q.Get(name))
		}
	}
	if !strings.HasPrefix(l.URL, "https://accounts.google.com/o/oauth2/v2/auth?") || len(q.Get("code_challenge")) != 43 || strings.Contains(l.URL, l.Verifier.Reveal()) {
		t.Errorf("%s", l.URL)
	}
	for _, pasted := range []string{"4/0Ab-code_1", "https://codeassist.google.com/authcode?state=" + l.State + "&code=4%2F0Ab-code_1&scope=x"} {
		s, acc := answers(pair()), &account.Account{Name: "n", Platform: gemini.Subscription}
		err = p.Redeem(context.Background(), s.call, l, pasted, acc)
		want := tokenHead + "client_id=client&client_secret=hush&code=4%2F0Ab-code_1&code_verifier=" + l.Verifier.Reveal() +
			"&grant_type=authorization_code&redirect_uri=https%3A%2F%2Fcodeassist.google.com%2Fauthcode"
		if err != nil || len(s.asked) != 1 || s.asked[0] != want {
			t.Errorf("%v, %s", err, s.asked)
		}
		if c := acc.Credential; c.Kind != account.OAuth || c.Secret.Reveal() != "ya29.new" || c.Refresh.Reveal() != "1//new" || !c.ExpiresAt.Equal(now.Add(3599*time.Second)) || len(c.Scopes) != 2 {
			t.Errorf("%+v", c)
		}
	}
}

// TestTheVerifierIsChallengedByTheBook is RFC 7636's own example (protocols.md, L.1), by way of a whole login.
func TestTheVerifierIsChallengedByTheBook(t *testing.T) {
	t.Parallel()
	l := &provider.Login{State: "s", Redirect: "r", Verifier: secret.New("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")}
	s := answers(pair())
	if err := newProvider(t).Redeem(context.Background(), s.call, l, "4/0Ab-code", new(account.Account)); err != nil || !strings.Contains(s.asked[0], "code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&") {
		t.Errorf("%v, %s", err, s.asked)
	}
}

func TestACodeThatIsOfNoUse(t *testing.T) {
	t.Parallel()
	const code = "4/0Ab-code"
	for name, c := range map[string]struct {
		pasted string
		script *script
		bad    bool
		says   string
	}{
		"not a code":       {"hello", answers(), true, "no code"},
		"another login's":  {"https://codeassist.google.com/authcode?code=4/0Abcde&state=other", answers(), true, "another login"},
		"declined":         {"https://codeassist.google.com/authcode?error=access_denied&state=mine", answers(), true, "did not agree"},
		"refused":          {code, answers(says(400, `{"error":"invalid_grant","error_description":"leak"}`)), true, "invalid_grant"},
		"a wrong client":   {code, answers(says(401, `{"error":"invalid_client"}`)), false, "providers.gemini.client_secret"},
		"trouble":          {code, answers(says(503, "leak")), false, "503"},
		"unreachable":      {code, &script{err: errors.New("refused")}, false, "exchange the code"},
		"not a token":      {code, answers(says(200, `{}`)), false, "not a token"},
		"no refresh token": {code, answers(says(200, `{"access_token":"x"}`)), false, "no refresh token"},
		"a page":           {code, answers(says(403, `<html>leak`)), false, "403"},
	} {
		l := &provider.Login{State: "mine", Redirect: "r", Verifier: secret.New("v")}
		acc := new(account.Account)
		err := newProvider(t).Redeem(context.Background(), c.script.call, l, c.pasted, acc)
		var bad *provider.BadCode
		if err == nil || errors.As(err, &bad) != c.bad || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "leak") || !acc.Credential.Secret.Empty() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWithoutAClientTheLoginSaysWhereItIsPublished(t *testing.T) {
	t.Parallel()
	p, err := gemini.New(gemini.Options{ClientID: "client"})
	if err != nil {
		t.Fatal(err)
	}
	_, begun := p.Authorize(gemini.Subscription, false)
	_, renewed := p.RenewRequest(login())
	imported := p.Import(gemini.Subscription, []byte(`{"access_token":"ya29.a","refresh_token":"r"}`), new(account.Account))
	for _, err := range []error{begun, renewed, imported} {
		for _, want := range []string{"providers.gemini.client_id", "providers.gemini.client_secret", "github.com/google-gemini/gemini-cli", "packages/core/src/code_assist/oauth2.ts"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v lacks %s", err, want)
			}
		}
	}
	whole := newProvider(t)
	if _, err := whole.Authorize(gemini.API, false); err == nil || !strings.Contains(err.Error(), "--api-key-file") {
		t.Errorf("%v", err)
	}
	if _, err := whole.Authorize(gemini.Subscription, true); err == nil || !strings.Contains(err.Error(), "setup token") {
		t.Errorf("%v", err)
	}
}

func TestARefreshKeepsTheRefreshToken(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	out, err := p.RenewRequest(login())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := providertest.Render(out), tokenHead+"client_id=client&client_secret=hush&grant_type=refresh_token&refresh_token=1%2F%2Fr"; got != want {
		t.Errorf("%s", got)
	}
	got, err := p.Renewed(login(), &provider.Reply{At: now, Status: 200, Body: []byte(`{"access_token":"a","expires_in":3599,"scope":"s","token_type":"Bearer"}`)})
	if err != nil || got.Secret.Reveal() != "a" || got.Refresh.Reveal() != "1//r" || !got.ExpiresAt.Equal(now.Add(3599*time.Second)) || got.Generation != 4 {
		t.Errorf("%+v, %v", got, err)
	}
	rotated, err := p.Renewed(login(), &provider.Reply{At: now, Status: 200, Body: []byte(`{"access_token":"a","refresh_token":"1//n"}`)})
	if err != nil || rotated.Refresh.Reveal() != "1//n" || !rotated.ExpiresAt.IsZero() {
		t.Errorf("%+v, %v", rotated, err)
	}
}

func TestARefusedRefreshNeedsALoginAndTroubleDoesNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		login  bool
	}{
		"revoked":           {400, `{"error":"invalid_grant","error_description":"leak"}`, true},
		"the configuration": {401, `{"error":"invalid_client","error_description":"leak"}`, false},
		"a bad request":     {400, `{"error":"invalid_request"}`, false},
		"a page of a proxy": {403, `<html>leak</html>`, false},
		"throttled":         {429, `{"error":"rate_limit_exceeded"}`, false},
		"server error":      {500, `{"error":"invalid_grant"}`, false},
		"no token":          {200, `{"token_type":"Bearer"}`, false},
		"not JSON":          {200, `leak`, false},
	} {
		_, err := newProvider(t).Renewed(login(), &provider.Reply{At: now, Status: c.status, Body: []byte(c.body)})
		var needs *provider.NeedsLogin
		if err == nil || errors.As(err, &needs) != c.login || strings.Contains(err.Error(), "leak") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	const saved = `{"access_token":"ya29.s","scope":"openid https://www.googleapis.com/auth/cloud-platform","token_type":"Bearer","id_token":"a.b.c","expiry_date":1795440000123,"refresh_token":"1//s"}`
	a := new(account.Account)
	if err := newProvider(t).Import(gemini.Subscription, []byte(saved), a); err != nil {
		t.Fatal(err)
	}
	if c := a.Credential; c.Kind != account.OAuth || c.Secret.Reveal() != "ya29.s" || c.Refresh.Reveal() != "1//s" || c.ExpiresAt.UnixMilli() != 1795440000123 || len(c.Scopes) != 2 {
		t.Errorf("%+v", c)
	}
	bare := new(account.Account)
	if err := newProvider(t).Import(gemini.Subscription, []byte(`{"refresh_token":"1//s"}`), bare); err != nil || !bare.Credential.Stale(now) || bare.Credential.Check() != nil {
		t.Errorf("%+v, %v", bare.Credential, err)
	}
}

func TestAFileWithoutALoginIsRefused(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		`not json leak`:  "not JSON",
		`["leak"]`:       "not JSON",
		`{"expiry":"1"}`: "no Google login",
		`{"tokens":{"access_token":"leak","refresh_token":"leak"}}`:                                   "no Google login",
		`{"claudeAiOauth":{"accessToken":"leak"}}`:                                                    "no Google login",
		`{"access_token":"leak","refresh_token":"leak"}`:                                              "another provider's",
		`{"client_id":"leak","client_secret":"leak","refresh_token":"leak","type":"authorized_user"}`: "another program's",
		`{"access_token":"ya29.leak"}`:                                                                "no refresh token",
		`{"access_token":7,"refresh_token":"leak"}`:                                                   "not JSON",
	} {
		a := new(account.Account)
		if err := newProvider(t).Import(gemini.Subscription, []byte(file), a); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "leak") {
			t.Errorf("%s: %v", file, err)
		}
	}
	if err := newProvider(t).Import(gemini.API, []byte(`{}`), new(account.Account)); err == nil || !strings.Contains(err.Error(), "--api-key-file") {
		t.Errorf("%v", err)
	}
}

func FuzzImportNeverShowsWhatItReads(f *testing.F) {
	f.Add([]byte(`{"access_token":"ya29.s","scope":"a b","expiry_date":1795440000123,"refresh_token":"1//s"}`))
	p, err := newFuzzed()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		a := &account.Account{Platform: gemini.Subscription}
		if p.Import(gemini.Subscription, file, a) == nil && (a.Credential.Secret.Empty() || a.Credential.Refresh.Empty()) {
			t.Errorf("%q gave %+v", file, a)
		}
	})
}

// fresh is an account that has just been logged into.
func fresh(options map[string]string) *account.Account {
	return login(func(a *account.Account) { a.Options = options })
}

func TestALoginFindsItsProject(t *testing.T) {
	t.Parallel()
	const loadsWith = "POST " + assist + ":loadCodeAssist\n" + assistHead + `{`
	const tiers = `{"allowedTiers":[{"id":"legacy-tier"},{"id":"free-tier","isDefault":true}],"gcpManaged":false}`
	const paid = `{"allowedTiers":[{"id":"standard-tier","isDefault":true,"userDefinedCloudaicompanionProject":true}]}`
	const mine = `"metadata":{"duetProject":"mine","ideType":"IDE_UNSPECIFIED","platform":"PLATFORM_UNSPECIFIED","pluginType":"GEMINI"}`
	onboard := func(fields string) string {
		return "POST " + assist + ":onboardUser\n" + assistHead + `{` + fields + `}`
	}
	for name, c := range map[string]struct {
		options       map[string]string
		script        *script
		project, plan string
		asked         []string
		took          time.Duration
	}{
		"set up already": {
			nil, answers(says(200, `{"currentTier":{"id":"free-tier"},"cloudaicompanionProject":"pid"}`)), "pid", "free-tier",
			[]string{loadsWith + metadata + `}`}, 0,
		},
		"the tier as a word": {nil, answers(says(200, `{"currentTier":"legacy-tier","cloudaicompanionProject":"pid"}`)), "pid", "legacy-tier", []string{loadsWith + metadata + `}`}, 0},
		"the operator's own project": {
			map[string]string{"project": "mine"}, answers(says(200, `{"currentTier":{"id":"standard-tier"}}`)), "mine", "standard-tier",
			[]string{loadsWith + `"cloudaicompanionProject":"mine",` + mine + `}`}, 0,
		},
		"onboarded": {
			nil, answers(says(200, tiers), says(200, `{"name":"operations/1","done":false}`), says(200, `{"done":true,"response":{"cloudaicompanionProject":{"id":"new","name":"new"}}}`)),
			"new", "free-tier", []string{loadsWith + metadata + `}`, onboard(metadata + `,"tierId":"free-tier"`), onboard(metadata + `,"tierId":"free-tier"`)}, 5 * time.Second,
		},
		"the project as a word": {
			nil, answers(says(200, tiers), says(200, `{"done":true,"response":{"cloudaicompanionProject":"new"}}`)), "new", "free-tier",
			[]string{loadsWith + metadata + `}`, onboard(metadata + `,"tierId":"free-tier"`)}, 0,
		},
		"onboarded with a project": {
			map[string]string{"project": "mine"}, answers(says(200, paid), says(200, `{"done":true,"response":{}}`)), "mine", "standard-tier",
			[]string{loadsWith + `"cloudaicompanionProject":"mine",` + mine + `}`, onboard(`"cloudaicompanionProject":"mine",` + mine + `,"tierId":"standard-tier"`)}, 0,
		},
		"behind a company's perimeter": {
			map[string]string{"project": "mine"}, answers(says(403, problem(403, "PERMISSION_DENIED", "No.", info("SECURITY_POLICY_VIOLATED")))), "mine", "standard-tier",
			[]string{loadsWith + `"cloudaicompanionProject":"mine",` + mine + `}`}, 0,
		},
		"nothing missing": {map[string]string{"project": "p", "plan": "t"}, answers(), "p", "t", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				acc, begun := fresh(c.options), time.Now()
				err := newProvider(t).Finish(t.Context(), c.script.call, acc)
				if err != nil || acc.Options["project"] != c.project || acc.Options["plan"] != c.plan || time.Since(begun) != c.took {
					t.Errorf("%v, %v, %v", err, acc.Options, time.Since(begun))
				}
				if strings.Join(c.script.asked, "\n--\n") != strings.Join(c.asked, "\n--\n") {
					t.Errorf("it asked\n%s", strings.Join(c.script.asked, "\n--\n"))
				}
				if len(c.options) == 1 && c.options["plan"] != "" {
					t.Error("it changed options that others share")
				}
			})
		})
	}
	if err := newProvider(t).Finish(t.Context(), nil, key()); err != nil {
		t.Errorf("an API key has no project: %v", err)
	}
}

func TestALoginWithoutAProjectSaysWhy(t *testing.T) {
	t.Parallel()
	const paid = `{"allowedTiers":[{"id":"standard-tier","isDefault":true,"userDefinedCloudaicompanionProject":true}]}`
	pending := make([]provider.Reply, 13)
	for i := range pending {
		pending[i] = says(200, `{"done":false}`)
	}
	pending[0] = says(200, `{"allowedTiers":[{"id":"free-tier","isDefault":true}]}`)
	for name, c := range map[string]struct {
		script *script
		says   string
	}{
		"a project is wanted":     {answers(says(200, paid)), "--project"},
		"set up, but without one": {answers(says(200, `{"currentTier":{"id":"standard-tier"}}`)), "--project"},
		"onboarded without one":   {answers(pending[0], says(200, `{"done":true,"response":{}}`)), "--project"},
		"no tier at all":          {answers(says(200, `{}`)), "--project"},
		"not eligible": {
			answers(says(200, `{"ineligibleTiers":[{"reasonCode":"UNSUPPORTED_LOCATION","reasonMessage":"Not in your place.","tierId":"free-tier","validationUrl":"https://g.co/v"}]}`)),
			"Not in your place.: its owner must open https://g.co/v",
		},
		"refused":              {answers(says(403, problem(403, "PERMISSION_DENIED", "Not you."))), "403 PERMISSION_DENIED Not you."},
		"refused to onboard":   {answers(pending[0], says(400, problem(400, "FAILED_PRECONDITION", "Not you."))), "Not you."},
		"failed to onboard":    {answers(pending[0], says(200, `{"done":true,"error":{"code":7,"message":"Not you."}}`)), "Not you."},
		"unreachable":          {&script{err: errors.New("refused")}, "ask Code Assist about the account: refused"},
		"never done":           {answers(pending...), "within a minute"},
		"what makes no sense":  {answers(says(200, `<html>`)), "--project"},
		"nobody answers later": {answers(pending[:2]...), "nobody thought of this call"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				acc := fresh(nil)
				if err := newProvider(t).Finish(t.Context(), c.script.call, acc); err == nil || !strings.Contains(err.Error(), c.says) || len(acc.Options) > 0 {
					t.Errorf("%v, %v", err, acc.Options)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 7*time.Second)
		defer stop()
		if err := newProvider(t).Finish(ctx, answers(pending...).call, fresh(nil)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}
