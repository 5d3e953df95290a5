package simulator_test

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"crs/internal/usage"
	"crs/lab/simulator"
)

const (
	geminiModel  = "/v1beta/models/gemini-2.5-pro:"
	askGemini    = `{"contents":[{"role":"user","parts":[{"text":"Say pong for my ping."}]}]}`
	geminiStream = geminiModel + "streamGenerateContent?alt=sse"
	geminiList   = geminiModel + "streamGenerateContent"
)

// gemini sends a prompt with an API key.
func (s *sim) gemini(action, body string) answer {
	s.t.Helper()
	return s.do("POST", action, body, "x-goog-api-key: AIza-a")
}

// chunk is what tests read of an answer of Gemini's, or of a part of its stream.
type chunk struct {
	Candidates []struct {
		Content struct {
			Role  string
			Parts []struct {
				Text         string
				Thought      bool
				FunctionCall *struct {
					Name string
					Args json.RawMessage
				}
				ThoughtSignature string
			}
		}
		FinishReason string
		Index        int
	}
	UsageMetadata struct {
		PromptTokenCount, CachedContentTokenCount, CandidatesTokenCount, ThoughtsTokenCount, TotalTokenCount int64
	}
	ModelVersion, ResponseID string
	Error                    *googleError
}

type googleError struct {
	Code            int
	Message, Status string
	Details         []map[string]any
}

// parts reads the parts of a stream of events.
func parts(t *testing.T, body string) []chunk {
	t.Helper()
	var all []chunk
	for _, event := range strings.SplitAfter(body, "\r\n\r\n") {
		if event == "" {
			continue
		}
		data, ok := strings.CutPrefix(strings.TrimSuffix(event, "\r\n\r\n"), "data: ")
		var c chunk
		if err := json.Unmarshal([]byte(data), &c); err != nil || !ok || !strings.HasSuffix(event, "\r\n\r\n") {
			t.Fatalf("event %q: %v", event, err)
		}
		all = append(all, c)
	}
	return all
}

func (c chunk) text() (text string) {
	for _, cand := range c.Candidates {
		for _, p := range cand.Content.Parts {
			if !p.Thought {
				text += p.Text
			}
		}
	}
	return text
}

// tokens are the figures as they are billed.
func (c chunk) tokens() usage.Tokens {
	u := c.UsageMetadata
	return usage.Tokens{
		Input: u.PromptTokenCount - u.CachedContentTokenCount, CacheRead: u.CachedContentTokenCount,
		Output: u.CandidatesTokenCount + u.ThoughtsTokenCount, Reasoning: u.ThoughtsTokenCount,
	}
}

func TestAPlainAnswerOfGemini(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	want := `{"candidates":[{"content":{"parts":[{"text":"pong — the simulator heard you."}],"role":"model"},"finishReason":"STOP","index":0}],` +
		`"usageMetadata":{"promptTokenCount":9024,"candidatesTokenCount":34,"totalTokenCount":9058,"cachedContentTokenCount":9012,` +
		`"cacheTokensDetails":[{"modality":"TEXT","tokenCount":9012}],"promptTokensDetails":[{"modality":"TEXT","tokenCount":9024}]},` +
		`"modelVersion":"gemini-2.5-pro","responseId":"sim000000000000000001"}`
	for i, path := range []string{geminiModel, "/v1/models/gemini-2.5-pro:", "/v1beta/models/gemini%2D2.5-pro:"} {
		a := s.gemini(path+"generateContent", askGemini)
		want := strings.Replace(want, "0001\"", "000"+string(rune('1'+i))+"\"", 1)
		if a.status != 200 || a.body != want || a.header.Get("Content-Type") != "application/json; charset=UTF-8" {
			t.Errorf("%s: %d\n%s\nwant\n%s", path, a.status, a.body, want)
		}
		if q := s.last(); q.Model != "gemini-2.5-pro" || q.Account != "AIza-a" || q.Outcome != simulator.Served {
			t.Errorf("recorded %+v", q)
		}
	}
	each := usage.Tokens{Input: 12, Output: 34, CacheRead: 9012}
	want3 := map[string]simulator.Bill{"AIza-a": {Requests: 3, Tokens: each.Add(each).Add(each)}}
	if got := s.Served(); !reflect.DeepEqual(got, want3) {
		t.Errorf("served %+v, want %+v", got, want3)
	}
}

func TestAStreamOfGeminiTellsMoreTokensInEachPartAndAllInTheLast(t *testing.T) {
	t.Parallel()
	s := start(t, `loop:ok(thinking,tool,events=4,text="Hi you",input=10,cache_read=90,output=40,reasoning=15)`)
	a := s.gemini(geminiStream, askGemini)
	if a.status != 200 || a.err != nil || a.header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v %v", a.status, a.err, a.header)
	}
	all := parts(t, a.body)
	var kinds []string
	var text string
	last := int64(-1)
	for _, c := range all {
		p := c.Candidates[0].Content.Parts[0]
		kind := "text"
		switch {
		case p.Thought:
			kind = "thought"
		case p.FunctionCall != nil:
			kind = "call"
			if p.FunctionCall.Name != simulator.ToolName || string(p.FunctionCall.Args) != simulator.ToolInput || p.ThoughtSignature == "" {
				t.Errorf("call %+v", p)
			}
		}
		kinds = append(kinds, kind+c.Candidates[0].FinishReason)
		text += c.text()
		if u := c.UsageMetadata; u.PromptTokenCount != 100 || u.TotalTokenCount != 100+u.CandidatesTokenCount+u.ThoughtsTokenCount ||
			u.TotalTokenCount < last || c.ModelVersion != "gemini-2.5-pro" || c.ResponseID != all[0].ResponseID || c.Candidates[0].Content.Role != "model" {
			t.Errorf("part %+v after %d tokens", c, last)
		}
		last = c.UsageMetadata.TotalTokenCount
	}
	if got := strings.Join(kinds, " "); got != "thought thought text text text text call textSTOP" {
		t.Errorf("parts %s", got)
	}
	want := usage.Tokens{Input: 10, CacheRead: 90, Output: 40, Reasoning: 15}
	if got := all[len(all)-1].tokens(); got != want || len(text) != 32 {
		t.Errorf("the last part tells %+v, want %+v; text %q", got, want, text)
	}
	s.idle()
	if got := s.Served()["AIza-a"]; got.Tokens != want {
		t.Errorf("billed %+v", got)
	}
	var whole chunk
	a = s.gemini(geminiModel+"generateContent", askGemini)
	if err := json.Unmarshal([]byte(a.body), &whole); err != nil || whole.tokens() != want || whole.text() != text || len(whole.Candidates[0].Content.Parts) != 3 {
		t.Errorf("as JSON: %v %s", err, a.body)
	}
}

func TestThinkingOfGeminiIsHalfTheOutputUnlessTheStepSays(t *testing.T) {
	t.Parallel()
	s := start(t, "ok(thinking),ok(output=5,reasoning=50),ok(input=0,output=0,cache_read=0)")
	for _, want := range []usage.Tokens{
		{Input: 12, CacheRead: 9012, Output: 34, Reasoning: 17},
		{Input: 12, CacheRead: 9012, Output: 5, Reasoning: 5},
		{},
	} {
		var c chunk
		a := s.gemini(geminiModel+"generateContent", askGemini)
		if err := json.Unmarshal([]byte(a.body), &c); err != nil || c.tokens() != want {
			t.Errorf("%v %s, want %+v", err, a.body, want)
		}
		if c.UsageMetadata.CachedContentTokenCount == 0 && strings.Contains(a.body, "cached") {
			t.Errorf("a zero is told: %s", a.body)
		}
	}
}

func TestAStreamWithoutEventsIsAnArray(t *testing.T) {
	t.Parallel()
	s := start(t, "ok(events=3),503,error(UNAVAILABLE),error(UNAVAILABLE,after=2,events=3)")
	for _, want := range []struct{ status, parts, failures int }{{200, 4, 0}, {503, 1, 1}, {200, 1, 1}, {200, 3, 1}} {
		var all []chunk
		a := s.gemini(geminiList, askGemini)
		if err := json.Unmarshal([]byte(a.body), &all); err != nil || a.status != want.status || len(all) != want.parts {
			t.Fatalf("%d %v, %d parts, want %+v: %s", a.status, err, len(all), want, a.body)
		}
		failures := 0
		for _, c := range all {
			if c.Error != nil {
				failures++
			}
		}
		if failures != want.failures || a.header.Get("Content-Type") != "application/json; charset=UTF-8" {
			t.Errorf("%d errors, want %+v: %s", failures, want, a.body)
		}
	}
}

func TestAnErrorInsideAStreamOfGemini(t *testing.T) {
	t.Parallel()
	cases := []struct {
		step   string
		before int
		code   int
		status string
	}{
		{"error", 0, 503, "UNAVAILABLE"},
		{"error(rate_limit_error,after=2)", 2, 429, "RESOURCE_EXHAUSTED"},
		{"error(RESOURCE_EXHAUSTED,after=1)", 1, 429, "RESOURCE_EXHAUSTED"},
		{"error(quota)", 0, 429, "RESOURCE_EXHAUSTED"},
		{"error(INTERNAL)", 0, 500, "INTERNAL"},
		{"error(ODD)", 0, 500, "ODD"},
	}
	for _, c := range cases {
		s := start(t, c.step+","+c.step)
		all := parts(t, s.gemini(geminiStream, askGemini).body)
		if len(all) != c.before+1 || all[c.before].Error == nil || all[c.before].Error.Code != c.code || all[c.before].Error.Status != c.status {
			t.Errorf("%s: %+v", c.step, all)
		}
		if q := s.last(); q.Outcome != simulator.Faulted || q.EventsSent != c.before+1 {
			t.Errorf("%s: recorded %s after %d", c.step, q.Outcome, q.EventsSent)
		}
		if a := s.gemini(geminiModel+"generateContent", askGemini); a.status != c.code || !strings.Contains(a.body, c.status) {
			t.Errorf("%s without a stream: %d %s", c.step, a.status, a.body)
		}
		if len(s.Served()) != 0 {
			t.Errorf("%s: billed %+v", c.step, s.Served())
		}
	}
}

func TestWhatElseGeminiAnswers(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	if a := s.gemini(geminiModel+"countTokens", askGemini); a.body != `{"totalTokens":9024,"promptTokensDetails":[{"modality":"TEXT","tokenCount":9024}]}` {
		t.Errorf("countTokens: %d %s", a.status, a.body)
	}
	if a := s.gemini(geminiModel+"countTokens", `{"generateContentRequest":{"model":"models/x",`+askGemini[1:]+`}`); a.status != 200 {
		t.Errorf("countTokens of a whole request: %d %s", a.status, a.body)
	}
	const embedding = "/v1beta/models/gemini-embedding-001:"
	if a := s.gemini(embedding+"embedContent", `{"content":{"parts":[{"text":"x"}]}}`); a.status != 200 || !strings.HasPrefix(a.body, `{"embedding":{"values":[0.0125,`) {
		t.Errorf("embedContent: %d %s", a.status, a.body)
	}
	a := s.gemini(embedding+"batchEmbedContents", `{"requests":[{"model":"m","content":{}},{"content":{}}]}`)
	if a.status != 200 || strings.Count(a.body, `{"values":[`) != 2 {
		t.Errorf("batchEmbedContents: %d %s", a.status, a.body)
	}
	a = s.do("GET", "/v1beta/models?pageSize=50", "", "x-goog-api-key: x")
	if a.status != 200 || !strings.Contains(a.body, `"name":"models/gemini-2.5-pro"`) || !json.Valid([]byte(a.body)) {
		t.Errorf("models: %d %s", a.status, a.body)
	}
	if a := s.do("GET", "/v1beta/models/gemini-2.5-flash?key=x", ""); a.status != 200 || !strings.HasPrefix(a.body, `{"name":"models/gemini-2.5-flash"`) {
		t.Errorf("model: %d %s", a.status, a.body)
	}
	s.idle()
	if got := s.Served(); len(got) != 1 || got["AIza-a"].Requests != 2 || got["AIza-a"].Tokens != (usage.Tokens{}) {
		t.Errorf("billed %+v, want two embeddings, of which nothing tells the tokens", got)
	}
}

func TestGeminiRefusesBadRequestsAndLeavesTheScriptAlone(t *testing.T) {
	t.Parallel()
	s := startWith(t, simulator.Options{Script: "503", BadKeys: []string{"AIza-bad"}})
	const key, generate = "x-goog-api-key: AIza-a", geminiModel + "generateContent"
	cases := []struct {
		name, path, body, field string
		status                  int
		code, says              string
	}{
		{"no key", generate, askGemini, "x: y", 403, "PERMISSION_DENIED", "unregistered callers"},
		{"a login's token", generate, askGemini, "authorization: Bearer ya29.x", 403, "PERMISSION_DENIED", "unregistered callers"},
		{"an empty key", generate + "?key=", askGemini, "x: y", 403, "PERMISSION_DENIED", "unregistered callers"},
		{"a bad key", generate, askGemini, "x-goog-api-key: AIza-bad", 400, "INVALID_ARGUMENT", "API key not valid"},
		{"a bad key in the query", generate + "?a=b&key=AIza%2Dbad", askGemini, "x: y", 400, "INVALID_ARGUMENT", "API key not valid"},
		{"no JSON", generate, `{"contents":`, key, 400, "INVALID_ARGUMENT", "Invalid JSON payload received."},
		{"another protocol", generate, `{"messages":[]}`, key, 400, "INVALID_ARGUMENT", `Unknown name "messages": Cannot find field.`},
		{"nothing", generate, `{}`, key, 400, "INVALID_ARGUMENT", "GenerateContentRequest.contents: contents is not specified"},
		{"empty contents", generate, `{"contents":[]}`, key, 400, "INVALID_ARGUMENT", "contents is not specified"},
		{"strange contents", generate, `{"contents":"hi"}`, key, 400, "INVALID_ARGUMENT", "Invalid value at 'contents'"},
		{"strange content", generate, `{"contents":["hi"]}`, key, 400, "INVALID_ARGUMENT", "Invalid value at 'contents'"},
		{"a strange role", generate, `{"contents":[{"role":"assistant","parts":[]}]}`, key, 400, "INVALID_ARGUMENT", "valid role: user, model"},
		{"no text to embed", geminiModel + "embedContent", `{}`, key, 400, "INVALID_ARGUMENT", "EmbedContentRequest.content"},
		{"one without a text", geminiModel + "batchEmbedContents", `{"requests":[{"content":{}},{}]}`, key, 400, "INVALID_ARGUMENT", "EmbedContentRequest.content"},
		{"no such method", geminiModel + "predict", askGemini, key, 404, "NOT_FOUND", "Method not found"},
		{"no such path", "/v1beta/files", askGemini, key, 404, "NOT_FOUND", "Method not found"},
	}
	for _, c := range cases {
		a := s.do("POST", c.path, c.body, c.field)
		e := googleFailed(t, a)
		if a.status != c.status || e.Code != c.status || e.Status != c.code || !strings.Contains(e.Message, c.says) {
			t.Errorf("%s: %d %s, want %d %s %q", c.name, a.status, a.body, c.status, c.code, c.says)
		}
		if q := s.last(); q.Step != "" || q.Outcome != simulator.Faulted {
			t.Errorf("%s: recorded %q %s", c.name, q.Step, q.Outcome)
		}
	}
	if a := s.do("GET", "/v1beta/models/gemini-9", "", key); a.status != 404 || !strings.Contains(a.body, "models/gemini-9 is not found") {
		t.Errorf("an unknown model: %d %s", a.status, a.body)
	}
	for _, body := range []string{askGemini, `{"contents":[{"parts":[{"text":"x"}]}],"system_instruction":{},"generationConfig":{},"tools":[]}`} {
		if a := s.gemini(generate, body); a.status != 503 {
			t.Errorf("the first good request gets %d, want the 503 of the script: %s", a.status, a.body)
		}
		s.SetScript("503")
	}
}

func googleFailed(t *testing.T, a answer) googleError {
	t.Helper()
	var e struct{ Error googleError }
	if err := json.Unmarshal([]byte(a.body), &e); err != nil {
		t.Errorf("%v in %q", err, a.body)
	}
	return e.Error
}

func TestAnyGeminiKeyIsGoodUntilOneIsRegistered(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	s.AddGeminiKey("AIza-b")
	a := s.gemini(geminiModel+"generateContent", askGemini)
	if e := googleFailed(t, a); a.status != 400 || e.Status != "INVALID_ARGUMENT" || e.Details[0]["reason"] != "API_KEY_INVALID" {
		t.Errorf("another one: %d %s", a.status, a.body)
	}
	if a := s.do("POST", geminiModel+"generateContent?key=AIza-b", askGemini); a.status != 200 {
		t.Errorf("the registered one: %d %s", a.status, a.body)
	}
}

func TestEveryErrorOfGoogleHasItsStatusAndDetails(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 10, 30, 0, 0, time.UTC)
	cases := []struct {
		step    string
		status  int
		code    string
		details []string // each somewhere
	}{
		{"400", 400, "INVALID_ARGUMENT", nil},
		{"400(key)", 400, "INVALID_ARGUMENT", []string{"API_KEY_INVALID"}},
		{"400(location)", 400, "FAILED_PRECONDITION", nil},
		{"401", 401, "UNAUTHENTICATED", nil},
		{"403", 403, "PERMISSION_DENIED", nil},
		{"403(validation)", 403, "PERMISSION_DENIED", []string{"VALIDATION_REQUIRED", "cloudcode-pa.googleapis.com", "google.rpc.Help", "https://accounts.google.com/signin/continue?sarp=1&scc=1"}},
		{"403(scopes)", 403, "PERMISSION_DENIED", []string{"ACCESS_TOKEN_SCOPE_INSUFFICIENT"}},
		{"403(banned)", 403, "PERMISSION_DENIED", nil}, // another provider's word
		{"404", 404, "NOT_FOUND", []string{"models/gemini-2.5-pro is not found"}},
		{"429", 429, "RESOURCE_EXHAUSTED", nil},
		{"429(minute)", 429, "RESOURCE_EXHAUSTED", []string{`"retryDelay":"34s"`, `"quotaId":"GenerateRequestsPerMinutePerProjectPerModel-FreeTier"`, "Please retry in 34s."}},
		{"429(minute,retry=1500ms)", 429, "RESOURCE_EXHAUSTED", []string{`"retryDelay":"1.5s"`}},
		{"429(day)", 429, "RESOURCE_EXHAUSTED", []string{`"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"`, `"model":"gemini-2.5-pro"`}},
		{"429(rate)", 429, "RESOURCE_EXHAUSTED", []string{"RATE_LIMIT_EXCEEDED", `"retryDelay":"7.3s"`}},
		{"429(quota,reset=2h)", 429, "RESOURCE_EXHAUSTED", []string{"QUOTA_EXHAUSTED", `"quotaResetDelay":"7200s"`, `"quotaResetTimeStamp":"2026-11-20T12:30:00Z"`}},
		{"429(credits)", 429, "RESOURCE_EXHAUSTED", []string{"INSUFFICIENT_G1_CREDITS_BALANCE"}},
		{"429(capacity)", 429, "RESOURCE_EXHAUSTED", []string{"MODEL_CAPACITY_EXHAUSTED", "No capacity available for model gemini-2.5-pro"}},
		{"499", 499, "CANCELLED", nil},
		{"500", 500, "INTERNAL", nil},
		{"503", 503, "UNAVAILABLE", nil},
		{"504", 504, "DEADLINE_EXCEEDED", nil},
		{"529", 529, "UNKNOWN", nil},
	}
	for _, c := range cases {
		t.Run(c.step, func(t *testing.T) {
			t.Parallel()
			s := startWith(t, simulator.Options{Script: c.step, Now: func() time.Time { return now }})
			a := s.gemini(geminiModel+"generateContent", askGemini)
			e := googleFailed(t, a)
			if a.status != c.status || e.Code != c.status || e.Status != c.code || (len(e.Details) > 0) != (strings.Contains(a.body, `"details"`)) {
				t.Errorf("%d %s, want %d %s", a.status, a.body, c.status, c.code)
			}
			for _, d := range c.details {
				if !strings.Contains(a.body, d) {
					t.Errorf("no %s in %s", d, a.body)
				}
			}
			if strings.ContainsAny(a.body, "%") || strings.Contains(a.body, "{model}") || strings.Contains(a.body, "{wait}") {
				t.Errorf("something is not filled in: %s", a.body)
			}
			if a := s.gemini(geminiModel+"generateContent", askGemini); a.status != 200 {
				t.Errorf("then %d, want 200", a.status)
			}
		})
	}
}

func TestFaultsSpoilGeminiToo(t *testing.T) {
	t.Parallel()
	s := start(t, "cut(after=2),crlf,split,garbage(json),empty,reset,nolength,gzip(silent)")
	if a := s.gemini(geminiStream, askGemini); a.err == nil || len(parts(t, a.body)) != 2 {
		t.Errorf("cut: %v %s", a.err, a.body)
	}
	for _, step := range []string{"crlf", "split"} {
		if all := parts(t, s.gemini(geminiStream, askGemini).body); len(all) != 5 || all[4].Candidates[0].FinishReason != "STOP" {
			t.Errorf("%s: %+v", step, all)
		}
	}
	if a := s.gemini(geminiStream, askGemini); json.Valid([]byte(strings.TrimPrefix(a.body, "data: "))) || a.status != 200 {
		t.Errorf("garbage: %s", a.body)
	}
	if a := s.gemini(geminiStream, askGemini); a.status != 200 || a.body != "" {
		t.Errorf("empty: %d %q", a.status, a.body)
	}
	if a := s.gemini(geminiStream, askGemini); a.status != 0 {
		t.Errorf("reset: %d", a.status)
	}
	if all := parts(t, s.gemini(geminiStream, askGemini).body); len(all) != 5 {
		t.Errorf("nolength: %+v", all)
	}
	if a := s.gemini(geminiStream, askGemini); !strings.HasPrefix(a.body, "\x1f\x8b") || a.header.Get("Content-Encoding") != "" {
		t.Errorf("gzip: %q", a.body)
	}
	var served int
	for _, q := range s.idle() {
		if q.Outcome == simulator.Served {
			served++
		}
	}
	if served != 4 || s.Served()["AIza-a"].Requests != 4 {
		t.Errorf("%d served, billed %+v", served, s.Served())
	}
}

func TestRandomFaultsAreOnTheBooksForEveryProvider(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(*sim) answer{
		"gemini": func(s *sim) answer { return s.gemini(geminiStream, askGemini) },
		"assist": func(s *sim) answer {
			return s.assist("key", "streamGenerateContent?alt=sse", wrap("gemini-2.5-pro", "p"))
		},
		"bedrock": func(s *sim) answer { return s.bedrock("invoke-with-response-stream", askBedrock) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := func() (got []string) {
				s := start(t, "random(5)")
				for range 60 {
					a := send(s)
					q := s.last()
					if whole := a.status == 200 && a.err == nil; q.Outcome == simulator.Served && !whole || q.Outcome == simulator.Canceled {
						t.Errorf("%s: the client got %d and %v, recorded %s", q.Step, a.status, a.err, q.Outcome)
					}
					got = append(got, q.Step+" "+string(q.Outcome)+" "+strconv.Itoa(a.status))
				}
				return got
			}
			if first, second := run(), run(); !reflect.DeepEqual(first, second) {
				t.Errorf("%v\nthen %v", first, second)
			}
		})
	}
}
