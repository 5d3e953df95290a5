package gemini_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/internal/secret"
	protocol "crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/gemini"
	"crs/proxyengine/provider/providertest"
)

var suiteNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func suiteKey() *account.Account {
	return &account.Account{Name: "k", Platform: gemini.API, Credential: account.Credential{Kind: account.APIKey, Secret: secret.New("AIza-1")}}
}

func suiteLogin() *account.Account {
	return &account.Account{Name: "s", Platform: gemini.Subscription, Options: map[string]string{"project": "own-project"}, Credential: account.Credential{
		Kind: account.OAuth, Secret: secret.New("ya29.1"), Refresh: secret.New("1//r"), ExpiresAt: suiteNow.Add(time.Hour), Generation: 4,
	}}
}

func TestSuite(t *testing.T) {
	t.Parallel()
	p, err := gemini.New(gemini.Options{ClientID: "id", ClientSecret: secret.New("hush"), Now: func() time.Time { return suiteNow }})
	if err != nil {
		t.Fatal(err)
	}
	providertest.Run(t, &providertest.Suite{
		Provider: p, Now: suiteNow, Requests: suiteRequests(), Answers: suiteAnswers(), Recordings: suiteRecordings(t),
		Account: suiteKey(), Service: protocol.Generate, Model: "gemini-2.5-pro", Family: "gemini-2.5-pro",
		Renewal: &providertest.Renewal{
			Account: suiteLogin(),
			Want: "POST https://oauth2.googleapis.com/token\nContent-Type: application/x-www-form-urlencoded\nAccept: application/json\nAccept-Encoding: identity\n\n" +
				"client_id=id&client_secret=hush&grant_type=refresh_token&refresh_token=1%2F%2Fr",
			Answer: `{"access_token":"fresh-access","refresh_token":"fresh-refresh","expires_in":3599,"scope":"openid","token_type":"Bearer"}`,
			Life:   3599 * time.Second,
		},
		Files: map[string]string{
			gemini.Subscription: `{"access_token":"ya29.hidden","refresh_token":"1//hidden","scope":"openid","token_type":"Bearer","expiry_date":1895000000000}`,
		},
	})
}

// suiteRecordings: what one API answers in the place of the other is wrapped, or unwrapped.
func suiteRecordings(t *testing.T) map[string]providertest.Recording {
	all := providertest.Recordings(t, protocol.Generate, protocol.Count, protocol.Embed, protocol.CodeAssist, protocol.CodeAssistCount)
	for _, name := range []string{"codeassist.sse", "codeassist.json", "codeassist-count.json"} {
		r := all[name]
		r.Account = suiteLogin()
		all[name] = r
	}
	unwrapped := func(object string) string { return gjson.Get(object, "response").Raw }
	wrapped := func(object string) string { return `{"response":` + object + `}` }
	for _, form := range []string{".sse", ".json"} {
		r := all["codeassist"+form]
		r.Service, r.Output = protocol.Generate, eachObject(string(r.Body), unwrapped)
		all["unwrapped"+form] = r
		r = all["generate"+form]
		r.Service, r.Output = protocol.CodeAssist, eachObject(string(r.Body), wrapped)
		all["wrapped"+form] = r
	}
	return all
}

// eachObject changes every object of an answer: the data of its events, or the whole.
func eachObject(body string, change func(string) string) string {
	if !strings.HasPrefix(body, "data: ") {
		return change(strings.TrimSpace(body))
	}
	var b strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(body, "\r\n", "\n")) {
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			b.WriteString("data: " + change(strings.TrimSpace(data)) + "\r\n\r\n")
		}
	}
	return b.String()
}

func suiteRequests() map[string]providertest.Request {
	client := provider.Header{
		{Name: "Content-Type", Value: "application/json"}, {Name: "User-Agent", Value: "GeminiCLI/0.61.0/gemini-2.5-pro (linux; x64)"},
		{Name: "x-goog-api-client", Value: "gl-node/22"}, {Name: "x-goog-user-project", Value: "theirs"}, {Name: "X-Internal-Team", Value: "secret project"},
	}
	const sent = "Content-Type: application/json\nUser-Agent: GeminiCLI/0.61.0/gemini-2.5-pro (linux; x64)\nx-goog-api-client: gl-node/22\naccept-encoding: identity\n"
	const keyed, logged = sent + "x-goog-api-key: AIza-1\n\n", sent + "authorization: Bearer ya29.1\n\n"
	const body = `{ "contents" :[{"role":"user","parts":[{"text":"hi"}]}]}`
	const envelope = `{ "model":"gemini-2.5-pro","project":"theirs","user_prompt_id":"u","request":` + body + `}`
	const counted = `{"request":{"model":"models/gemini-2.5-pro","contents":[{"role":"user","parts":[{"text":"hi"}]}]}}`
	const public, assist = "POST https://generativelanguage.googleapis.com/v1beta/models/", "POST https://cloudcode-pa.googleapis.com/v1internal:"
	mapped := suiteKey()
	mapped.BaseURL, mapped.Map = "https://gateway.example/google", map[string]string{"gemini-2.5-pro": "gemini-3-pro"}
	const pro = "gemini-2.5-pro"
	return map[string]providertest.Request{
		"an answer": {
			Account: suiteKey(), Service: protocol.Generate, Path: "/v1beta/models/gemini-2.5-pro:generateContent", Param: pro, Header: client, Body: body,
			Want: public + "gemini-2.5-pro:generateContent\n" + keyed + body,
		},
		"a stream of another model, elsewhere": {
			Account: mapped, Service: protocol.Generate, Path: "/v1/models/gemini-2.5-pro:streamGenerateContent", Param: pro, Query: "alt=sse", Header: client, Body: body,
			Want: "POST https://gateway.example/google/v1/models/gemini-3-pro:streamGenerateContent?alt=sse\n" + keyed + body,
		},
		"a count": {
			Account: suiteKey(), Service: protocol.Count, Path: "/v1beta/models/gemini-2.5-pro:countTokens", Param: pro, Header: client, Body: body,
			Want: public + "gemini-2.5-pro:countTokens\n" + keyed + body,
		},
		"an embedding": {
			Account: suiteKey(), Service: protocol.Embed, Path: "/v1beta/models/gemini-embedding-001:embedContent", Param: "gemini-embedding-001", Header: client, Body: `{"content":{"parts":[{"text":"x"}]}}`,
			Want: public + "gemini-embedding-001:embedContent\n" + keyed + `{"content":{"parts":[{"text":"x"}]}}`,
		},
		"Code Assist's, on a key": {
			Account: suiteKey(), Service: protocol.CodeAssist, Path: "/v1internal:streamGenerateContent", Query: "alt=sse", Header: client, Body: envelope,
			Want: public + "gemini-2.5-pro:streamGenerateContent?alt=sse\n" + keyed + body,
		},
		"Code Assist's count, on a key": {
			Account: suiteKey(), Service: protocol.CodeAssistCount, Path: "/v1internal:countTokens", Header: client, Body: counted,
			Want: public + "gemini-2.5-pro:countTokens\n" + keyed + `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`,
		},
		"Code Assist's own": {
			Account: suiteLogin(), Service: protocol.CodeAssist, Path: "/v1internal:streamGenerateContent", Query: "alt=sse", Header: client, Body: envelope,
			Want: assist + "streamGenerateContent?alt=sse\n" + logged + strings.Replace(envelope, "theirs", "own-project", 1),
		},
		"Code Assist's own count": {
			Account: suiteLogin(), Service: protocol.CodeAssistCount, Path: "/v1internal:countTokens", Header: client, Body: counted,
			Want: assist + "countTokens\n" + logged + counted,
		},
		"the public API's, on a login": {
			Account: suiteLogin(), Service: protocol.Generate, Path: "/v1beta/models/gemini-2.5-pro:generateContent", Param: pro, Header: client, Body: body,
			Want: assist + "generateContent\n" + logged + `{"model":"gemini-2.5-pro","project":"own-project","request":` + body + `}`,
		},
		"the public API's count, on a login": {
			Account: suiteLogin(), Service: protocol.Count, Path: "/v1beta/models/gemini-2.5-pro:countTokens", Param: pro, Header: client, Body: body,
			Want: assist + "countTokens\n" + logged + `{"request":{"model":"models/gemini-2.5-pro","contents":[{"role":"user","parts":[{"text":"hi"}]}]}}`,
		},
	}
}

func said(code, status, message, details string) string {
	return `{"error":{"code":` + code + `,"message":"` + message + `","status":"` + status + `","details":[` + details + `]}}`
}

func suiteAnswers() map[string]providertest.Answer {
	const another, again, deliver = provider.TryAnother, provider.TryAgain, provider.Deliver
	const quota = `{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"`
	const retry = `{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"28s"}`
	reason := func(word string) string {
		return `{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"` + word + `","domain":"googleapis.com"}`
	}
	return map[string]providertest.Answer{
		"bad request":         {Status: 400, Body: said("400", "INVALID_ARGUMENT", "x", ""), Next: deliver, Result: account.Answered, Says: "x"},
		"key refused":         {Status: 400, Body: said("400", "INVALID_ARGUMENT", "API key not valid.", reason("API_KEY_INVALID")), Next: another, Result: account.Denied, Conceal: true},
		"token refused":       {Account: suiteLogin(), Status: 401, Body: said("401", "UNAUTHENTICATED", "x", ""), Next: provider.Renew, Result: account.Denied, Conceal: true},
		"a key, unauthorized": {Status: 401, Body: said("401", "UNAUTHENTICATED", "x", ""), Next: another, Result: account.Denied, Conceal: true},
		"forbidden":           {Status: 403, Body: said("403", "PERMISSION_DENIED", "x", ""), Next: another, Result: account.Denied, Conceal: true},
		"leaked":              {Status: 403, Body: said("403", "PERMISSION_DENIED", "Your API key was reported as leaked.", ""), Next: another, Result: account.Blocked, Conceal: true},
		"scopes":              {Account: suiteLogin(), Status: 403, Body: said("403", "PERMISSION_DENIED", "x", reason("ACCESS_TOKEN_SCOPE_INSUFFICIENT")), Next: another, Result: account.NeedsLogin, Conceal: true},
		"a page":              {Status: 403, Body: "<html>Sorry...", Next: another, Result: account.Failed, Conceal: true, Foreign: true, Says: "web page"},
		"a gateway's page":    {Status: 502, Body: "<html>Bad Gateway", Next: another, Result: account.Failed, Foreign: true, Says: "web page"},
		"no such model":       {Status: 404, Body: said("404", "NOT_FOUND", "models/x is not found", ""), Next: deliver, Result: account.Answered},
		"not in the plan":     {Account: suiteLogin(), Status: 404, Body: said("404", "NOT_FOUND", "x", ""), Next: another, Result: account.Answered},
		"by the minute":       {Status: 429, Body: said("429", "RESOURCE_EXHAUSTED", "x", quota+`GenerateRequestsPerMinutePerProjectPerModel"}]},`+retry), Next: another, Result: account.Throttled, Scope: "gemini-2.5-pro", Until: 28 * time.Second, Wait: 28 * time.Second},
		"by the minute, all":  {Status: 429, Body: said("429", "RESOURCE_EXHAUSTED", "x", quota+`GenerateRequestsPerMinutePerProject"}]},`+retry), Next: another, Result: account.Throttled, Until: 28 * time.Second, Wait: 28 * time.Second},
		"by the day":          {Status: 429, Body: said("429", "RESOURCE_EXHAUSTED", "x", quota+`GenerateRequestsPerDayPerProjectPerModel"}]}`), Next: another, Result: account.Exhausted, Scope: "gemini-2.5-pro", Until: 20 * time.Hour},
		"capacity":            {Account: suiteLogin(), Status: 429, Body: said("429", "RESOURCE_EXHAUSTED", "x", reason("MODEL_CAPACITY_EXHAUSTED")), Next: again, Result: account.Overloaded},
		"nothing said":        {Status: 429, Body: "", Next: another, Result: account.Throttled, Scope: "gemini-2.5-pro", Foreign: true},
		"overloaded":          {Status: 503, Body: said("503", "UNAVAILABLE", "The model is overloaded.", ""), Next: again, Result: account.Overloaded},
		"server error":        {Status: 500, Body: said("500", "INTERNAL", "x", ""), Next: another, Result: account.Failed},
		"stream: throttled":   {InStream: true, Status: 200, Body: said("429", "RESOURCE_EXHAUSTED", "x", retry), Next: another, Result: account.Throttled, Scope: "gemini-2.5-pro", Until: 28 * time.Second, Wait: 28 * time.Second, Becomes: 429},
		"stream: overloaded":  {InStream: true, Status: 200, Body: said("503", "UNAVAILABLE", "x", ""), Next: again, Result: account.Overloaded, Becomes: 503},
		"stream: anything":    {InStream: true, Status: 200, Body: said("500", "INTERNAL", "x", ""), Next: another, Result: account.Failed, Becomes: 500},
	}
}
