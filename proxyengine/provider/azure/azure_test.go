package azure_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/lab/providertest"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/azure"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// options are pairs of a name and a value.
func resource(options ...string) *account.Account {
	a := &account.Account{
		Name: "a", Platform: azure.Platform, BaseURL: "https://res.openai.azure.com", Options: map[string]string{},
		Credential: account.Credential{Kind: account.APIKey, Secret: secret.New("k-1")},
	}
	for i := 0; i < len(options); i += 2 {
		a.Options[options[i]] = options[i+1]
	}
	return a
}

func mapped(from, to string, options ...string) *account.Account {
	a := resource(options...)
	a.Map = map[string]string{from: to}
	return a
}

func prepare(t *testing.T, service string, in *provider.Inbound, acc *account.Account) string {
	t.Helper()
	want, err := openai.Protocol{Part: openai.AzurePaths}.Inspect(service, in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := azure.New().Prepare(in, &want, acc)
	if err != nil {
		t.Fatal(err)
	}
	return providertest.Render(out)
}

// TestASurfaceDecidesWhereARequestGoes compares the target and the body.
func TestASurfaceDecidesWhereARequestGoes(t *testing.T) {
	t.Parallel()
	const body = `{"model":"azure/gpt-5.5","messages":[],"input":""}`
	named := func(name string) string { return strings.Replace(body, "azure/gpt-5.5", name, 1) }
	for name, c := range map[string]struct {
		service, query string
		acc            *account.Account
		target, body   string
	}{
		"chat":                           {openai.Chat, "", resource(), "/openai/deployments/gpt-5.5/chat/completions?api-version=2024-10-21", body},
		"embeddings":                     {openai.Embeddings, "", resource(), "/openai/deployments/gpt-5.5/embeddings?api-version=2024-10-21", body},
		"legacy completions":             {openai.Completions, "", resource(), "/openai/deployments/gpt-5.5/completions?api-version=2024-10-21", body},
		"images":                         {openai.Images, "", resource("api-version", "2025-04-01-preview"), "/openai/deployments/gpt-5.5/images/edits?api-version=2025-04-01-preview", body},
		"the client's version":           {openai.Chat, "api-version=2025-01-01-preview&x=1", resource(), "/openai/deployments/gpt-5.5/chat/completions?api-version=2025-01-01-preview&x=1", body},
		"the account's version":          {openai.Chat, "x=1&API-Version=2025-01-01-preview", resource("api-version", "2024-12-01"), "/openai/deployments/gpt-5.5/chat/completions?api-version=2024-12-01&x=1", body},
		"a version that is none":         {openai.Chat, "api-version=%0a", resource(), "/openai/deployments/gpt-5.5/chat/completions?api-version=2024-10-21", body},
		"a deployment":                   {openai.Chat, "", resource("deployment", "d 1"), "/openai/deployments/d%201/chat/completions?api-version=2024-10-21", body},
		"a map":                          {openai.Chat, "", mapped("gpt-5.5", "m", "deployment", "d"), "/openai/deployments/m/chat/completions?api-version=2024-10-21", body},
		"a map with the prefix":          {openai.Responses, "", mapped("azure/gpt-5.5", "m"), "/openai/v1/responses", named("m")},
		"Responses":                      {openai.Responses, "", resource(), "/openai/v1/responses", named("gpt-5.5")},
		"Responses, a client's version":  {openai.Responses, "api-version=2025-04-01-preview", resource(), "/openai/v1/responses", named("gpt-5.5")},
		"Responses, a client's preview":  {openai.Responses, "api-version=preview", resource(), "/openai/v1/responses?api-version=preview", named("gpt-5.5")},
		"Responses, a version":           {openai.Responses, "", resource("api-version", "2025-03-01-preview"), "/openai/responses?api-version=2025-03-01-preview", named("gpt-5.5")},
		"Responses, preview":             {openai.Responses, "", resource("surface", "responses-preview"), "/openai/responses?api-version=2025-04-01-preview", named("gpt-5.5")},
		"Responses, classic":             {openai.Responses, "", resource("surface", "classic"), "/openai/responses?api-version=2025-04-01-preview", named("gpt-5.5")},
		"chat, the Responses surface":    {openai.Chat, "", resource("surface", "responses-preview"), "/openai/deployments/gpt-5.5/chat/completions?api-version=2024-10-21", body},
		"chat, v1":                       {openai.Chat, "", resource("surface", "v1"), "/openai/v1/chat/completions", named("gpt-5.5")},
		"chat, v1, a version":            {openai.Chat, "", resource("surface", "v1", "api-version", "preview"), "/openai/v1/chat/completions?api-version=preview", named("gpt-5.5")},
		"Responses, v1, a dated version": {openai.Responses, "", resource("surface", "v1", "deployment", "d"), "/openai/v1/responses", named("d")},
	} {
		got := prepare(t, c.service, &provider.Inbound{Path: "/v1/images/edits", Query: c.query, Body: []byte(body)}, c.acc)
		head, sent, _ := strings.Cut(got, "\n\n")
		line, _, _ := strings.Cut(head, "\n")
		if want := "POST https://res.openai.azure.com" + c.target; line != want || sent != c.body {
			t.Errorf("%s:\n%s\n%s\nwant\n%s\n%s", name, line, sent, want, c.body)
		}
	}
}

func TestADeploymentInThePathIsEnough(t *testing.T) {
	t.Parallel()
	in := provider.Inbound{Path: "/openai/deployments/d/chat/completions", Param: "d", Body: []byte(`{"messages":[]}`)}
	if got := prepare(t, openai.Chat, &in, resource()); !strings.Contains(got, "/openai/deployments/d/chat/completions?") || !strings.HasSuffix(got, "\n\n"+`{"messages":[]}`) {
		t.Errorf("%s", got)
	}
	if got := prepare(t, openai.Chat, &in, resource("surface", "v1")); !strings.HasSuffix(got, "\n\n"+`{"model":"d","messages":[]}`) {
		t.Errorf("%s", got)
	}
}

func TestAModelThatIsNoDeploymentIsTheClientsFault(t *testing.T) {
	t.Parallel()
	for _, model := range []string{"..", ".", "azure/", "azure/..", "../a?b#c", "a/b", "a#b"} {
		_, err := azure.New().Prepare(&provider.Inbound{}, &provider.Intent{Service: openai.Chat, Model: model}, resource())
		var f *provider.Fault
		if !errors.As(err, &f) || f.Status != 400 {
			t.Errorf("%q: %v", model, err)
		}
	}
	got := prepare(t, openai.Chat, &provider.Inbound{Body: []byte(`{"model":"a b:c@1","messages":[]}`)}, resource())
	if !strings.Contains(got, "/openai/deployments/a%20b%3Ac%401/chat/completions?") {
		t.Errorf("%s", got)
	}
}

func TestFiguresAreAskedForWhereTheyAreKnown(t *testing.T) {
	t.Parallel()
	const body = `{"model":"m","messages":[],"stream":true}`
	for version, want := range map[string]bool{"": true, "2024-10-21": true, "2024-09-01-preview": true, "2024-08-01-preview": false, "2024-02-01": false, "preview": true} {
		got := prepare(t, openai.Chat, &provider.Inbound{Body: []byte(body)}, resource("api-version", version))
		if strings.Contains(got, `"stream_options":{"include_usage":true}`) != want {
			t.Errorf("%q: %s", version, got)
		}
	}
}

func TestABaseURLMayBeMoreThanTheResource(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"https://r.openai.azure.com/":                                    "https://r.openai.azure.com",
		"https://r.openai.azure.com/openai":                              "https://r.openai.azure.com",
		"https://r.openai.azure.com/openai/v1/":                          "https://r.openai.azure.com",
		"https://r.openai.azure.com/openai/deployments/x/chat/completio": "https://r.openai.azure.com",
		"http://apim.example:8080/ai/openai":                             "http://apim.example:8080/ai",
		"https://f.services.ai.azure.com/openaix":                        "https://f.services.ai.azure.com/openaix",
	} {
		acc := resource()
		acc.BaseURL = base
		got := prepare(t, openai.Responses, &provider.Inbound{Body: []byte(`{"model":"m"}`)}, acc)
		if line, _, _ := strings.Cut(got, "\n"); line != "POST "+want+"/openai/v1/responses" {
			t.Errorf("%s: %s", base, line)
		}
	}
	bad := resource()
	bad.BaseURL = "https://x?secret=hush"
	for _, f := range []func() error{
		func() error { _, err := azure.New().Prepare(&provider.Inbound{}, &provider.Intent{}, bad); return err },
		func() error { _, _, err := azure.New().TestRequest(bad, ""); return err },
	} {
		if err := f(); err == nil || strings.Contains(err.Error(), "hush") || !strings.Contains(err.Error(), "account a") {
			t.Errorf("%v", err)
		}
	}
}

func TestWhatThePlatformServes(t *testing.T) {
	t.Parallel()
	p := azure.New().Platforms()[azure.Platform]
	want := []string{
		"openai/chat", "openai/completions", "openai/responses", "openai/embeddings", "openai/images",
		"openai/chat@azure", "openai/completions@azure", "openai/responses@azure", "openai/embeddings@azure", "openai/images@azure",
	}
	if !slices.Equal(p.Services, want) || p.Translated["anthropic/messages"].To != "openai/chat" || p.Permission != "openai" || p.Catalog != "azure" || !slices.Contains(p.Foreign, "gemini-*") {
		t.Errorf("%+v", p)
	}
	m := azure.New().Meter(&provider.Intent{Service: openai.Chat, HideUsage: true}, resource(), provider.Header{{Name: "content-type", Value: "text/event-stream"}})
	if _, is := m.(provider.Transformer); !is {
		t.Errorf("%T", m)
	}
	if w := azure.New().Windows(provider.Header{{Name: "x-ratelimit-remaining-requests", Value: "0"}}, now); w != nil {
		t.Errorf("%v", w)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	p := azure.New()
	none := resource()
	none.BaseURL = ""
	token := resource()
	token.Credential.Kind = account.OAuth
	for says, acc := range map[string]*account.Account{
		"--base-url": none, "takes an API key": token, "option surface": resource("surface", "v2"), "option auth": resource("auth", "basic"),
		"option api-version": resource("api-version", "2024&x=1"), "option deployment": resource("deployment", "a/b"),
	} {
		if err := p.Check(acc); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	if err := p.Check(resource("surface", "v1", "auth", "bearer", "api-version", "preview", "deployment", "my-gpt.5_5")); err != nil {
		t.Error(err)
	}
}

func TestATrialCostsNextToNothing(t *testing.T) {
	t.Parallel()
	p := azure.New()
	for want, c := range map[string]struct {
		acc   *account.Account
		model string
	}{
		"GET https://res.openai.azure.com/openai/models?api-version=2024-10-21\n":                       {resource(), ""},
		"GET https://res.openai.azure.com/openai/models?api-version=2025-01-01\n":                       {resource("api-version", "2025-01-01"), ""},
		"GET https://res.openai.azure.com/openai/v1/models\n":                                           {resource("surface", "v1"), ""},
		"POST https://res.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-2": {resource("deployment", "d"), "gpt-5.5"},
		"POST https://res.openai.azure.com/openai/v1/chat/completions\n":                                {resource("surface", "v1", "deployment", "d"), "gpt-5.5"},
	} {
		out, asked, err := p.TestRequest(c.acc, c.model)
		if err != nil {
			t.Fatal(err)
		}
		text := providertest.Render(out)
		if !strings.HasPrefix(text, want) || !strings.Contains(text, "api-key: k-1\n") || (asked == "d") != strings.HasPrefix(want, "POST") {
			t.Errorf("%s asked for %q", text, asked)
		}
		if strings.Contains(want, "v1/chat") && !strings.Contains(text, `"model":"d"`) {
			t.Errorf("%s", text)
		}
	}
}
