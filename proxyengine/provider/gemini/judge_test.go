package gemini_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	protocol "crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
)

const typed = `{"@type":"type.googleapis.com/google.rpc.`

func problem(code int, word, message string, details ...string) string {
	return fmt.Sprintf(`{"error":{"code":%d,"message":%q,"status":%q,"details":[%s]}}`, code, message, word, strings.Join(details, ","))
}

func info(reason string, metadata ...string) string {
	return fmt.Sprintf(typed+`ErrorInfo","reason":%q,"domain":"cloudcode-pa.googleapis.com","metadata":{%s}}`, reason, strings.Join(metadata, ","))
}

func retry(delay string) string { return fmt.Sprintf(typed+`RetryInfo","retryDelay":%q}`, delay) }

func quota(ids ...string) string {
	var all []string
	for _, id := range ids {
		all = append(all, fmt.Sprintf(`{"quotaMetric":"m","quotaId":%q,"quotaValue":"5"}`, id))
	}
	return typed + `QuotaFailure","violations":[` + strings.Join(all, ",") + `]}`
}

const (
	perMinute = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
	perDay    = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
	help      = typed + `Help","links":[{"description":"d","url":"https://accounts.google.com/signin/continue?x=1"},{"url":"https://other"}]}`
)

// midnight is the next one at Google's (protocols.md, D.4): it is four in the morning there.
const midnight = 20 * time.Hour

type judged struct {
	acc     *account.Account
	service string
	status  int
	header  provider.Header
	body    string
	stream  bool

	next     provider.Next
	result   account.Result
	scope    string
	until    time.Duration // from now; 0 for not told
	wait     time.Duration
	conceal  bool
	foreign  bool
	is       int    // the status, when it is not the answer's own
	evidence string // a part of it
}

func (c *judged) check(t *testing.T) {
	t.Helper()
	if c.acc == nil {
		c.acc = key()
	}
	if c.service == "" {
		c.service = protocol.Generate
	}
	want := &provider.Intent{Service: c.service, Model: "gemini-2.5-pro-002", Family: pro}
	v := newProvider(t).Judge(want, c.acc, &provider.Reply{At: now, Status: c.status, Header: c.header, Body: []byte(c.body), InStream: c.stream})
	if c.is == 0 {
		c.is = c.status
	}
	var until time.Time
	if c.until > 0 {
		until = now.Add(c.until)
	}
	o := v.Outcome
	if v.Next != c.next || o.Result != c.result || o.Scope != c.scope || !o.Until.Equal(until) || v.RetryAfter != c.wait || v.Conceal != c.conceal ||
		v.Foreign != c.foreign || v.Status != c.is || v.Message == "" || !strings.Contains(o.Evidence, c.evidence) || !strings.HasPrefix(o.Evidence, fmt.Sprint(c.is)) {
		t.Errorf("%+v", v)
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	const second, exhausted = time.Second, "RESOURCE_EXHAUSTED"
	for name, c := range map[string]judged{
		"a bad request":             {status: 400, body: problem(400, "INVALID_ARGUMENT", "Request contains an invalid argument."), result: account.Answered},
		"a bad key":                 {status: 400, body: problem(400, "INVALID_ARGUMENT", "No.", info("API_KEY_INVALID")), next: provider.TryAnother, result: account.Denied, conceal: true},
		"a bad key, in words":       {status: 400, body: problem(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."), next: provider.TryAnother, result: account.Denied, conceal: true},
		"a key that ended":          {status: 400, body: problem(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."), next: provider.TryAnother, result: account.Denied, conceal: true},
		"a place":                   {status: 400, body: problem(400, "FAILED_PRECONDITION", "User location is not supported for the API use."), next: provider.TryAnother, result: account.Failed, evidence: "proxy"},
		"a token that ended":        {acc: login(), status: 401, body: problem(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."), next: provider.Renew, result: account.Denied, conceal: true},
		"a key that is refused":     {status: 401, body: problem(401, "UNAUTHENTICATED", "No."), next: provider.TryAnother, result: account.Denied, conceal: true},
		"not permitted":             {status: 403, body: problem(403, "PERMISSION_DENIED", "The caller does not have permission"), next: provider.TryAnother, result: account.Denied, conceal: true},
		"to be validated":           {acc: login(), status: 403, body: problem(403, "PERMISSION_DENIED", "Verify your account to continue.", info("VALIDATION_REQUIRED"), help), next: provider.TryAnother, result: account.Blocked, conceal: true, evidence: "must open https://accounts.google.com/signin/continue?x=1 and"},
		"scopes":                    {acc: login(), status: 403, body: problem(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes."), next: provider.TryAnother, result: account.NeedsLogin, conceal: true},
		"scopes, in a word":         {acc: login(), status: 403, body: problem(403, "PERMISSION_DENIED", "No.", info("ACCESS_TOKEN_SCOPE_INSUFFICIENT")), next: provider.TryAnother, result: account.NeedsLogin, conceal: true},
		"suspended":                 {status: 403, body: problem(403, "PERMISSION_DENIED", "No.", info("CONSUMER_SUSPENDED")), next: provider.TryAnother, result: account.Blocked, conceal: true},
		"leaked":                    {status: 403, body: problem(403, "PERMISSION_DENIED", "Your API key was reported as leaked."), next: provider.TryAnother, result: account.Blocked, conceal: true},
		"a page before it":          {status: 403, header: provider.Header{{Name: "content-type", Value: "text/html"}}, body: "<html>", next: provider.TryAnother, result: account.Failed, conceal: true, foreign: true, evidence: "web page"},
		"no such model":             {status: 404, body: problem(404, "NOT_FOUND", "models/x is not found"), result: account.Answered},
		"not in this plan":          {acc: login(), status: 404, body: problem(404, "NOT_FOUND", "Requested entity was not found."), next: provider.TryAnother, result: account.Answered},
		"a base without generation": {status: 404, body: "404 page not found", next: provider.TryAnother, result: account.Failed, foreign: true},
		"a base without counting":   {service: protocol.Count, status: 404, body: "404 page not found", next: provider.TryAnother, result: account.Unsupported, scope: protocol.Count, foreign: true},

		"a minute's quota":         {status: 429, body: problem(429, exhausted, "Please retry in 34.07s.", quota(perMinute), retry("34.07s")), next: provider.TryAnother, result: account.Throttled, scope: pro, until: 34070 * time.Millisecond, wait: 34070 * time.Millisecond},
		"in words only":            {status: 429, body: problem(429, exhausted, "Please retry in 34.5s."), next: provider.TryAnother, result: account.Throttled, scope: pro, until: 34500 * time.Millisecond, wait: 34500 * time.Millisecond},
		"without a time":           {status: 429, body: problem(429, exhausted, "Quota.", quota(perMinute)), next: provider.TryAnother, result: account.Throttled, scope: pro, until: time.Minute},
		"in a header":              {status: 429, header: provider.Header{{Name: "Retry-After", Value: "7"}}, body: problem(429, exhausted, "Quota."), next: provider.TryAnother, result: account.Throttled, scope: pro, until: 7 * second, wait: 7 * second},
		"a whole project's":        {status: 429, body: problem(429, exhausted, "Quota.", quota("RequestsPerMinutePerProject"), retry("3s")), next: provider.TryAnother, result: account.Throttled, until: 3 * second, wait: 3 * second},
		"a day's quota":            {status: 429, body: problem(429, exhausted, "Please retry in 34s.", quota(perDay, perMinute), retry("34s")), next: provider.TryAnother, result: account.Exhausted, scope: pro, until: midnight, wait: 34 * second},
		"nothing told":             {status: 429, body: problem(429, exhausted, "Resource has been exhausted (e.g. check quota)."), next: provider.TryAnother, result: account.Throttled, scope: pro},
		"not in the plan":          {status: 429, body: problem(429, exhausted, "Quota exceeded for metric: m, limit: 0\nPlease retry in 34s.", quota(perDay), retry("34s")), next: provider.TryAnother, result: account.Unsupported, scope: pro, wait: 34 * second},
		"a long wait":              {status: 429, body: problem(429, exhausted, "Quota.", retry("3600s")), next: provider.TryAnother, result: account.Exhausted, scope: pro, until: time.Hour, wait: time.Hour},
		"a wait without end":       {status: 429, body: problem(429, exhausted, "Quota.", retry("99999999s")), next: provider.TryAnother, result: account.Throttled, scope: pro},
		"a rate at Code Assist":    {acc: login(), status: 429, body: problem(429, exhausted, "Your quota will reset after 7.3s.", info("RATE_LIMIT_EXCEEDED", `"quotaResetDelay":"7.3s"`)), next: provider.TryAnother, result: account.Throttled, scope: pro, until: 7300 * time.Millisecond, wait: 7300 * time.Millisecond},
		"a rate without a time":    {acc: login(), status: 429, body: problem(429, exhausted, "Quota.", info("RATE_LIMIT_EXCEEDED")), next: provider.TryAnother, result: account.Throttled, scope: pro, until: 10 * second},
		"a quota at Code Assist":   {acc: login(), status: 429, body: problem(429, exhausted, "Quota.", info("QUOTA_EXHAUSTED", `"quotaResetDelay":"4h0m0.5s"`, `"quotaResetTimeStamp":"2026-11-23T16:00:00Z"`)), next: provider.TryAnother, result: account.Exhausted, scope: pro, until: 4 * time.Hour, wait: 4*time.Hour + 500*time.Millisecond},
		"credits":                  {acc: login(), status: 429, body: problem(429, exhausted, "Insufficient credits balance.", info("INSUFFICIENT_G1_CREDITS_BALANCE")), next: provider.TryAnother, result: account.Exhausted, scope: pro},
		"no capacity":              {acc: login(), status: 429, body: problem(429, exhausted, "No capacity available", info("MODEL_CAPACITY_EXHAUSTED", `"quotaResetDelay":"2s"`)), next: provider.TryAgain, result: account.Overloaded, scope: "", wait: 2 * second},
		"a page that throttles":    {status: 429, body: "<html>slow down", next: provider.TryAnother, result: account.Throttled, foreign: true},
		"overloaded":               {status: 503, body: problem(503, "UNAVAILABLE", "The model is overloaded."), next: provider.TryAgain, result: account.Overloaded},
		"cancelled":                {status: 499, body: problem(499, "CANCELLED", "The operation was cancelled."), next: provider.TryAnother, result: account.Failed},
		"broken":                   {status: 500, body: problem(500, "INTERNAL", "An internal error has occurred."), next: provider.TryAnother, result: account.Failed},
		"late":                     {status: 504, body: problem(504, "DEADLINE_EXCEEDED", "Deadline expired."), next: provider.TryAnother, result: account.Failed},
		"a gateway":                {status: 502, body: "", next: provider.TryAnother, result: account.Failed, foreign: true},
		"another vendor's words":   {status: 400, body: `{"error":{"message":"no","type":"invalid_request_error","code":"bad"}}`, result: account.Answered, foreign: true},
		"in an array":              {status: 429, body: "[" + problem(429, exhausted, "Quota.", retry("3s")) + "]\n", next: provider.TryAnother, result: account.Throttled, scope: pro, until: 3 * second, wait: 3 * second},
		"in a stream":              {status: 200, stream: true, is: 429, body: problem(429, exhausted, "Quota.", retry("3s")), next: provider.TryAnother, result: account.Throttled, scope: pro, until: 3 * second, wait: 3 * second},
		"in a stream, by its word": {status: 200, stream: true, is: 503, body: `{"error":{"status":"UNAVAILABLE","message":"m"}}`, next: provider.TryAgain, result: account.Overloaded, foreign: true},
		"in a stream, nothing":     {status: 200, stream: true, is: 500, body: `{"error":{}}`, next: provider.TryAnother, result: account.Failed, foreign: true},
	} {
		t.Run(name, c.check)
	}
}

func TestADayEndsAtMidnightInCalifornia(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	body := problem(429, "RESOURCE_EXHAUSTED", "Quota.", quota(perDay))
	for _, c := range [][2]string{
		{"2026-03-07 23:59", "2026-03-08 00:00"}, {"2026-03-08 00:00", "2026-03-09 00:00"}, // of 23 hours
		{"2026-11-01 00:00", "2026-11-02 00:00"}, {"2026-12-31 12:00", "2027-01-01 00:00"},
	} {
		at, _ := time.ParseInLocation("2006-01-02 15:04", c[0], zone)
		v := newProvider(t).Judge(&provider.Intent{}, key(), &provider.Reply{At: at.UTC(), Status: 429, Body: []byte(body)})
		if got := v.Outcome.Until.In(zone).Format("2006-01-02 15:04"); got != c[1] {
			t.Errorf("%s: %s", c[0], got)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add(429, problem(429, "RESOURCE_EXHAUSTED", "Please retry in 34s.", quota(perDay), retry("34s"), info("QUOTA_EXHAUSTED"), help), false)
	f.Add(200, `[{"error":{"code":"x","details":{"@type":7}}}]`, true)
	p, err := newFuzzed()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status int, body string, stream bool) {
		for _, acc := range []*account.Account{key(), login()} {
			v := p.Judge(&provider.Intent{Service: protocol.Generate}, acc, &provider.Reply{At: now, Status: status, Body: []byte(body), InStream: stream})
			o := v.Outcome
			if v.Message == "" || o.Evidence == "" || v.RetryAfter < 0 || len(o.Evidence) > 400+len(body) || !o.Until.IsZero() && o.Until.Before(now) {
				t.Errorf("%+v", v)
			}
		}
	})
}
