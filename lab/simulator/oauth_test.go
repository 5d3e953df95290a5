package simulator_test

import (
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crs/lab/simulator"
)

// clock is a time that only the test moves.
type clock struct{ atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(1795000000, 0).Add(time.Duration(c.Load())) }
func (c *clock) advance(d time.Duration) { c.Add(int64(d)) }

const oauthBeta = "anthropic-beta: claude-code-20250219,oauth-2025-04-20"

func (s *sim) login(access, body string) answer {
	s.t.Helper()
	return s.do("POST", "/v1/messages?beta=true", body, "authorization: Bearer "+access, oauthBeta, "anthropic-version: 2023-06-01")
}

type tokens struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	Scope        string
	Error        string
	Description  string `json:"error_description"`
	Organization struct{ UUID, Name string }
	Account      struct {
		UUID         string
		EmailAddress string `json:"email_address"`
	}
}

func (s *sim) refresh(token string) (int, tokens) {
	s.t.Helper()
	a := s.do("POST", "/v1/oauth/token", `{"grant_type":"refresh_token","refresh_token":"`+token+`","client_id":"9d1c"}`)
	var got tokens
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		s.t.Fatalf("%v in %q", err, a.body)
	}
	return a.status, got
}

func TestAnyAccessTokenIsGoodUntilOneIsRegistered(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	if a := s.login("sk-ant-oat01-any", ask); a.status != 200 {
		t.Errorf("before: %d %s", a.status, a.body)
	}
	s.AddOAuth("sk-ant-oat01-a", "sk-ant-ort01-a", time.Now().Add(time.Hour))
	if a := s.login("sk-ant-oat01-a", ask); a.status != 200 {
		t.Errorf("the registered one: %d %s", a.status, a.body)
	}
	a := s.login("sk-ant-oat01-any", ask)
	if kind, says := failed(t, a); a.status != 401 || kind != "authentication_error" || !strings.HasPrefix(says, "OAuth token has expired") {
		t.Errorf("another one: %d %s %s", a.status, kind, says)
	}
	if a := s.post("sk-api-key", ask); a.status != 200 {
		t.Errorf("an API key: %d %s", a.status, a.body)
	}
}

func TestASubscriptionSeesItsWindows(t *testing.T) {
	t.Parallel()
	c := &clock{} // 2026-11-18 11:46:40 UTC
	s := startWith(t, simulator.Options{Now: c.now, Script: "ok,ok(5h=0.95),ok(7d=0.99)"})
	const u = "anthropic-ratelimit-unified-"
	for _, want := range []map[string]string{
		{
			u + "status": "allowed", u + "representative-claim": "five_hour", u + "reset": "1795017600",
			u + "5h-status": "allowed", u + "5h-utilization": "0.21", u + "5h-reset": "1795017600",
			u + "7d-status": "allowed", u + "7d-utilization": "0.43", u + "7d-reset": "1795564800",
			"anthropic-ratelimit-requests-limit": "",
		},
		{u + "status": "allowed_warning", u + "5h-status": "allowed_warning", u + "5h-utilization": "0.95", u + "7d-utilization": "0.43"},
		{u + "status": "allowed_warning", u + "representative-claim": "seven_day", u + "reset": "1795564800", u + "5h-status": "allowed"},
	} {
		a := s.login("sk-ant-oat01-a", ask)
		for name, value := range want {
			if got := a.header.Get(name); got != value {
				t.Errorf("%s: %q, want %q", name, got, value)
			}
		}
	}
}

func TestARefreshTokenCountsOnceAndASecondUseRevokesTheAccount(t *testing.T) {
	t.Parallel()
	c := &clock{}
	s := startWith(t, simulator.Options{Now: c.now, TokenLife: 2 * time.Hour})
	s.AddOAuth("sk-ant-oat01-a", "sk-ant-ort01-a", c.now().Add(time.Hour))
	s.AddOAuth("sk-ant-oat01-b", "sk-ant-ort01-b", c.now().Add(9*time.Hour))

	c.advance(time.Hour)
	if a := s.login("sk-ant-oat01-a", ask); a.status != 401 {
		t.Fatalf("an expired token gets %d", a.status)
	}
	status, first := s.refresh("sk-ant-ort01-a")
	if status != 200 || first.TokenType != "Bearer" || first.ExpiresIn != 7200 || first.Account.EmailAddress == "" || first.Organization.UUID == "" ||
		!strings.HasPrefix(first.AccessToken, "sk-ant-oat01-") || !strings.HasPrefix(first.RefreshToken, "sk-ant-ort01-") || !strings.Contains(first.Scope, "user:inference") {
		t.Fatalf("refresh: %d %+v", status, first)
	}
	if a := s.login(first.AccessToken, ask); a.status != 200 {
		t.Errorf("the new token gets %d", a.status)
	}
	status, second := s.refresh(first.RefreshToken)
	if status != 200 || second.AccessToken == first.AccessToken || second.RefreshToken == first.RefreshToken {
		t.Fatalf("second refresh: %d %+v", status, second)
	}
	if a := s.login(first.AccessToken, ask); a.status != 200 {
		t.Errorf("the token before gets %d before it has expired", a.status)
	}

	for _, spent := range []string{"sk-ant-ort01-a", second.RefreshToken} {
		if status, got := s.refresh(spent); status != 400 || got.Error != "invalid_grant" || got.Description == "" {
			t.Errorf("refresh with %s: %d %+v", spent, status, got)
		}
	}
	for _, access := range []string{first.AccessToken, second.AccessToken} {
		if a := s.login(access, ask); a.status != 401 {
			t.Errorf("a token of the revoked account gets %d", a.status)
		}
	}
	if a := s.login("sk-ant-oat01-b", ask); a.status != 200 {
		t.Errorf("the other account gets %d", a.status)
	}
}

func TestAnUnknownRefreshTokenPunishesNobody(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	s.AddOAuth("sk-ant-oat01-a", "sk-ant-ort01-a", time.Now().Add(time.Hour))
	if status, got := s.refresh("sk-ant-ort01-x"); status != 400 || got.Error != "invalid_grant" {
		t.Errorf("%d %+v", status, got)
	}
	if status, _ := s.refresh("sk-ant-ort01-a"); status != 200 {
		t.Errorf("the good one gets %d", status)
	}
}

func TestTheTokenEndpointRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	s.AddOAuth("sk-ant-oat01-a", "sk-ant-ort01-a", time.Now().Add(time.Hour))
	for body, want := range map[string]string{
		`{"grant_type":"refresh_token"`:                                            "invalid_request",
		`{"grant_type":"refresh_token","refresh_token":"sk-ant-ort01-a"}`:          "invalid_request",
		`{"grant_type":"refresh_token","client_id":"x"}`:                           "invalid_request",
		`{"grant_type":"password","refresh_token":"sk-ant-ort01-a"}`:               "unsupported_grant_type",
		`{"grant_type":["refresh_token"],"refresh_token":"x","client_id":"x"}`:     "invalid_request",
		`{"grant_type":"refresh_token","refresh_token":"sk-\u0061","client_id":1}`: "invalid_request",
	} {
		a := s.do("POST", "/v1/oauth/token", body)
		if a.status != 400 || !strings.HasPrefix(a.body, `{"error":"`+want+`","error_description":"`) {
			t.Errorf("%s: %d %s, want %s", body, a.status, a.body, want)
		}
	}
	if status, _ := s.refresh("sk-ant-ort01-a"); status != 200 {
		t.Errorf("afterwards a good request gets %d", status)
	}
}

func TestAnAccountKeepsItsNameWhenItsTokenRotates(t *testing.T) {
	t.Parallel()
	s := start(t, "sk-ant-oat01-a=ok,529,ok; /v1/oauth/token=503")
	s.AddOAuth("sk-ant-oat01-a", "sk-ant-ort01-a", time.Now().Add(time.Hour))
	if a := s.login("sk-ant-oat01-a", ask); a.status != 200 {
		t.Fatalf("first: %d", a.status)
	}
	if a := s.do("POST", "/v1/oauth/token", `{"grant_type":"refresh_token","refresh_token":"sk-ant-ort01-a","client_id":"x"}`); a.status != 503 {
		t.Errorf("the scripted token endpoint answers %d", a.status)
	}
	status, got := s.refresh("sk-ant-ort01-a")
	if status != 200 {
		t.Fatalf("a scripted error has spent the token: %d %+v", status, got)
	}
	if a := s.login(got.AccessToken, ask); a.status != 529 {
		t.Errorf("second: %d, want the second step of the account's script", a.status)
	}
	s.login(got.AccessToken, ask)
	all := s.idle()
	if q := all[2]; q.Path != "/v1/oauth/token" || q.Credential != "sk-ant-ort01-a" || q.Account != "sk-ant-oat01-a" {
		t.Errorf("the refresh was recorded as %q of %q", q.Credential, q.Account)
	}
	if q := all[4]; q.Credential != got.AccessToken || q.Account != "sk-ant-oat01-a" {
		t.Errorf("the last request was recorded as %q of %q", q.Credential, q.Account)
	}
	if b := s.Served()["sk-ant-oat01-a"]; b.Requests != 2 || len(s.Served()) != 1 {
		t.Errorf("served %+v", s.Served())
	}
}

func TestAPlain429OfALoginHasNoLimitsOfAKey(t *testing.T) {
	t.Parallel()
	h := start(t, "429").login("sk-ant-oat01-a", ask).header
	if h.Get("retry-after") != "60" || h.Get("anthropic-ratelimit-requests-remaining") != "" || h.Get("anthropic-ratelimit-unified-status") != "" {
		t.Errorf("header %v", h)
	}
}

func TestAScripted401OfALoginIsAnExpiredToken(t *testing.T) {
	t.Parallel()
	a := start(t, "401").login("sk-ant-oat01-a", ask)
	if _, says := failed(t, a); a.status != 401 || !strings.HasPrefix(says, "OAuth token has expired") {
		t.Errorf("%d %s", a.status, says)
	}
}
