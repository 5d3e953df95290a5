package simulator_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"crs/internal/usage"
	"crs/lab/simulator"
)

// assist sends a request to Code Assist.
func (s *sim) assist(access, method, body string) answer {
	s.t.Helper()
	return s.do("POST", "/v1internal:"+method, body, "authorization: Bearer "+access)
}

// wrap is a prompt as Gemini CLI sends it.
func wrap(model, project string) string {
	return `{"model":"` + model + `","project":"` + project + `","user_prompt_id":"u","request":{"contents":[{"role":"user","parts":[{"text":"ping"}]}],"session_id":"s"}}`
}

// wrapped is an answer of Code Assist.
type wrapped struct {
	Response chunk
	TraceID  string
}

func TestCodeAssistWrapsWhatGeminiAnswers(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	var w wrapped
	a := s.assist("ya29.any", "generateContent", wrap("gemini-2.5-pro", "p"))
	if err := json.Unmarshal([]byte(a.body), &w); err != nil || a.status != 200 || w.TraceID == "" ||
		w.Response.text() != "pong — the simulator heard you." || w.Response.ModelVersion != "gemini-2.5-pro" {
		t.Errorf("%d %v %s", a.status, err, a.body)
	}
	a = s.assist("ya29.any", "streamGenerateContent?alt=sse", wrap("gemini-2.5-pro", "p"))
	var text string
	for _, event := range strings.Split(strings.TrimSuffix(a.body, "\r\n\r\n"), "\r\n\r\n") {
		w = wrapped{}
		if err := json.Unmarshal([]byte(strings.TrimPrefix(event, "data: ")), &w); err != nil || w.TraceID == "" {
			t.Fatalf("%v in %q", err, event)
		}
		text += w.Response.text()
	}
	if text != "pong — the simulator heard you." || w.Response.Candidates[0].FinishReason != "STOP" {
		t.Errorf("text %q, last %+v", text, w)
	}
	want := usage.Tokens{Input: 24, Output: 68, CacheRead: 18024}
	s.idle()
	if got := s.Served()["ya29.any"]; got.Tokens != want || got.Requests != 2 {
		t.Errorf("billed %+v", got)
	}
	if a := s.assist("ya29.any", "countTokens", `{"request":{"model":"models/gemini-2.5-pro",`+askGemini[1:]+`}`); a.body != `{"totalTokens":9024}` || s.last().Model != "gemini-2.5-pro" {
		t.Errorf("countTokens: %d %s", a.status, a.body)
	}
}

func TestCodeAssistServesAnAccountWithItsProjectOnly(t *testing.T) {
	t.Parallel()
	c := &clock{}
	s := startWith(t, simulator.Options{Now: c.now})
	s.AddLogin(simulator.Google, simulator.Login{Access: "ya29.a", Refresh: "1//0a", Owner: simulator.Owner{Project: "mine"}})
	for _, q := range []struct {
		access, body string
		status       int
		code         string
	}{
		{"ya29.a", wrap("m", "mine"), 200, ""},
		{"ya29.a", wrap("m", "another"), 400, "INVALID_ARGUMENT"},
		{"ya29.a", wrap("m", ""), 400, "INVALID_ARGUMENT"},
		{"ya29.a", wrap("", "mine"), 400, "INVALID_ARGUMENT"},
		{"ya29.a", askGemini, 400, "INVALID_ARGUMENT"},
		{"ya29.a", `{"model":"m","project":"mine"}`, 400, "INVALID_ARGUMENT"},
		{"ya29.a", `{"model":"m","project":"mine","request":{"contents":[],"x":1}}`, 400, "INVALID_ARGUMENT"},
		{"ya29.a", `{`, 400, "INVALID_ARGUMENT"},
		{"ya29.x", wrap("m", "mine"), 401, "UNAUTHENTICATED"},
		{"", wrap("m", "mine"), 401, "UNAUTHENTICATED"},
	} {
		a := s.assist(q.access, "generateContent", q.body)
		if a.status != q.status || q.code != "" && googleFailed(t, a).Status != q.code {
			t.Errorf("%s %s: %d %s, want %d", q.access, q.body, a.status, a.body, q.status)
		}
	}
	c.advance(time.Hour)
	if a := s.assist("ya29.a", "generateContent", wrap("m", "mine")); a.status != 401 {
		t.Errorf("an expired token gets %d", a.status)
	}
}

func TestANewAccountIsOnboardedOnTheSecondCall(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	s.AddLogin(simulator.Google, simulator.Login{Access: "free", Owner: simulator.Owner{Project: "given", New: true}})
	s.AddLogin(simulator.Google, simulator.Login{Access: "work", Owner: simulator.Owner{Project: "own", Plan: "standard-tier", New: true}})
	s.AddLogin(simulator.Google, simulator.Login{Access: "poll", Owner: simulator.Owner{Project: "given", New: true}})
	type loaded struct {
		CurrentTier  *struct{ ID string }
		AllowedTiers []struct {
			ID          string
			IsDefault   bool
			UserDefined bool `json:"userDefinedCloudaicompanionProject"`
		}
		Project string `json:"cloudaicompanionProject"`
	}
	load := func(access string) (l loaded) {
		a := s.assist(access, "loadCodeAssist", `{"metadata":{"pluginType":"GEMINI"}}`)
		if err := json.Unmarshal([]byte(a.body), &l); err != nil || a.status != 200 {
			t.Fatalf("%d %v %s", a.status, err, a.body)
		}
		return l
	}
	if l := load("free"); l.CurrentTier != nil || l.Project != "" || len(l.AllowedTiers) != 2 || !l.AllowedTiers[0].IsDefault || l.AllowedTiers[0].UserDefined || !l.AllowedTiers[1].UserDefined {
		t.Errorf("free: %+v", l)
	}
	if l := load("work"); !l.AllowedTiers[1].IsDefault {
		t.Errorf("work: %+v", l)
	}
	if a := s.assist("free", "generateContent", wrap("m", "given")); a.status != 400 {
		t.Errorf("before it is in, it gets %d", a.status)
	}
	for _, q := range []struct{ access, body, want string }{
		{"free", `{}`, "tierId is missing"},
		{"free", `{"tierId":"free-tier","cloudaicompanionProject":"given"}`, "must not be given"},
		{"work", `{"tierId":"standard-tier"}`, "wants a project"},
		{"free", `{"tierId":"free-tier"}`, `"done":false`},
		{"free", `{"tierId":"free-tier"}`, `"done":true,"name":"operations/onboarding-simulated","response":{"@type":"type.googleapis.com/google.internal.cloud.code.v1internal.OnboardUserResponse","cloudaicompanionProject":{"id":"given"`},
		{"work", `{"tierId":"standard-tier","cloudaicompanionProject":"own"}`, `"done":false`},
		{"work", `{"tierId":"standard-tier","cloudaicompanionProject":"own"}`, `"id":"own"`},
		{"poll", `{"tierId":"free-tier"}`, `"done":false`},
	} {
		if a := s.assist(q.access, "onboardUser", q.body); !strings.Contains(a.body, q.want) {
			t.Errorf("%s %s: %d %s", q.access, q.body, a.status, a.body)
		}
	}
	const operation = "/v1internal/operations/onboarding-simulated"
	if a := s.do("GET", operation, "", "authorization: Bearer poll"); !strings.Contains(a.body, `"done":true`) {
		t.Errorf("the operation: %d %s", a.status, a.body)
	}
	if l := load("free"); l.CurrentTier == nil || l.CurrentTier.ID != "free-tier" || l.Project != "given" {
		t.Errorf("afterwards: %+v", l)
	}
	if a := s.assist("free", "generateContent", wrap("m", "given")); a.status != 200 {
		t.Errorf("afterwards it gets %d %s", a.status, a.body)
	}
}

func TestWhatElseCodeAssistAnswers(t *testing.T) {
	t.Parallel()
	s := start(t, "/v1internal:retrieveUserQuota=ok(5h=0.75)")
	for method, want := range map[string]string{
		"retrieveUserQuota":              `"remainingFraction":0.25`,
		"listExperiments":                `"experimentIds":[]`,
		"fetchAdminControls":             `{}`,
		"recordCodeAssistMetrics":        `{}`,
		"setCodeAssistGlobalUserSetting": `freeTierDataCollectionOptin`,
	} {
		if a := s.assist("x", method, `{}`); a.status != 200 || !strings.Contains(a.body, want) || !json.Valid([]byte(a.body)) {
			t.Errorf("%s: %d %s", method, a.status, a.body)
		}
	}
	for path, want := range map[string]int{
		"/v1internal:getCodeAssistGlobalUserSetting": 200, "/v1internal:loadCodeAssist": 404, "/v1internal:nothing": 404,
		"/v1internal/operations/onboarding-simulated": 404,
	} {
		if a := s.do("GET", path, "", "authorization: Bearer x"); a.status != want {
			t.Errorf("GET %s: %d %s", path, a.status, a.body)
		}
	}
	if len(s.Served()) != 0 {
		t.Errorf("billed %+v", s.Served())
	}
}
