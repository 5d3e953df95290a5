package simulator_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"crs/lab/simulator"
)

func TestBadRequestsAreRefusedAndLeaveTheScriptAlone(t *testing.T) {
	t.Parallel()
	s := startWith(t, simulator.Options{Script: "529", BadKeys: []string{"sk-bad"}})
	const version = "anthropic-version: 2023-06-01"
	cases := []struct {
		name, body string
		fields     []string
		status     int
		kind, says string
	}{
		{"no credential", ask, []string{version}, 401, "authentication_error", "x-api-key header is required"},
		{"bad key", ask, []string{version, "x-api-key: sk-bad"}, 401, "authentication_error", "invalid x-api-key"},
		{"bad bearer", ask, []string{version, "authorization: Bearer sk-bad"}, 401, "authentication_error", "Invalid bearer token"},
		{"access token as a key", ask, []string{version, "x-api-key: sk-ant-oat01-x"}, 401, "authentication_error", "invalid x-api-key"},
		{"login without its beta", ask, []string{version, "authorization: Bearer sk-ant-oat01-x"}, 401, "authentication_error", "OAuth authentication is currently not supported."},
		{"no version", ask, []string{"x-api-key: sk-a"}, 400, "invalid_request_error", "anthropic-version: header is required"},
		{"no JSON", `{"model":`, []string{version, "x-api-key: sk-a"}, 400, "invalid_request_error", "The request body is not valid JSON."},
		{"no body", ``, []string{version, "x-api-key: sk-a"}, 400, "invalid_request_error", "The request body is not valid JSON."},
		{"no model", `{"max_tokens":1,"messages":[]}`, []string{version, "x-api-key: sk-a"}, 400, "invalid_request_error", "model: Field required"},
		{"strange model", `{"model":1,"max_tokens":1,"messages":[]}`, []string{version, "x-api-key: sk-a"}, 400, "invalid_request_error", "model: Input should be a valid string"},
		{"no max_tokens", `{"model":"m","messages":[{}]}`, []string{version, "x-api-key: sk-a"}, 400, "invalid_request_error", "max_tokens: Field required"},
		{"strange max_tokens", `{"model":"m","max_tokens":"1","messages":[{}]}`, []string{version, "x-api-key: sk-a"}, 400, "invalid_request_error", "max_tokens: Input should be a valid integer"},
		{"no messages", `{"model":"m","max_tokens":1}`, []string{version, "x-api-key: sk-a"}, 400, "invalid_request_error", "messages: Field required"},
		{"empty messages", `{"model":"m","max_tokens":1,"messages":[]}`, []string{version, "x-api-key: sk-a"}, 400, "invalid_request_error", "messages: at least one message is required"},
		{"strange messages", `{"model":"m","max_tokens":1,"messages":{}}`, []string{version, "x-api-key: sk-a"}, 400, "invalid_request_error", "messages: Input should be a valid list"},
	}
	for _, c := range cases {
		a := s.do("POST", "/v1/messages", c.body, c.fields...)
		kind, says := failed(t, a)
		if a.status != c.status || kind != c.kind || says != c.says {
			t.Errorf("%s: %d %s %q, want %d %s %q", c.name, a.status, kind, says, c.status, c.kind, c.says)
		}
		if q := s.last(); q.Step != "" || q.Outcome != simulator.Faulted || q.Status != c.status {
			t.Errorf("%s: recorded %q %s %d", c.name, q.Step, q.Outcome, q.Status)
		}
	}
	if a := s.do("POST", "/v1/messages", ask, version, "authorization: bearer sk-a"); a.status != 529 {
		t.Errorf("the first good request gets %d, want the 529 of the script", a.status)
	}
}

// failed reads an error answer, and checks its shape.
func failed(t *testing.T, a answer) (kind, message string) {
	t.Helper()
	var e struct {
		Type      string
		RequestID string `json:"request_id"`
		Error     struct{ Type, Message string }
	}
	if err := json.Unmarshal([]byte(a.body), &e); err != nil {
		t.Errorf("%v in %q", err, a.body)
	}
	if e.Type != "error" || e.RequestID == "" || e.RequestID != a.header.Get("request-id") {
		t.Errorf("error %q with request-id %q", a.body, a.header.Get("request-id"))
	}
	return e.Error.Type, e.Error.Message
}

func TestEveryErrorHasItsStatusTypeAndText(t *testing.T) {
	t.Parallel()
	cases := []struct {
		step       string
		status     int
		kind, says string
	}{
		{"400", 400, "invalid_request_error", ""},
		{"400(credit)", 400, "invalid_request_error", "credit balance is too low"},
		{"400(long)", 400, "invalid_request_error", "prompt is too long"},
		{"400(claude-code)", 400, "invalid_request_error", "only authorized for use with Claude Code"},
		{"400(third-party)", 400, "invalid_request_error", "Third-party apps now draw from your extra usage"},
		{"400(disabled)", 400, "invalid_request_error", "organization has been disabled"},
		{"401", 401, "authentication_error", "invalid x-api-key"},
		{"402", 402, "billing_error", ""},
		{"403", 403, "permission_error", ""},
		{"403(banned)", 403, "permission_error", "organization has been disabled"},
		{"403(oauth)", 403, "permission_error", "OAuth authentication is currently not allowed for this organization"},
		{"404", 404, "not_found_error", ""},
		{"409", 409, "conflict_error", ""},
		{"413", 413, "request_too_large", ""},
		{"422", 422, "invalid_request_error", ""},
		{"429", 429, "rate_limit_error", "exceed your account's rate limit"},
		{"429(extra)", 429, "rate_limit_error", "Extra usage"},
		{"500", 500, "api_error", "Internal server error"},
		{"503", 503, "api_error", ""},
		{"504", 504, "timeout_error", ""},
		{"529", 529, "overloaded_error", "Overloaded"},
		{"error", 529, "overloaded_error", "Overloaded"},
		{"error(rate_limit_error,after=3)", 429, "rate_limit_error", "exceed your account's rate limit"},
		{"error(odd_error)", 500, "odd_error", "odd_error"},
	}
	for _, c := range cases {
		t.Run(c.step, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.step)
			a := s.post("sk-a", ask)
			kind, says := failed(t, a)
			if a.status != c.status || kind != c.kind || !strings.Contains(says, c.says) {
				t.Errorf("%d %s %q, want %d %s %q", a.status, kind, says, c.status, c.kind, c.says)
			}
			if q := s.last(); q.Step != c.step || q.Outcome != simulator.Faulted {
				t.Errorf("recorded %q %s", q.Step, q.Outcome)
			}
			if a := s.post("sk-a", ask); a.status != 200 {
				t.Errorf("then %d, want 200", a.status)
			}
			if b := s.Served()["sk-a"]; b.Requests != 1 {
				t.Errorf("billed %d requests, want only the second", b.Requests)
			}
		})
	}
}

func TestARateLimitTellsWhichWindowAndUntilWhen(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 10, 30, 0, 0, time.UTC)
	unix := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	const u = "anthropic-ratelimit-unified-"
	cases := []struct {
		step string
		want map[string]string // "" is absent
	}{
		{"429", map[string]string{"retry-after": "60", u + "status": "", "anthropic-ratelimit-requests-remaining": "0"}},
		{"429(retry=30s)", map[string]string{"retry-after": "30", u + "status": ""}},
		{"429(bare)", map[string]string{"retry-after": "", u + "status": "", "anthropic-ratelimit-requests-remaining": ""}},
		{"429(extra)", map[string]string{"retry-after": "", u + "status": ""}},
		{"429(spend)", map[string]string{"retry-after": "", u + "status": ""}},
		{"429(unified,reset=90s)", map[string]string{"retry-after": "90", u + "status": "rejected", u + "reset": unix(90 * time.Second), u + "5h-status": "allowed", u + "7d-status": "allowed"}},
		{"429(5h,reset=30m)", map[string]string{
			"retry-after": "1800", u + "status": "rejected", u + "reset": unix(30 * time.Minute), u + "representative-claim": "five_hour",
			u + "5h-status": "rejected", u + "5h-reset": unix(30 * time.Minute), u + "5h-utilization": "1", u + "7d-status": "allowed",
		}},
		{"429(7d)", map[string]string{u + "representative-claim": "seven_day", u + "7d-status": "rejected", u + "7d-reset": unix(24 * time.Hour), u + "5h-status": "allowed"}},
		{"429(7d_oi,reset=2h,retry=10s)", map[string]string{
			"retry-after": "10", u + "representative-claim": "seven_day_overage_included", u + "status": "rejected",
			u + "7d_oi-status": "rejected", u + "7d_oi-reset": unix(2 * time.Hour), u + "5h-status": "allowed", u + "7d-status": "allowed",
		}},
		{"429(opus)", map[string]string{u + "representative-claim": "seven_day_opus", u + "status": "rejected", u + "5h-status": "allowed", u + "7d-status": "allowed"}},
		{"429(sonnet)", map[string]string{u + "representative-claim": "seven_day_sonnet"}},
		{"503(retry=7s)", map[string]string{"retry-after": "7", u + "status": ""}},
		{"529", map[string]string{"retry-after": "", u + "status": "", "anthropic-ratelimit-requests-remaining": ""}},
	}
	for _, c := range cases {
		t.Run(c.step, func(t *testing.T) {
			t.Parallel()
			s := startWith(t, simulator.Options{Script: c.step, Now: func() time.Time { return now }})
			a := s.post("sk-a", ask)
			failed(t, a)
			for name, want := range c.want {
				if got := a.header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if got := strings.Contains(a.body, `"details":{"error_code":"enforced_spend_limit_reached"}`); got != strings.Contains(c.step, "spend") {
				t.Errorf("body %s", a.body)
			}
		})
	}
}
