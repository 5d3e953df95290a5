package gemini_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/lab/providertest"
	protocol "crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/gemini"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func options() gemini.Options {
	return gemini.Options{ClientID: "client", ClientSecret: secret.New("hush"), Now: func() time.Time { return now }}
}

func newProvider(t *testing.T) *gemini.Provider {
	t.Helper()
	p, err := gemini.New(options())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func key(change ...func(*account.Account)) *account.Account {
	a := &account.Account{Name: "k", Platform: gemini.API, Credential: account.Credential{Kind: account.APIKey, Secret: secret.New("AIza-1")}}
	for _, c := range change {
		c(a)
	}
	return a
}

func login(change ...func(*account.Account)) *account.Account {
	a := &account.Account{Name: "s", Platform: gemini.Subscription, Options: map[string]string{"project": "pid-1", "plan": "free-tier"}, Credential: account.Credential{
		Kind: account.OAuth, Secret: secret.New("ya29.1"), Refresh: secret.New("1//r"), ExpiresAt: now.Add(time.Hour), Generation: 4,
	}}
	for _, c := range change {
		c(a)
	}
	return a
}

func at(base string) func(*account.Account) { return func(a *account.Account) { a.BaseURL = base } }

func mapped(from, to string) func(*account.Account) {
	return func(a *account.Account) { a.Map = map[string]string{from: to} }
}

// fromCLI is what Gemini CLI 0.61 sends (protocols.md, H.6), and what must stay here.
func fromCLI() provider.Header {
	return provider.Header{
		{Name: "User-Agent", Value: "GeminiCLI-tui/0.61.0/gemini-2.5-pro (linux; x64; terminal)"}, {Name: "Content-Type", Value: "application/json"},
		{Name: "x-goog-api-client", Value: "google-genai-sdk/1.30.0 gl-node/v22"}, {Name: "X-Gemini-Api-Privileged-User-Id", Value: "u"},
		{Name: "x-goog-user-project", Value: "theirs"}, {Name: "x-internal-team", Value: "secret project"}, {Name: "accept", Value: "*/*"},
	}
}

const (
	forwarded = "User-Agent: GeminiCLI-tui/0.61.0/gemini-2.5-pro (linux; x64; terminal)\nContent-Type: application/json\n" +
		"x-goog-api-client: google-genai-sdk/1.30.0 gl-node/v22\nX-Gemini-Api-Privileged-User-Id: u\naccept: */*\naccept-encoding: identity\n"
	withKey   = forwarded + "x-goog-api-key: AIza-1\n\n"
	withToken = forwarded + "authorization: Bearer ya29.1\n\n"
	google    = "https://generativelanguage.googleapis.com"
	assist    = "https://cloudcode-pa.googleapis.com/v1internal"
)

const (
	plain   = "{ \"contents\" :[{\"role\":\"user\",\"parts\":[{\"text\":\"\\u00e9 \\\"model\\\": 1\"}]}],\n \"generationConfig\":{ \"temperature\":1.0 }}"
	named   = `{"model" : "models/gemini-2.5-pro","contents":[]}`
	batch   = `{"requests":[{"model":"models/gemini-embedding-001","content":{}}, {"content":{},"model":"gemini-embedding-001"}]}`
	nested  = `{"generateContentRequest":{"model":"models/gemini-2.5-pro","contents":[1]}}`
	fromGCA = `{"model": "gemini-2.5-pro","project":"crs","user_prompt_id":"p","request":{"contents":[],"session_id":"s","labels":{"a":"b"},"generationConfig":{}}}`
	counted = `{"request":{"model":"models/gemini-2.5-pro","contents":[]}}`
)

// asked is a request in a client's words, for an account.
type asked struct {
	service, path, param, query, body string
	acc                               *account.Account
	want                              string // method left out
}

func (c *asked) prepare(t *testing.T) (string, error) {
	t.Helper()
	in := &provider.Inbound{Path: c.path, Param: c.param, Query: c.query, Header: fromCLI(), Body: []byte(c.body)}
	want, err := protocol.Protocol{}.Inspect(c.service, in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := newProvider(t).Prepare(in, &want, c.acc)
	if err != nil {
		return "", err
	}
	return providertest.Render(out), nil
}

// v1beta is a request of the public API.
func v1beta(service, model, action, query, body string, acc *account.Account, want string) asked {
	return asked{service, "/v1beta/models/" + model + ":" + action, model, query, body, acc, want}
}

// v1internal is one of Code Assist.
func v1internal(service, action, query, body string, acc *account.Account, want string) asked {
	return asked{service, "/v1internal:" + action, "", query, body, acc, want}
}

const pro = "gemini-2.5-pro"

func TestPrepare(t *testing.T) {
	t.Parallel()
	const streaming = "streamGenerateContent"
	for name, c := range map[string]asked{
		"public to public": v1beta(protocol.Generate, pro, "generateContent", "", plain, key(),
			google+"/v1beta/models/gemini-2.5-pro:generateContent\n"+withKey+plain),
		"a stream of events": v1beta(protocol.Generate, pro, streaming, "alt=sse", plain, key(),
			google+"/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse\n"+withKey+plain),
		"a stream in an array": v1beta(protocol.Generate, pro, streaming, "", plain, key(),
			google+"/v1beta/models/gemini-2.5-pro:streamGenerateContent\n"+withKey+plain),
		"the version that was asked for": {protocol.Generate, "/v1/models/" + pro + ":generateContent", pro, "prettyPrint=false", named, key(),
			google + "/v1/models/gemini-2.5-pro:generateContent?prettyPrint=false\n" + withKey + named},
		"a count":      v1beta(protocol.Count, pro, "countTokens", "", nested, key(), google+"/v1beta/models/gemini-2.5-pro:countTokens\n"+withKey+nested),
		"an embedding": v1beta(protocol.Embed, "gemini-embedding-001", "embedContent", "", `{"content":{}}`, key(), google+"/v1beta/models/gemini-embedding-001:embedContent\n"+withKey+`{"content":{}}`),
		"embeddings":   v1beta(protocol.Embed, "gemini-embedding-001", "batchEmbedContents", "", batch, key(), google+"/v1beta/models/gemini-embedding-001:batchEmbedContents\n"+withKey+batch),
		"a mapped model": v1beta(protocol.Generate, pro, "generateContent", "", named, key(mapped(pro, "models/gemini-3-pro")),
			google+"/v1beta/models/gemini-3-pro:generateContent\n"+withKey+`{"model" : "models/gemini-3-pro","contents":[]}`),
		"a mapped model in a batch": v1beta(protocol.Embed, "gemini-embedding-001", "batchEmbedContents", "", batch, key(mapped("gemini-embedding-001", "e\"2")),
			google+"/v1beta/models/e%222:batchEmbedContents\n"+withKey+`{"requests":[{"model":"models/e\"2","content":{}}, {"content":{},"model":"e\"2"}]}`),
		"a mapped model in a count": v1beta(protocol.Count, pro, "countTokens", "", nested, key(mapped(pro, "x")),
			google+"/v1beta/models/x:countTokens\n"+withKey+`{"generateContentRequest":{"model":"models/x","contents":[1]}}`),
		"a plain base":           v1beta(protocol.Generate, pro, "generateContent", "", plain, key(at("http://h:1/up/")), "http://h:1/up/v1beta/models/gemini-2.5-pro:generateContent\n"+withKey+plain),
		"a base with a version":  v1beta(protocol.Generate, pro, "generateContent", "", plain, key(at("http://h/v1beta")), "http://h/v1beta/models/gemini-2.5-pro:generateContent\n"+withKey+plain),
		"a base with the models": v1beta(protocol.Generate, pro, "generateContent", "", plain, key(at("http://h/x/models/")), "http://h/x/models/gemini-2.5-pro:generateContent\n"+withKey+plain),
		"a whole path":           v1beta(protocol.Generate, pro, streaming, "alt=sse", plain, key(at("http://h/g/{model}/do:{action}")), "http://h/g/gemini-2.5-pro/do:streamGenerateContent?alt=sse\n"+withKey+plain),
		"a gateway's model":      v1beta(protocol.Generate, "google/gemini 2", "generateContent", "", plain, key(), google+"/v1beta/models/google/gemini%202:generateContent\n"+withKey+plain),

		"Code Assist to Code Assist": v1internal(protocol.CodeAssist, streaming, "alt=sse", fromGCA, login(),
			assist+":streamGenerateContent?alt=sse\n"+withToken+strings.Replace(fromGCA, `"crs"`, `"pid-1"`, 1)),
		"Code Assist without a project": v1internal(protocol.CodeAssist, "generateContent", "", ` { "model":"gemini-2.5-pro","request":{"contents":[]}}`, login(),
			assist+":generateContent\n"+withToken+` {"project":"pid-1", "model":"gemini-2.5-pro","request":{"contents":[]}}`),
		"Code Assist, a mapped model": v1internal(protocol.CodeAssist, "generateContent", "", fromGCA, login(mapped(pro, "gemini-3-pro")),
			assist+":generateContent\n"+withToken+strings.NewReplacer(`"crs"`, `"pid-1"`, pro, "gemini-3-pro").Replace(fromGCA)),
		"a count of Code Assist":  v1internal(protocol.CodeAssistCount, "countTokens", "", counted, login(), assist+":countTokens\n"+withToken+counted),
		"a mapped model in it":    v1internal(protocol.CodeAssistCount, "countTokens", "", counted, login(mapped(pro, "x")), assist+":countTokens\n"+withToken+`{"request":{"model":"models/x","contents":[]}}`),
		"Code Assist at a base":   v1internal(protocol.CodeAssist, "generateContent", "", fromGCA, login(at("http://h/ca")), "http://h/ca/v1internal:generateContent\n"+withToken+strings.Replace(fromGCA, `"crs"`, `"pid-1"`, 1)),
		"Code Assist to public":   v1internal(protocol.CodeAssist, streaming, "alt=sse", fromGCA, key(), google+"/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse\n"+withKey+`{"contents":[],"generationConfig":{}}`),
		"its count to public":     v1internal(protocol.CodeAssistCount, "countTokens", "", counted, key(mapped(pro, "x")), google+"/v1beta/models/x:countTokens\n"+withKey+`{"contents":[]}`),
		"public to Code Assist":   v1beta(protocol.Generate, pro, streaming, "alt=sse", plain, login(), assist+":streamGenerateContent?alt=sse\n"+withToken+`{"model":"gemini-2.5-pro","project":"pid-1","request":`+plain+`}`),
		"with the model in it":    v1beta(protocol.Generate, pro, "generateContent", "", named, login(mapped(pro, "y")), assist+":generateContent\n"+withToken+`{"model":"y","project":"pid-1","request":{"contents":[]}}`),
		"a count to Code Assist":  v1beta(protocol.Count, pro, "countTokens", "", `{"contents":[1, 2]}`, login(), assist+":countTokens\n"+withToken+`{"request":{"model":"models/gemini-2.5-pro","contents":[1, 2]}}`),
		"a nested count likewise": v1beta(protocol.Count, pro, "countTokens", "", nested, login(), assist+":countTokens\n"+withToken+`{"request":{"model":"models/gemini-2.5-pro","contents":[1]}}`),
	} {
		got, err := c.prepare(t)
		if want := "POST " + c.want; err != nil || got != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, want)
		}
	}
}

// TestTheBodyIsNotCopied: bodies are megabytes.
func TestTheBodyIsNotCopied(t *testing.T) {
	t.Parallel()
	in := &provider.Inbound{Param: pro, Path: "/v1beta/models/x:generateContent", Body: []byte(plain)}
	for _, acc := range []*account.Account{key(), login()} {
		out, err := newProvider(t).Prepare(in, &provider.Intent{Service: protocol.Generate, Model: pro}, acc)
		if err != nil {
			t.Fatal(err)
		}
		same := false
		for _, part := range out.Body {
			same = same || len(part) == len(in.Body) && &part[0] == &in.Body[0]
		}
		if !same {
			t.Errorf("%s: %q", acc.Platform, out.Body)
		}
	}
}

// TestAClientsOwnCredentialStaysHere, in whatever spelling: Google would refuse the account for it.
func TestAClientsOwnCredentialStaysHere(t *testing.T) {
	t.Parallel()
	in := &provider.Inbound{Param: pro, Path: "/v1beta/models/x:generateContent", Body: []byte(plain),
		Query: "access_token=a&alt=sse&%61ccess_TOKEN=b&$userProject=c&oauth_token=d&%24key=e&fields=f&quotaUser=g"}
	for _, acc := range []*account.Account{key(), login()} {
		out, err := newProvider(t).Prepare(in, &provider.Intent{Service: protocol.Generate, Model: pro}, acc)
		if err != nil || !strings.HasSuffix(out.Target, "?alt=sse&fields=f") {
			t.Errorf("%s: %v, %v", acc.Platform, out, err)
		}
	}
}

func TestWhatCodeAssistCannotCountIsRefusedByName(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		`{"generateContentRequest":{"contents":[],"tools":[]}}`: "generateContentRequest.tools: ",
		`{"generateContentRequest":{}}`:                         "generateContentRequest.contents: ",
	} {
		c := v1beta(protocol.Count, pro, "countTokens", "", body, login(), "")
		_, err := c.prepare(t)
		var f *provider.Fault
		if !errors.As(err, &f) || f.Status != 400 || !strings.HasPrefix(f.Message, says) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestAnAccountIsCheckedBeforeItIsAdded(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	for says, acc := range map[string]*account.Account{
		"":                    key(at("https://h/{model}:{action}")),
		"takes an API key":    login(func(a *account.Account) { a.Platform = gemini.API }),
		"gemini-api":          key(func(a *account.Account) { a.Platform = gemini.Subscription }),
		"option project":      login(func(a *account.Account) { a.Options = nil }),
		"base URL of account": key(at("ftp://h")),
		"of account s":        login(at("https://u:p@h")),
	} {
		err := p.Check(acc)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", says, err)
		}
	}
	if err := p.Check(login()); err != nil {
		t.Error(err)
	}
}

func TestAnAddressThatMakesNoSenseIsNamed(t *testing.T) {
	t.Parallel()
	for setting, o := range map[string]gemini.Options{
		"api_url": {APIURL: "x"}, "code_assist_url": {AssistURL: "x"}, "token_url": {TokenURL: "x"}, "authorize_url": {AuthorizeURL: "x"},
	} {
		if _, err := gemini.New(o); err == nil || !strings.Contains(err.Error(), "providers.gemini."+setting) {
			t.Errorf("%s: %v", setting, err)
		}
	}
}

func TestWhoServesWhat(t *testing.T) {
	t.Parallel()
	all := newProvider(t).Platforms()
	api, assist := all[gemini.API], all[gemini.Subscription]
	for _, c := range []struct {
		p       account.Platform
		acc     *account.Account
		service string
		model   string
		want    bool
	}{
		{api, key(), protocol.Generate, "gemini-2.5-pro", true},
		{api, key(), protocol.CodeAssist, "gemma-3", true},
		{api, key(), protocol.Embed, "gemini-embedding-001", true},
		{assist, login(), protocol.Embed, "gemini-embedding-001", false},
		{assist, login(), protocol.CodeAssistCount, "gemini-2.5-pro", true},
		{api, key(), protocol.Generate, "claude-opus-4-8", false},
		{api, key(), "openai/chat", "gemini-2.5-pro", true},
		{api, key(), "openai/chat", "gpt-5.5", false},
		{api, key(), "openai/chat@gemini", "gemma-3", true},
		{api, key(), "anthropic/messages", "claude-opus-4-8", false},
		{api, key(mapped("claude-opus-4-8", "gemini-3-pro")), "anthropic/messages", "claude-opus-4-8", true},
	} {
		if got := c.p.Serves(c.acc, c.service, c.model); got != c.want {
			t.Errorf("%s of %s on %s: %v", c.service, c.model, c.acc.Platform, got)
		}
	}
	if assist.OwnClient != protocol.GeminiCLI || api.OwnClient != "" {
		t.Errorf("own clients: %q, %q", assist.OwnClient, api.OwnClient)
	}
}

func TestATrialCostsNextToNothing(t *testing.T) {
	t.Parallel()
	const head = "user-agent: crs\naccept: application/json\ncontent-type: application/json\naccept-encoding: identity\n"
	const word = `{"contents":[{"role":"user","parts":[{"text":"Say: hi"}]}],"generationConfig":{"maxOutputTokens":16}}`
	const brief = "user-agent: crs\ncontent-type: application/json\naccept-encoding: identity\nx-goog-api-key: AIza-1\n\n"
	for name, c := range map[string]struct {
		acc               *account.Account
		model, want, asks string
	}{
		"a list":  {key(), "", "GET " + google + "/v1beta/models?pageSize=1\n" + head + "x-goog-api-key: AIza-1\n\n", ""},
		"a model": {key(mapped("a", "b")), "a", "POST " + google + "/v1beta/models/b:generateContent\n" + brief + word, "b"},
		"no list": {key(at("http://h/{model}:{action}")), "", "POST http://h/gemini-2.5-flash-lite:generateContent\n" + brief + word, "gemini-2.5-flash-lite"},
		"a login": {login(), "x", "POST " + assist + ":loadCodeAssist\n" + head + "authorization: Bearer ya29.1\n\n" +
			`{"cloudaicompanionProject":"pid-1","metadata":{"duetProject":"pid-1","ideType":"IDE_UNSPECIFIED","platform":"PLATFORM_UNSPECIFIED","pluginType":"GEMINI"}}`, ""},
	} {
		out, asks, err := newProvider(t).TestRequest(c.acc, c.model)
		if err != nil || asks != c.asks || providertest.Render(out) != c.want {
			t.Errorf("%s: %v, %q\n%s\nwant\n%s", name, err, asks, providertest.Render(out), c.want)
		}
	}
}
