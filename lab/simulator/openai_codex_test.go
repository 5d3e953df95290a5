package simulator_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"crs/lab/simulator"
)

const askCodex = `{"model":"gpt-5.5","instructions":"","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"say ping"}]}],"store":false,"stream":true}`

const codexPath = "/backend-api/codex/responses"

func TestCodexTakesWhatItsOwnClientSends(t *testing.T) {
	t.Parallel()
	s := startWith(t, simulator.Options{Script: "503", BadKeys: []string{"at-bad"}})
	change := func(old, now string) string { return strings.Replace(askCodex, old, now, 1) }
	cases := []struct{ name, body, want string }{
		{"no stream", change(`,"stream":true`, ""), `{"detail":"Stream must be set to true"}`},
		{"a false stream", change(`"stream":true`, `"stream":false`), `{"detail":"Stream must be set to true"}`},
		{"no store", change(`"store":false,`, ""), `{"detail":"Store must be set to false"}`},
		{"a true store", change(`"store":false`, `"store":true`), `{"detail":"Store must be set to false"}`},
		{"text as input", `{"model":"m","input":"x","store":false,"stream":true}`, `{"detail":"Input must be a list"}`},
	}
	for _, name := range []string{"max_output_tokens", "temperature", "top_p", "user", "truncation", "prompt_cache_retention", "safety_identifier", "previous_response_id", "metadata"} {
		cases = append(cases, struct{ name, body, want string }{name, change(`"store"`, `"`+name+`":1,"store"`), `{"detail":"Unsupported parameter: ` + name + `"}`})
	}
	for _, c := range cases {
		if a := s.gpt(codexPath, c.body); a.status != 400 || a.body != c.want {
			t.Errorf("%s: %d %s, want %s", c.name, a.status, a.body, c.want)
		}
	}
	if a := s.gpt(codexPath, `{"input":[],"store":false,"stream":true}`); a.status != 400 || text(gptFailed(t, a).Param) != "model" {
		t.Errorf("no model: %d %s", a.status, a.body)
	}
	if a := s.gpt(codexPath+"/compact", `{"model":"m","input":[],"store":false}`); a.status != 400 || a.body != `{"detail":"Unsupported parameter: store"}` {
		t.Errorf("compact with store: %d %s", a.status, a.body)
	}
	for field, want := range map[string]string{
		"x: y":                         `{"detail":"Unauthorized"}`,
		"authorization: Bearer at-bad": `{"error":{"message":"Your authentication token has been invalidated. Please try signing in again.","type":"invalid_request_error","param":null,"code":"token_invalidated"},"status":401}`,
	} {
		if a := s.do("POST", codexPath, askCodex, field); a.status != 401 || a.body != want {
			t.Errorf("%s: %d %s", field, a.status, a.body)
		}
	}
	for _, q := range s.idle() {
		if q.Step != "" {
			t.Errorf("a refused request drew %s", q.Step)
		}
	}
	if a := s.gpt(codexPath, askCodex); a.status != 503 {
		t.Errorf("the first good request gets %d", a.status)
	}
}

func TestCodexNamesTheAccountOnceThereAreAccounts(t *testing.T) {
	t.Parallel()
	c := &clock{}
	s := startWith(t, simulator.Options{Now: c.now, Script: "at-a=429(5h),ok"})
	if a := s.gpt(codexPath, askCodex); a.status != 200 {
		t.Errorf("before: %d %s", a.status, a.body)
	}
	s.AddLogin(simulator.OpenAI, simulator.Login{Access: "at-a", Refresh: "rt_a", Expires: c.now().Add(time.Hour), Owner: simulator.Owner{Account: "acc-1", Plan: "pro"}})
	ask := func(token string, fields ...string) answer {
		return s.do("POST", codexPath, askCodex, append([]string{"authorization: Bearer " + token}, fields...)...)
	}
	if a := ask("at-a"); a.status != 401 || a.body != `{"detail":"Unauthorized"}` {
		t.Errorf("without the account: %d %s", a.status, a.body)
	}
	const account = "chatgpt-account-id: acc-1"
	const expired = `{"error":{"message":"Provided authentication token is expired. Please try signing in again.","type":null,"param":null,"code":"token_expired"},"status":401}`
	if a := ask("at-x", account); a.status != 401 || a.body != expired {
		t.Errorf("an unknown token: %d %s", a.status, a.body)
	}
	if a := ask("at-a", account); a.status != 429 || a.header.Get("x-codex-plan-type") != "pro" {
		t.Errorf("the script: %d %v", a.status, a.header)
	}
	if a := ask("at-a", account); a.status != 200 || a.header.Get("x-codex-plan-type") != "pro" {
		t.Errorf("then: %d %s", a.status, a.body)
	}
	c.advance(time.Hour)
	if a := ask("at-a", account); a.status != 401 || a.body != expired {
		t.Errorf("an hour later: %d %s", a.status, a.body)
	}
}

func TestCodexAnswersAStreamWithTheQuotaInTheHeader(t *testing.T) {
	t.Parallel()
	c := &clock{} // 2026-11-18 11:46:40 UTC
	s := startWith(t, simulator.Options{Now: c.now, Script: "ok,ok(5h=0.97),ok(7d=0.071)"})
	for _, want := range []map[string]string{
		{
			"x-codex-primary-used-percent": "21", "x-codex-primary-window-minutes": "300", "x-codex-primary-reset-at": "1795017600", "x-codex-primary-reset-after-seconds": "17600",
			"x-codex-secondary-used-percent": "43", "x-codex-secondary-window-minutes": "10080", "x-codex-secondary-reset-at": "1795564800",
			"x-codex-plan-type": "plus", "x-codex-credits-has-credits": "False", "x-ratelimit-limit-requests": "",
		},
		{"x-codex-primary-used-percent": "97", "x-codex-secondary-used-percent": "43"},
		{"x-codex-primary-used-percent": "21", "x-codex-secondary-used-percent": "7.1"},
	} {
		a := s.gpt(codexPath, askCodex)
		for name, value := range want {
			if got := a.header.Get(name); got != value {
				t.Errorf("%s: %q, want %q", name, got, value)
			}
		}
		got := dataLines(t, a.body)
		if len(got) != 12 || !strings.Contains(got[11], `"store":false`) || !strings.Contains(got[11], gptUsage) {
			t.Errorf("%d events, %s", len(got), got[len(got)-1])
		}
	}
	a := s.gpt(codexPath+"/compact", `{"model":"m","instructions":"x","input":[{"role":"user","content":"y"}]}`)
	if a.status != 200 || !strings.Contains(a.body, `"object":"response.compaction"`) || !strings.HasSuffix(a.body, gptUsage+`}`) || a.header.Get("x-codex-primary-used-percent") != "21" {
		t.Errorf("compact: %d %s", a.status, a.body)
	}
}

func TestAFullPlanSaysUntilWhen(t *testing.T) {
	t.Parallel()
	c := &clock{}
	s := startWith(t, simulator.Options{Now: c.now, Script: "429(5h,reset=30m),429(7d),429(usage_not_included),429(rate),429"})
	for _, want := range []struct {
		body, primary, secondary, resetAt, retry string
	}{
		{`{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","plan_type":"plus","resets_at":1795001800,"eligible_promo":null,"resets_in_seconds":1800}}`, "100", "43", "1795001800", ""},
		{`{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","plan_type":"plus","resets_at":1795086400,"eligible_promo":null,"resets_in_seconds":86400}}`, "21", "100", "1795017600", ""},
		{`{"error":{"type":"usage_not_included","message":"To use Codex with your ChatGPT plan, upgrade to Plus: https://chatgpt.com/explore/plus.","plan_type":"plus"}}`, "21", "43", "1795017600", ""},
		{`{"error":{"message":"Rate limit reached for gpt-5.5 in organization org-simulated on tokens per min: Limit 30000, Used 29800, Requested 500. Please try again in 1.2s. Visit https://platform.openai.com/account/rate-limits to learn more.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}`, "21", "43", "1795017600", "2"},
		{`{"error":{"message":"Rate limit reached for gpt-5.5 in organization org-simulated on tokens per min: Limit 30000, Used 29800, Requested 500. Please try again in 1.2s. Visit https://platform.openai.com/account/rate-limits to learn more.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}`, "21", "43", "1795017600", "2"},
	} {
		a := s.gpt(codexPath, askCodex)
		h := a.header
		if a.status != 429 || a.body != want.body || h.Get("x-codex-primary-used-percent") != want.primary || h.Get("x-codex-secondary-used-percent") != want.secondary ||
			h.Get("x-codex-primary-reset-at") != want.resetAt || h.Get("retry-after") != want.retry {
			t.Errorf("%d %s\n%v\nwant %+v", a.status, a.body, h, want)
		}
	}
}

func TestEveryCodexErrorHasItsShape(t *testing.T) {
	t.Parallel()
	for step, want := range map[string]struct {
		status int
		body   string
	}{
		"400(model)":       {400, `{"detail":"The 'gpt-5.5' model is not supported when using Codex with a ChatGPT account."}`},
		"400(encrypted)":   {400, `{"error":{"message":"The encrypted content gAAA...DQ== could not be verified.","type":"invalid_request_error","param":null,"code":"invalid_encrypted_content"}}`},
		"401":              {401, `{"error":{"message":"Provided authentication token is expired. Please try signing in again.","type":null,"param":null,"code":"token_expired"},"status":401}`},
		"401(invalidated)": {401, `{"error":{"message":"Your authentication token has been invalidated. Please try signing in again.","type":"invalid_request_error","param":null,"code":"token_invalidated"},"status":401}`},
		"402":              {402, `{"detail":{"code":"deactivated_workspace"}}`},
		"403":              {403, `{"detail":"Forbidden"}`},
		"404":              {404, `{"detail":"Not Found"}`},
		"503":              {503, `{"error":{"message":"Our servers are currently overloaded. Please try again later.","type":"service_unavailable_error","param":null,"code":"server_is_overloaded"}}`},
	} {
		if a := start(t, step).gpt(codexPath, askCodex); a.status != want.status || a.body != want.body {
			t.Errorf("%s: %d %s, want %s", step, a.status, a.body, want.body)
		}
	}
}

func TestAFullPlanIsToldInsideAStreamToo(t *testing.T) {
	t.Parallel()
	got := dataLines(t, start(t, "error(usage_limit_reached,after=1)").gpt(codexPath, askCodex).body)
	if last := got[len(got)-1]; !strings.Contains(last, `"status":"failed","error":{"code":"usage_limit_reached","message":"The usage limit has been reached"}`) {
		t.Errorf("the last event is %s", last)
	}
}

func TestCodexTakesACompressedBody(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed := string(z.EncodeAll([]byte(askCodex), nil))
	if a := s.gpt(codexPath, packed, "content-encoding: zstd"); a.status != 200 || !strings.Contains(a.body, "pong") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if q := s.last(); q.BodySHA256 != sha256Of(packed) || q.BodyLen != len(packed) || q.Model != "gpt-5.5" {
		t.Errorf("recorded %+v", q)
	}
	for _, body := range []string{packed[:len(packed)-3], "x", ""} {
		if a := s.gpt(codexPath, body, "content-encoding: zstd"); a.status != 400 {
			t.Errorf("%q: %d", body, a.status)
		}
	}
}

func TestCodexTellsItsModelsAndThePlansUsage(t *testing.T) {
	t.Parallel()
	c := &clock{}
	s := startWith(t, simulator.Options{Now: c.now, Script: "429; /backend-api/wham/usage=ok(5h=0.5,7d=0.25),503"})
	var models struct {
		Models []struct {
			Slug      string
			Window    int `json:"context_window"`
			Reasoning []struct{ Effort string }
		}
	}
	a := s.do("GET", "/backend-api/codex/models?client_version=0.169.0", "", "authorization: Bearer at-a")
	if err := json.Unmarshal([]byte(a.body), &models); err != nil || len(models.Models) == 0 || models.Models[0].Slug != "gpt-5.5" || models.Models[0].Window == 0 || a.header.Get("etag") == "" {
		t.Errorf("models: %v %v %s", err, a.header, a.body)
	}
	a = s.do("GET", "/backend-api/wham/usage", "", "authorization: Bearer at-a")
	want := `{"plan_type":"plus","rate_limit":{"allowed":true,"limit_reached":false,` +
		`"primary_window":{"used_percent":50,"limit_window_seconds":18000,"reset_after_seconds":17600,"reset_at":1795017600},` +
		`"secondary_window":{"used_percent":25,"limit_window_seconds":604800,"reset_after_seconds":564800,"reset_at":1795564800}},` +
		`"additional_rate_limits":null,"credits":{"has_credits":false,"unlimited":false,"balance":"0"}}`
	if a.status != 200 || a.body != want {
		t.Errorf("usage: %d %s\nwant %s", a.status, a.body, want)
	}
	if a := s.do("GET", "/backend-api/wham/usage", "", "authorization: Bearer at-a"); a.status != 503 {
		t.Errorf("then %d", a.status)
	}
	if a := s.do("GET", "/backend-api/wham/usage", ""); a.status != 401 {
		t.Errorf("without a token: %d", a.status)
	}
	s.idle()
	if got := s.Served(); !reflect.DeepEqual(got, map[string]simulator.Bill{}) {
		t.Errorf("served %v", got)
	}
}
