package gemini_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"crs/lab/providertest"
	protocol "crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
	"crs/proxyengine/provider/gemini"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	providertest.Run(t, &providertest.Suite{
		Provider: newProvider(t), Now: now, Requests: suiteRequests(), Answers: verdicts(), Recordings: suiteRecordings(t),
		Account: key(), Service: protocol.Generate, Model: "gemini-2.5-pro-002", Family: pro,
		Renewal: &providertest.Renewal{
			Account: login(),
			Want: "POST https://oauth2.googleapis.com/token\nContent-Type: application/x-www-form-urlencoded\nAccept: application/json\nAccept-Encoding: identity\n\n" +
				"client_id=client&client_secret=hush&grant_type=refresh_token&refresh_token=1%2F%2Fr",
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
		r.Account = login()
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
	moved := key(at("https://gateway.example/google"), mapped(pro, "gemini-3-pro"))
	return map[string]providertest.Request{
		"an answer": {
			Account: key(), Service: protocol.Generate, Path: "/v1beta/models/gemini-2.5-pro:generateContent", Param: pro, Header: client, Body: body,
			Want: public + "gemini-2.5-pro:generateContent\n" + keyed + body,
		},
		"a stream of another model, elsewhere": {
			Account: moved, Service: protocol.Generate, Path: "/v1/models/gemini-2.5-pro:streamGenerateContent", Param: pro, Query: "alt=sse", Header: client, Body: body,
			Want: "POST https://gateway.example/google/v1/models/gemini-3-pro:streamGenerateContent?alt=sse\n" + keyed + body,
		},
		"a count": {
			Account: key(), Service: protocol.Count, Path: "/v1beta/models/gemini-2.5-pro:countTokens", Param: pro, Header: client, Body: body,
			Want: public + "gemini-2.5-pro:countTokens\n" + keyed + body,
		},
		"an embedding": {
			Account: key(), Service: protocol.Embed, Path: "/v1beta/models/gemini-embedding-001:embedContent", Param: "gemini-embedding-001", Header: client, Body: `{"content":{"parts":[{"text":"x"}]}}`,
			Want: public + "gemini-embedding-001:embedContent\n" + keyed + `{"content":{"parts":[{"text":"x"}]}}`,
		},
		"Code Assist's, on a key": {
			Account: key(), Service: protocol.CodeAssist, Path: "/v1internal:streamGenerateContent", Query: "alt=sse", Header: client, Body: envelope,
			Want: public + "gemini-2.5-pro:streamGenerateContent?alt=sse\n" + keyed + body,
		},
		"Code Assist's count, on a key": {
			Account: key(), Service: protocol.CodeAssistCount, Path: "/v1internal:countTokens", Header: client, Body: counted,
			Want: public + "gemini-2.5-pro:countTokens\n" + keyed + `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`,
		},
		"Code Assist's own": {
			Account: login(), Service: protocol.CodeAssist, Path: "/v1internal:streamGenerateContent", Query: "alt=sse", Header: client, Body: envelope,
			Want: assist + "streamGenerateContent?alt=sse\n" + logged + strings.Replace(envelope, "theirs", "pid-1", 1),
		},
		"Code Assist's own count": {
			Account: login(), Service: protocol.CodeAssistCount, Path: "/v1internal:countTokens", Header: client, Body: counted,
			Want: assist + "countTokens\n" + logged + counted,
		},
		"the public API's, on a login": {
			Account: login(), Service: protocol.Generate, Path: "/v1beta/models/gemini-2.5-pro:generateContent", Param: pro, Header: client, Body: body,
			Want: assist + "generateContent\n" + logged + `{"model":"gemini-2.5-pro","project":"pid-1","request":` + body + `}`,
		},
		"the public API's count, on a login": {
			Account: login(), Service: protocol.Count, Path: "/v1beta/models/gemini-2.5-pro:countTokens", Param: pro, Header: client, Body: body,
			Want: assist + "countTokens\n" + logged + `{"request":{"model":"models/gemini-2.5-pro","contents":[{"role":"user","parts":[{"text":"hi"}]}]}}`,
		},
	}
}
