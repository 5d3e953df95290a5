package simulator_test

import (
	"reflect"
	"strings"
	"testing"

	"crs/lab/simulator"
)

const (
	azureSafe   = `{"hate":{"filtered":false,"severity":"safe"},"self_harm":{"filtered":false,"severity":"safe"},"sexual":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"safe"}`
	azurePrompt = `"prompt_filter_results":[{"prompt_index":0,"content_filter_results":` + azureSafe + `,"jailbreak":{"filtered":false,"detected":false}}}]`
	azureChat   = "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21"
)

func (s *sim) azure(path, body string) answer {
	s.t.Helper()
	return s.do("POST", path, body, "api-key: az-a")
}

func TestAnAzureChatStreamBeginsWithWhatTheFilterFound(t *testing.T) {
	t.Parallel()
	s := at(t, `ok(tool,events=1,text="Hi you")`)
	a := s.azure(azureChat, `{"stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"x"}]}`)
	const head = `{"id":"chatcmpl-sim000000000000000001","object":"chat.completion.chunk","created":1795000000,"model":"my-gpt","service_tier":"default","system_fingerprint":"fp_simulated","choices":[`
	delta := func(d, finish, filter string) string {
		return head + `{"index":0,"delta":` + d + `,"logprobs":null,"finish_reason":` + finish + `,"content_filter_results":` + filter + `}],"usage":null}`
	}
	want := []string{
		`{"choices":[],"created":0,"id":"","model":"","object":"",` + azurePrompt + `}`,
		delta(`{"role":"assistant","content":"","refusal":null}`, "null", "{}"),
		delta(`{"content":"Hi you H"}`, "null", azureSafe+"}"),
		delta(`{"tool_calls":[{"index":0,"id":"call_sim000000000000000001","type":"function","function":{"name":"Read","arguments":""}}]}`, "null", azureSafe+"}"),
		delta(`{"tool_calls":[{"index":0,"function":{"arguments":"{\"file_path\":\"/tm"}}]}`, "null", azureSafe+"}"),
		delta(`{"tool_calls":[{"index":0,"function":{"arguments":"p/simulated.txt\"}"}}]}`, "null", azureSafe+"}"),
		delta(`{}`, `"tool_calls"`, "{}"),
		head + `],` + chatUsage + `}`,
		"[DONE]",
	}
	if got := chatChunks(t, a.body); !reflect.DeepEqual(got, want) {
		t.Errorf("chunks:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if q := s.last(); q.Model != "my-gpt" || q.Account != "az-a" || q.Query != "api-version=2024-10-21" || q.Outcome != simulator.Served {
		t.Errorf("recorded %+v", q)
	}
}

func TestADeploymentAnswersInItsOwnName(t *testing.T) {
	t.Parallel()
	s := at(t, "")
	a := s.azure("/openai/deployments/my%20%22gpt%22/chat/completions?api-version=x", `{"model":"other","messages":[{"role":"user","content":"ping"}]}`)
	for _, want := range []string{`"model":"my \"gpt\""`, `"finish_reason":"stop","content_filter_results":` + azureSafe + `}}],` + azurePrompt + `,"usage":`} {
		if a.status != 200 || !strings.Contains(a.body, want) {
			t.Errorf("%d, no %s in %s", a.status, want, a.body)
		}
	}
	if q := s.last(); q.Model != `my "gpt"` {
		t.Errorf("recorded as %q", q.Model)
	}
	if a := s.azure("/openai/deployments/e/embeddings?api-version=x", `{"input":["a","b"],"dimensions":1}`); a.status != 200 ||
		a.body != `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[-0.1]},{"object":"embedding","index":1,"embedding":[-0.097]}],"model":"e","usage":{"prompt_tokens":12,"total_tokens":12}}` {
		t.Errorf("embeddings: %d %s", a.status, a.body)
	}
	if a := s.azure("/openai/deployments/c/completions?api-version=x", `{"prompt":"x","stream":true}`); a.status != 200 || !strings.Contains(a.body, `"object":"text_completion"`) || !strings.Contains(a.body, `"model":"c"`) {
		t.Errorf("completions: %d %s", a.status, a.body)
	}
}

func TestAzureServesResponsesOnBothSurfaces(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	for _, path := range []string{"/openai/responses?api-version=2025-04-01-preview", "/openai/v1/responses", "/openai/v1/responses?api-version=preview"} {
		if a := s.azure(path, askGPTStream); a.status != 200 || len(dataLines(t, a.body)) != 12 || a.header.Get("x-ratelimit-remaining-tokens") != "249000" || a.header.Get("apim-request-id") == "" {
			t.Errorf("%s: %d %v %s", path, a.status, a.header, a.body)
		}
	}
	if a := s.do("POST", "/openai/v1/chat/completions", askChat, "authorization: Bearer entra"); a.status != 200 || !strings.Contains(a.body, `"model":"gpt-5.5"`) {
		t.Errorf("chat with a token: %d %s", a.status, a.body)
	}
	if a := s.azure("/openai/v1/embeddings", `{"model":"e","input":"x","dimensions":1}`); a.status != 200 {
		t.Errorf("embeddings: %d %s", a.status, a.body)
	}
	s.idle()
	if got := s.Served(); got["az-a"].Requests != 4 || got["entra"].Requests != 1 {
		t.Errorf("served %+v", got)
	}
}

func TestAzureRefusesInItsOwnWords(t *testing.T) {
	t.Parallel()
	s := startWith(t, simulator.Options{BadKeys: []string{"az-bad"}})
	const denied = `{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource."}}`
	for _, c := range []struct {
		name, path, body, field string
		status                  int
		want                    string
	}{
		{"no key", azureChat, askChat, "x: y", 401, denied},
		{"bad key", azureChat, askChat, "api-key: az-bad", 401, denied},
		{"no version", "/openai/deployments/d/chat/completions", askChat, "api-key: a", 404, `{"error":{"code":"404","message":"Resource not found"}}`},
		{"no version either", "/openai/responses", askGPT, "api-key: a", 404, `{"error":{"code":"404","message":"Resource not found"}}`},
		{"no messages", azureChat, `{}`, "api-key: a", 400, `{"error":{"message":"Missing required parameter: 'messages'.","type":"invalid_request_error","param":"messages","code":"missing_required_parameter"}}`},
		{"no JSON", azureChat, `{"messages":[{}`, "api-key: a", 400, `{"error":{"message":"We could not parse the JSON body of your request. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.","type":"invalid_request_error","param":null,"code":null}}`},
		{"no deployment", "/openai/v1/responses", `{"input":"x"}`, "api-key: a", 400, `{"error":{"message":"Missing required parameter: 'model'.","type":"invalid_request_error","param":"model","code":"missing_required_parameter"}}`},
	} {
		if a := s.do("POST", c.path, c.body, c.field); a.status != c.status || a.body != c.want {
			t.Errorf("%s: %d %s, want %s", c.name, a.status, a.body, c.want)
		}
	}
	for _, path := range []string{"/openai/deployments//chat/completions?api-version=x", "/openai/deployments/d", "/openai/deployments/d/x?api-version=x"} {
		if a := s.azure(path, askChat); a.status != 404 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

func TestEveryAzureErrorHasItsShape(t *testing.T) {
	t.Parallel()
	for step, want := range map[string]struct {
		status      int
		body, retry string
	}{
		"400(content_filter)": {400, `"type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true,"severity":"high"},`, ""},
		"400(long)":           {400, `"code":"context_length_exceeded"`, ""},
		"401":                 {401, `{"error":{"code":"401","message":"Access denied due to invalid subscription key`, ""},
		"403":                 {403, `{"error":{"code":"403","message":`, ""},
		"404":                 {404, `{"error":{"code":"404","message":"Resource not found"}}`, ""},
		"404(deployment)":     {404, `{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist.`, ""},
		"429":                 {429, `{"error":{"code":"429","message":"Requests to the ChatCompletions_Create Operation`, "60"},
		"429(rate,reset=12s)": {429, `Please retry after 12 seconds."}}`, "12"},
		"500":                 {500, `{"error":{"code":"InternalServerError",`, ""},
		"503":                 {503, `{"error":{"code":"ServiceUnavailable",`, ""},
		"error":               {503, `"code":"server_is_overloaded"`, ""},
	} {
		a := start(t, step).azure(azureChat, askChat)
		if a.status != want.status || !strings.Contains(a.body, want.body) || a.header.Get("retry-after") != want.retry || a.header.Get("apim-request-id") == "" {
			t.Errorf("%s: %d %v %s, want %s", step, a.status, a.header, a.body, want.body)
		}
	}
	got := chatChunks(t, start(t, "error(content_filter,after=1)").azure(azureChat, askChatStream).body)
	if last := got[len(got)-1]; !strings.HasPrefix(last, `{"error":{"message":`) {
		t.Errorf("the last chunk is %s", last)
	}
}
