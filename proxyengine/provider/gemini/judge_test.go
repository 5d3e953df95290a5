package gemini_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/lab/providertest"
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

// verdicts are the errors of both APIs (protocols.md, D.4).
func verdicts() map[string]providertest.Answer {
	const second, exhausted = time.Second, "RESOURCE_EXHAUSTED"
	return map[string]providertest.Answer{
		"a bad request":             {Status: 400, Body: problem(400, "INVALID_ARGUMENT", "Request contains an invalid argument."), Result: account.Answered},
		"a bad key":                 {Status: 400, Body: problem(400, "INVALID_ARGUMENT", "No.", info("API_KEY_INVALID")), Next: provider.TryAnother, Result: account.Denied, Mask: true},
		"a bad key, in words":       {Status: 400, Body: problem(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."), Next: provider.TryAnother, Result: account.Denied, Mask: true},
		"a key that ended":          {Status: 400, Body: problem(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."), Next: provider.TryAnother, Result: account.Denied, Mask: true},
		"a place":                   {Status: 400, Body: problem(400, "FAILED_PRECONDITION", "User location is not supported for the API use."), Next: provider.TryAnother, Result: account.Failed, Hint: "proxy"},
		"a token that ended":        {Account: login(), Status: 401, Body: problem(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."), Next: provider.Renew, Result: account.Denied, Mask: true},
		"a key that is refused":     {Status: 401, Body: problem(401, "UNAUTHENTICATED", "No."), Next: provider.TryAnother, Result: account.Denied, Mask: true},
		"not permitted":             {Status: 403, Body: problem(403, "PERMISSION_DENIED", "The caller does not have permission"), Next: provider.TryAnother, Result: account.Denied, Mask: true},
		"to be validated":           {Account: login(), Status: 403, Body: problem(403, "PERMISSION_DENIED", "Verify your account to continue.", info("VALIDATION_REQUIRED"), help), Next: provider.TryAnother, Result: account.Blocked, Mask: true, Hint: "must open https://accounts.google.com/signin/continue?x=1 and"},
		"scopes":                    {Account: login(), Status: 403, Body: problem(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes."), Next: provider.TryAnother, Result: account.NeedsLogin, Mask: true},
		"scopes, in a word":         {Account: login(), Status: 403, Body: problem(403, "PERMISSION_DENIED", "No.", info("ACCESS_TOKEN_SCOPE_INSUFFICIENT")), Next: provider.TryAnother, Result: account.NeedsLogin, Mask: true},
		"suspended":                 {Status: 403, Body: problem(403, "PERMISSION_DENIED", "No.", info("CONSUMER_SUSPENDED")), Next: provider.TryAnother, Result: account.Blocked, Mask: true},
		"leaked":                    {Status: 403, Body: problem(403, "PERMISSION_DENIED", "Your API key was reported as leaked."), Next: provider.TryAnother, Result: account.Blocked, Mask: true},
		"a page before it":          {Status: 403, Header: provider.Header{{Name: "content-type", Value: "text/html"}}, Body: "<html>", Next: provider.TryAnother, Result: account.Failed, Mask: true, NeedsReencoding: true, Hint: "web page"},
		"no such model":             {Status: 404, Body: problem(404, "NOT_FOUND", "models/x is not found"), Result: account.Answered},
		"not in this plan":          {Account: login(), Status: 404, Body: problem(404, "NOT_FOUND", "Requested entity was not found."), Next: provider.TryAnother, Result: account.Answered},
		"a base without generation": {Status: 404, Body: "404 page not found", Next: provider.TryAnother, Result: account.Failed, NeedsReencoding: true},
		"a base without counting":   {Service: protocol.Count, Status: 404, Body: "404 page not found", Next: provider.TryAnother, Result: account.Unsupported, Only: protocol.Count, NeedsReencoding: true},
		"a minute's quota":          {Status: 429, Body: problem(429, exhausted, "Please retry in 34.07s.", quota(perMinute), retry("34.07s")), Next: provider.TryAnother, Result: account.Throttled, Scope: pro, Until: 34070 * time.Millisecond, Wait: 34070 * time.Millisecond},
		"in words only":             {Status: 429, Body: problem(429, exhausted, "Please retry in 34.5s."), Next: provider.TryAnother, Result: account.Throttled, Scope: pro, Until: 34500 * time.Millisecond, Wait: 34500 * time.Millisecond},
		"without a time":            {Status: 429, Body: problem(429, exhausted, "Quota.", quota(perMinute)), Next: provider.TryAnother, Result: account.Throttled, Scope: pro, Until: time.Minute},
		"in a header":               {Status: 429, Header: provider.Header{{Name: "Retry-After", Value: "7"}}, Body: problem(429, exhausted, "Quota."), Next: provider.TryAnother, Result: account.Throttled, Scope: pro, Until: 7 * second, Wait: 7 * second},
		"a whole project's":         {Status: 429, Body: problem(429, exhausted, "Quota.", quota("RequestsPerMinutePerProject"), retry("3s")), Next: provider.TryAnother, Result: account.Throttled, Until: 3 * second, Wait: 3 * second},
		"a day's quota":             {Status: 429, Body: problem(429, exhausted, "Please retry in 34s.", quota(perDay, perMinute), retry("34s")), Next: provider.TryAnother, Result: account.Exhausted, Scope: pro, Until: midnight, Wait: 34 * second},
		"nothing told":              {Status: 429, Body: problem(429, exhausted, "Resource has been exhausted (e.g. check quota)."), Next: provider.TryAnother, Result: account.Throttled, Scope: pro},
		"not in the plan":           {Status: 429, Body: problem(429, exhausted, "Quota exceeded for metric: m, limit: 0\nPlease retry in 34s.", quota(perDay), retry("34s")), Next: provider.TryAnother, Result: account.Unsupported, Wait: 34 * second},
		"a long wait":               {Status: 429, Body: problem(429, exhausted, "Quota.", retry("3600s")), Next: provider.TryAnother, Result: account.Exhausted, Scope: pro, Until: time.Hour, Wait: time.Hour},
		"a wait without end":        {Status: 429, Body: problem(429, exhausted, "Quota.", retry("99999999s")), Next: provider.TryAnother, Result: account.Throttled, Scope: pro},
		"a rate at Code Assist":     {Account: login(), Status: 429, Body: problem(429, exhausted, "Your quota will reset after 7.3s.", info("RATE_LIMIT_EXCEEDED", `"quotaResetDelay":"7.3s"`)), Next: provider.TryAnother, Result: account.Throttled, Scope: pro, Until: 7300 * time.Millisecond, Wait: 7300 * time.Millisecond},
		"a rate without a time":     {Account: login(), Status: 429, Body: problem(429, exhausted, "Quota.", info("RATE_LIMIT_EXCEEDED")), Next: provider.TryAnother, Result: account.Throttled, Scope: pro, Until: 10 * second},
		"a quota at Code Assist":    {Account: login(), Status: 429, Body: problem(429, exhausted, "Quota.", info("QUOTA_EXHAUSTED", `"quotaResetDelay":"4h0m0.5s"`, `"quotaResetTimeStamp":"2026-11-23T16:00:00Z"`)), Next: provider.TryAnother, Result: account.Exhausted, Scope: pro, Until: 4 * time.Hour, Wait: 4*time.Hour + 500*time.Millisecond},
		"credits":                   {Account: login(), Status: 429, Body: problem(429, exhausted, "Insufficient credits balance.", info("INSUFFICIENT_G1_CREDITS_BALANCE")), Next: provider.TryAnother, Result: account.Exhausted, Scope: pro},
		"no capacity":               {Account: login(), Status: 429, Body: problem(429, exhausted, "No capacity available", info("MODEL_CAPACITY_EXHAUSTED", `"quotaResetDelay":"2s"`)), Next: provider.TryAgain, Result: account.Overloaded, Scope: "", Wait: 2 * second},
		"a page that throttles":     {Status: 429, Body: "<html>slow down", Next: provider.TryAnother, Result: account.Throttled, NeedsReencoding: true},
		"overloaded":                {Status: 503, Body: problem(503, "UNAVAILABLE", "The model is overloaded."), Next: provider.TryAgain, Result: account.Overloaded},
		"cancelled":                 {Status: 499, Body: problem(499, "CANCELLED", "The operation was cancelled."), Next: provider.TryAnother, Result: account.Failed},
		"broken":                    {Status: 500, Body: problem(500, "INTERNAL", "An internal error has occurred."), Next: provider.TryAnother, Result: account.Failed},
		"late":                      {Status: 504, Body: problem(504, "DEADLINE_EXCEEDED", "Deadline expired."), Next: provider.TryAnother, Result: account.Failed},
		"a gateway":                 {Status: 502, Body: "", Next: provider.TryAnother, Result: account.Failed, NeedsReencoding: true},
		"another vendor's words":    {Status: 400, Body: `{"error":{"message":"no","type":"invalid_request_error","code":"bad"}}`, Result: account.Answered, NeedsReencoding: true},
		"in an array":               {Status: 429, Body: "[" + problem(429, exhausted, "Quota.", retry("3s")) + "]\n", Next: provider.TryAnother, Result: account.Throttled, Scope: pro, Until: 3 * second, Wait: 3 * second},
		"in a stream":               {Status: 200, InStream: true, Becomes: 429, Body: problem(429, exhausted, "Quota.", retry("3s")), Next: provider.TryAnother, Result: account.Throttled, Scope: pro, Until: 3 * second, Wait: 3 * second},
		"in a stream, by its word":  {Status: 200, InStream: true, Becomes: 503, Body: `{"error":{"status":"UNAVAILABLE","message":"m"}}`, Next: provider.TryAgain, Result: account.Overloaded, NeedsReencoding: true},
		"in a stream, nothing":      {Status: 200, InStream: true, Becomes: 500, Body: `{"error":{}}`, Next: provider.TryAnother, Result: account.Failed, NeedsReencoding: true},
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
