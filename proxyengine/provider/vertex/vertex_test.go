package vertex_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"crs/internal/account"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/vertex"
)

func TestAFileThatIsNoServiceAccountsKeyIsRefused(t *testing.T) {
	t.Parallel()
	set := func(name, value string) string {
		return keyFile(t, func(f map[string]string) { f[name] = value })
	}
	small := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("short")}))
	for file, why := range map[string]string{
		set("type", "authorized_user"):       "a person's login as gcloud saves it",
		set("type", "external_account"):      "external_account",
		set("type", "hush"):                  "its type is not service_account",
		set("universe_domain", "hush.cloud"): "another cloud",
		set("client_email", "hush"):          "no client_email",
		set("client_email", "a:b@c"):         "no client_email",
		set("private_key_id", "hush hush"):   "private_key_id",
		set("private_key", "hush"):           "no private_key in PEM",
		set("private_key", small):            "is not an RSA key of 2048 bits or more",
		`hush`:                               "not a service account's key",
	} {
		acc := new(account.Account)
		err := newProvider(t).Import(vertex.Platform, []byte(file), acc)
		if err == nil || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), "hush") || acc.Credential.Kind != "" {
			t.Errorf("want %q: %v", why, err)
		}
	}
}

func TestTheProjectComesFromTheFileUnlessItIsSaid(t *testing.T) {
	t.Parallel()
	acc := &account.Account{Options: map[string]string{"project": "said-1"}}
	if err := newProvider(t).Import(vertex.Platform, []byte(keyFile(t)), acc); err != nil || acc.Options["project"] != "said-1" {
		t.Errorf("%v, %v", acc.Options, err)
	}
	if acc := service(t); acc.Options["project"] != "my-project-1" {
		t.Errorf("%v", acc.Options)
	}
}

func TestWhatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	for why, acc := range map[string]*account.Account{
		"":                                 keyed(),
		"location \"Europe\"":              service(t, "location", "Europe"),
		"location \"global.example.com\"":  keyed("location", "global.example.com"),
		"project \"../x\"":                 service(t, "project", "../x"),
		"the project is missing":           service(t, "project", ""),
		"takes a service account's key":    {Platform: vertex.Platform, Credential: account.Credential{Kind: account.OAuth}},
		"account has no service account's": {Platform: vertex.Platform, Options: map[string]string{"project": "p"}, Credential: account.Credential{Kind: account.ServiceAccount}},
	} {
		if err := p.Check(acc); (err == nil) != (why == "") || err != nil && !strings.Contains(err.Error(), why) {
			t.Errorf("want %q: %v", why, err)
		}
	}
	for _, o := range []vertex.Options{{APIURL: "ftp://x"}, {TokenURL: "nowhere"}} {
		if _, err := vertex.New(o); err == nil || !strings.Contains(err.Error(), "providers.vertex.") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// TestAnAPIKeyDoesNotOpenClaude: such an account has that model for nobody, which is no failure of it.
func TestAnAPIKeyDoesNotOpenClaude(t *testing.T) {
	t.Parallel()
	want := &provider.Intent{Service: anthropic.Messages, Model: "claude-opus-4-8"}
	_, err := newProvider(t).Prepare(&provider.Inbound{Body: []byte(`{"model":"claude-opus-4-8"}`)}, want, keyed())
	var fault *provider.Fault
	if !errors.As(err, &fault) || fault.Status != http.StatusNotFound || fault.Cause == nil {
		t.Errorf("%v", err)
	}
}

// TestGooglesLibraryAsksForTokensAlike: the same claims, signed alike, but for the time, and for where the file wants to be asked.
func TestGooglesLibraryAsksForTokensAlike(t *testing.T) {
	t.Parallel()
	config, err := google.JWTConfigFromJSON([]byte(keyFile(t)), "https://www.googleapis.com/auth/cloud-platform")
	if err != nil {
		t.Fatal(err)
	}
	config.TokenURL = "https://oauth2.googleapis.com/token"
	var theirs url.Values
	over := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		theirs, _ = url.ParseQuery(string(body))
		return nil, errors.New("enough")
	})}
	_, _ = config.TokenSource(context.WithValue(t.Context(), oauth2.HTTPClient, over)).Token()
	out, err := newProvider(t).RenewRequest(service(t))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := url.ParseQuery(string(out.Body[0]))
	if err != nil || ours.Get("grant_type") != theirs.Get("grant_type") || len(ours) != len(theirs) {
		t.Fatalf("ours %v, theirs %v: %v", ours, theirs, err)
	}
	for part := range 2 {
		a, b := decoded(t, ours.Get("assertion"), part), decoded(t, theirs.Get("assertion"), part)
		if part == 1 && a["exp"].(float64)-a["iat"].(float64) != b["exp"].(float64)-b["iat"].(float64) {
			t.Errorf("ours %v, theirs %v", a, b)
		}
		for _, m := range []map[string]any{a, b} {
			delete(m, "exp")
			delete(m, "iat")
		}
		if x, y := asJSON(t, a), asJSON(t, b); x != y {
			t.Errorf("ours %s, theirs %s", x, y)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func decoded(t *testing.T, assertion string, part int) map[string]any {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(assertion, ".")[part])
	m := map[string]any{}
	if err != nil || json.Unmarshal(text, &m) != nil {
		t.Fatalf("%q: %v", assertion, err)
	}
	return m
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestATrialCostsNextToNothing.
func TestATrialCostsNextToNothing(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"":                "/publishers/google/models/gemini-2.5-flash-lite:countTokens",
		"claude-opus-4-8": "/publishers/anthropic/models/claude-opus-4-8:rawPredict",
		"gemini-2.5-pro":  "/publishers/google/models/gemini-2.5-pro:generateContent",
	} {
		out, asked, err := newProvider(t).TestRequest(service(t), name)
		if err != nil || !strings.HasSuffix(out.Target, path) || name != "" && asked != name {
			t.Errorf("%q: %+v, %q, %v", name, out, asked, err)
		}
	}
}

// TestATokenWithoutAnEndIsGoodForAnHour.
func TestATokenWithoutAnEndIsGoodForAnHour(t *testing.T) {
	t.Parallel()
	c, err := newProvider(t).Renewed(service(t), &provider.Reply{At: now, Status: 200, Body: []byte(`{"access_token":"a"}`)})
	if err != nil || !c.ExpiresAt.Equal(now.Add(time.Hour)) {
		t.Errorf("%v, %v", c.ExpiresAt, err)
	}
}

// FuzzImport: whatever a file holds, it makes an account that can be kept and asks for tokens, or none; and no error shows it.
func FuzzImport(f *testing.F) {
	f.Add([]byte(keyFile(f)))
	f.Add([]byte(`{"type":"service_account","client_email":"a@b","private_key":"-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n"}`))
	f.Add([]byte(`{"type":"authorized_user"}`))
	p := newProvider(f)
	f.Fuzz(func(t *testing.T, file []byte) {
		acc := &account.Account{Name: "v", Platform: vertex.Platform}
		if err := p.Import(vertex.Platform, file, acc); err != nil {
			if !acc.Credential.Secret.Empty() || len(err.Error()) > 300 {
				t.Errorf("%v", err)
			}
			return
		}
		if acc.Credential.Check() != nil {
			return // longer than any
		}
		if _, err := p.RenewRequest(acc); err != nil {
			t.Errorf("an account was made that cannot ask for tokens: %v", err)
		}
	})
}
