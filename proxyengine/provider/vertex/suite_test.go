package vertex_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/url"
	"sync"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/lab/providertest"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/vertex"
)

var now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func TestSuite(t *testing.T) {
	t.Parallel()
	acc := service(t)
	providertest.Run(t, &providertest.Suite{
		Provider: newProvider(t), Now: now, Requests: requests(t), Answers: answers(), Recordings: providertest.Recordings(t, anthropic.Messages, anthropic.CountTokens, gemini.Generate, gemini.Count),
		Account: acc, Service: gemini.Generate, Model: "gemini-2.5-pro", Family: "pro",
		Renewal: &providertest.Renewal{
			Account: acc, Keeps: true, Life: 3599 * time.Second,
			Want: "POST https://oauth2.googleapis.com/token\nContent-Type: application/x-www-form-urlencoded\nAccept: application/json\nAccept-Encoding: identity\n\n" +
				url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {signed(t)}}.Encode(),
			Answer: `{"access_token":"fresh-access","refresh_token":"theirs","expires_in":3599,"token_type":"Bearer"}`,
		},
		Files: map[string]string{vertex.Platform: keyFile(t)},
	})
}

func newProvider(t testing.TB) *vertex.Provider {
	t.Helper()
	p, err := vertex.New(vertex.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// private is a key that was made for these tests.
var private = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// keyFile is what Google Cloud gives for a service account.
func keyFile(t testing.TB, change ...func(map[string]string)) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private())
	if err != nil {
		t.Fatal(err)
	}
	f := map[string]string{
		"type": "service_account", "project_id": "my-project-1", "private_key_id": "0123abcd", "client_email": "relay@my-project-1.iam.gserviceaccount.com",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "client_id": "117", "universe_domain": "googleapis.com",
		"auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": "https://elsewhere.example/token",
	}
	for _, c := range change {
		c(f)
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// signed is the assertion that the account of these tests signs now.
func signed(t testing.TB) string {
	t.Helper()
	enc, issued := base64.RawURLEncoding.EncodeToString, now.Add(-10*time.Second).Unix()
	said := enc([]byte(`{"alg":"RS256","typ":"JWT","kid":"0123abcd"}`)) + "." + enc([]byte(fmt.Sprintf(
		`{"iss":"relay@my-project-1.iam.gserviceaccount.com","scope":"https://www.googleapis.com/auth/cloud-platform","aud":"https://oauth2.googleapis.com/token","exp":%d,"iat":%d}`,
		issued+3600, issued)))
	sum := sha256.Sum256([]byte(said))
	signature, err := rsa.SignPKCS1v15(nil, private(), crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return said + "." + enc(signature)
}

// service is an account with a service account's key, which has a token.
func service(t testing.TB, options ...string) *account.Account {
	t.Helper()
	acc := &account.Account{Name: "v", Platform: vertex.Platform}
	if err := newProvider(t).Import(vertex.Platform, []byte(keyFile(t)), acc); err != nil {
		t.Fatal(err)
	}
	acc.Credential.Secret, acc.Credential.ExpiresAt = secret.New("ya29.token"), now.Add(time.Hour)
	for i := 0; i < len(options); i += 2 {
		acc.Options[options[i]] = options[i+1]
	}
	return acc
}

func keyed(options ...string) *account.Account {
	acc := &account.Account{Name: "k", Platform: vertex.Platform, Options: map[string]string{}, Credential: account.Credential{Kind: account.APIKey, Secret: secret.New("AQ.key")}}
	for i := 0; i < len(options); i += 2 {
		acc.Options[options[i]] = options[i+1]
	}
	return acc
}

func requests(t *testing.T) map[string]providertest.Request {
	claude := provider.Header{
		{Name: "Content-Type", Value: "application/json"}, {Name: "User-Agent", Value: "claude-cli/2.1.197 (external, sdk-cli)"}, {Name: "anthropic-version", Value: "2023-06-01"},
		{Name: "Anthropic-Beta", Value: "claude-code-20250219,oauth-2025-04-20, interleaved-thinking-2025-05-14,context-1m-2025-08-07"},
		{Name: "anthropic-beta", Value: "interleaved-thinking-2025-05-14,web-search-2025-03-05"}, {Name: "x-app", Value: "cli"},
	}
	google := provider.Header{
		{Name: "Content-Type", Value: "application/json"}, {Name: "User-Agent", Value: "genai"}, {Name: "x-goog-api-client", Value: "gl-go/1"}, {Name: "x-goog-user-project", Value: "theirs"},
	}
	const claudes = "Content-Type: application/json\nUser-Agent: claude-cli/2.1.197 (external, sdk-cli)\n"
	const googles = "Content-Type: application/json\nUser-Agent: genai\nx-goog-api-client: gl-go/1\naccept-encoding: identity\n"
	const bearer = "authorization: Bearer ya29.token\n\n"
	const contents = `"contents" :[{"role":"user","parts":[{"text":"hi"}]}]`
	mapped := service(t)
	mapped.Map = map[string]string{"claude-opus-4-8": "claude-opus-4-6@20260101"}
	here := service(t)
	here.BaseURL = "http://127.0.0.1:9/google/"
	return map[string]providertest.Request{
		"Claude's answer": {
			Account: service(t), Service: anthropic.Messages, Query: "beta=true", Header: claude, Body: `{ "model": "claude-sonnet-4-5-20250929", "max_tokens" :64,"messages":[],"tags":{"a":1} , "metadata":{"tags":1}}`,
			Want: "POST https://aiplatform.googleapis.com/v1/projects/my-project-1/locations/global/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict\n" +
				claudes + "anthropic-beta: interleaved-thinking-2025-05-14,web-search-2025-03-05\naccept-encoding: identity\n" + bearer +
				`{"anthropic_version":"vertex-2023-10-16", "max_tokens" :64,"messages":[] , "metadata":{"tags":1}}`,
		},
		"Claude's stream, elsewhere": {
			Account: service(t, "location", "europe-west1", "project", "other-2"), Service: anthropic.Messages, Body: `{"max_tokens":64,"model":"claude-opus-4-8[1m]","stream":true,"messages":[],"anthropic_version":"x"}`,
			Want: "POST https://europe-west1-aiplatform.googleapis.com/v1/projects/other-2/locations/europe-west1/publishers/anthropic/models/claude-opus-4-8:streamRawPredict\n" +
				"content-type: application/json\naccept-encoding: identity\n" + bearer + `{"anthropic_version":"vertex-2023-10-16","max_tokens":64,"stream":true,"messages":[]}`,
		},
		"Claude's count": {
			Account: mapped, Service: anthropic.CountTokens, Header: claude, Body: `{"model":"claude-opus-4-8","messages":[],"tags":[]}`,
			Want: "POST https://aiplatform.googleapis.com/v1/projects/my-project-1/locations/global/publishers/anthropic/models/count-tokens:rawPredict\n" +
				claudes + "accept-encoding: identity\n" + bearer + `{"anthropic_version":"vertex-2023-10-16","model":"claude-opus-4-6@20260101","messages":[]}`,
		},
		"Gemini's answer, by a multi-region": {
			Account: service(t, "location", "eu"), Service: gemini.Generate, Path: "/v1beta/models/gemini-2.5-pro:generateContent", Param: "gemini-2.5-pro", Header: google, Body: `{ ` + contents + `}`,
			Want: "POST https://aiplatform.eu.rep.googleapis.com/v1/projects/my-project-1/locations/eu/publishers/google/models/gemini-2.5-pro:generateContent\n" + googles + bearer + `{ ` + contents + `}`,
		},
		"Gemini's stream, by a key": {
			Account: keyed(), Service: gemini.Generate, Path: "/v1beta/models/gemini-2.5-pro:streamGenerateContent", Param: "gemini-2.5-pro", Query: "alt=sse&key=theirs", Header: google,
			Body: `{"model":"models/gemini-2.5-pro",` + contents + `,"tags":{}}`,
			Want: "POST https://aiplatform.googleapis.com/v1/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse\n" + googles + "x-goog-api-key: AQ.key\n\n{" + contents + "}",
		},
		"Gemini's stream as a list, by a key of a project": {
			Account: keyed("project", "p-1", "location", "us-central1"), Service: gemini.Generate, Path: "/v1/models/gemini-2.5-pro:streamGenerateContent", Param: "gemini-2.5-pro", Header: google, Body: `{` + contents + `}`,
			Want: "POST https://us-central1-aiplatform.googleapis.com/v1/projects/p-1/locations/us-central1/publishers/google/models/gemini-2.5-pro:streamGenerateContent\n" + googles + "x-goog-api-key: AQ.key\n\n{" + contents + "}",
		},
		"Gemini's count": {
			Account: here, Service: gemini.Count, Path: "/v1beta/models/gemini-2.5-pro:countTokens", Param: "gemini-2.5-pro", Header: google,
			Body: `{"generateContentRequest":{"model":"models/gemini-2.5-pro",` + contents + `}}`,
			Want: "POST http://127.0.0.1:9/google/v1/projects/my-project-1/locations/global/publishers/google/models/gemini-2.5-pro:countTokens\n" + googles + bearer + "{" + contents + "}",
		},
	}
}

func answers() map[string]providertest.Answer {
	google := func(code int, status, message, details string) string {
		return fmt.Sprintf(`{"error":{"code":%d,"message":%q,"status":%q,"details":[%s]}}`, code, message, status, details)
	}
	why := func(reason string) string {
		return fmt.Sprintf(`{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":%q,"domain":"googleapis.com"}`, reason)
	}
	claude := func(kind string) string {
		return fmt.Sprintf(`{"type":"error","error":{"type":%q,"message":"m"},"request_id":"req_vrtx_1"}`, kind)
	}
	const messages, another, wait = anthropic.Messages, provider.TryAnother, `{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"7s"}`
	return map[string]providertest.Answer{
		"bad request":              {Status: 400, Body: google(400, "INVALID_ARGUMENT", "no role", ""), Result: account.Answered, Says: "no role"},
		"no key":                   {Account: keyed(), Status: 400, Body: google(400, "INVALID_ARGUMENT", "API key not valid.", why("API_KEY_INVALID")), Next: another, Result: account.Denied, Mask: true},
		"token ended":              {Status: 401, Body: google(401, "UNAUTHENTICATED", "m", ""), Next: provider.Renew, Result: account.Denied, Mask: true},
		"key refused":              {Account: keyed(), Status: 401, Body: google(401, "UNAUTHENTICATED", "m", ""), Next: another, Result: account.Denied, Mask: true},
		"payment":                  {Status: 402, Body: `{}`, Next: another, Result: account.Exhausted, Mask: true, NeedsReencoding: true},
		"no permission":            {Status: 403, Body: google(403, "PERMISSION_DENIED", "Permission 'aiplatform.endpoints.predict' denied", why("IAM_PERMISSION_DENIED")), Next: another, Result: account.Denied, Mask: true, Hint: "Vertex AI User"},
		"switched off":             {Status: 403, Body: google(403, "PERMISSION_DENIED", "m", why("SERVICE_DISABLED")), Next: another, Result: account.Denied, Mask: true, Hint: "Vertex AI API"},
		"no billing":               {Status: 403, Body: google(403, "PERMISSION_DENIED", "m", why("BILLING_DISABLED")), Next: another, Result: account.Denied, Mask: true, Hint: "billing"},
		"suspended":                {Status: 403, Body: google(403, "PERMISSION_DENIED", "m", why("CONSUMER_SUSPENDED")), Next: another, Result: account.Blocked, Mask: true},
		"a page":                   {Status: 403, Body: `<html>`, Next: another, Result: account.Failed, Mask: true, NeedsReencoding: true, Hint: "proxy"},
		"no such model":            {Status: 404, Body: google(404, "NOT_FOUND", "Publisher Model was not found", ""), Next: another, Result: account.Unsupported, Hint: "switched on"},
		"no Vertex":                {Status: 404, Body: `nothing`, Next: another, Result: account.Failed, NeedsReencoding: true},
		"no counting":              {Service: anthropic.CountTokens, Status: 404, Body: google(404, "NOT_FOUND", "m", ""), Next: another, Result: account.Unsupported, Only: anthropic.CountTokens, NeedsReencoding: true},
		"throttled":                {Status: 429, Body: google(429, "RESOURCE_EXHAUSTED", "Resource exhausted", ""), Next: another, Result: account.Throttled, OfModel: true},
		"throttled, a time":        {Status: 429, Body: google(429, "RESOURCE_EXHAUSTED", "Resource exhausted", wait), Next: another, Result: account.Throttled, OfModel: true, Until: 7 * time.Second, Wait: 7 * time.Second},
		"Claude, by Google":        {Service: messages, Status: 429, Body: google(429, "RESOURCE_EXHAUSTED", "Quota exceeded for base model: anthropic-claude", ""), Next: another, Result: account.Throttled, OfModel: true, NeedsReencoding: true, Says: "Quota exceeded"},
		"Claude, bad request":      {Service: messages, Status: 400, Body: claude("invalid_request_error"), Result: account.Answered, Says: "m"},
		"Claude, overloaded":       {Service: messages, Status: 529, Body: claude("overloaded_error"), Next: provider.TryAgain, Result: account.Overloaded, Says: "m"},
		"Claude, throttled":        {Service: messages, Status: 429, Body: claude("rate_limit_error"), Next: another, Result: account.Throttled, OfModel: true},
		"stream: overloaded":       {Service: messages, InStream: true, Status: 200, Body: claude("overloaded_error"), Next: provider.TryAgain, Result: account.Overloaded, Becomes: 503},
		"stream: throttled":        {Service: messages, InStream: true, Status: 200, Body: claude("rate_limit_error"), Next: another, Result: account.Throttled, OfModel: true, Becomes: 429},
		"stream: invalid":          {Service: messages, InStream: true, Status: 200, Body: claude("invalid_request_error"), Result: account.Answered, Becomes: 400},
		"stream: a token's end":    {Service: messages, InStream: true, Status: 200, Body: claude("authentication_error"), Next: provider.Renew, Result: account.Denied, Mask: true, Becomes: 401},
		"stream: forbidden":        {Service: messages, InStream: true, Status: 200, Body: claude("permission_error"), Next: another, Result: account.Denied, Mask: true, Becomes: 403},
		"stream: anything":         {Service: messages, InStream: true, Status: 200, Body: claude("api_error"), Next: another, Result: account.Failed, Becomes: 500},
		"stream: Gemini's":         {InStream: true, Status: 200, Body: google(503, "UNAVAILABLE", "m", ""), Next: provider.TryAgain, Result: account.Overloaded, Becomes: 503},
		"given up":                 {Status: 499, Body: google(499, "CANCELLED", "m", ""), Next: another, Result: account.Failed},
		"server error":             {Status: 500, Body: google(500, "INTERNAL", "m", ""), Next: another, Result: account.Failed},
		"unavailable":              {Status: 503, Body: google(503, "UNAVAILABLE", "m", ""), Next: provider.TryAgain, Result: account.Overloaded},
		"too large, by a stranger": {Status: 413, Body: `{}`, Result: account.Answered, NeedsReencoding: true},
	}
}
