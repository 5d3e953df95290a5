package openai

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"crs/lab/simulator/provider"
)

// How long the two windows of a plan are, in minutes.
const (
	primaryMinutes   = 300
	secondaryMinutes = 10080
)

// quotaFields render the quota fields of a plan.
func quotaFields(now time.Time, p provider.Plan) string {
	return windowFields("x-codex-primary", p.Five, primaryMinutes, now) + windowFields("x-codex-secondary", p.Seven, secondaryMinutes, now) +
		"x-codex-active-limit: premium\r\nx-codex-primary-over-secondary-limit-percent: 0\r\n" +
		"x-codex-credits-has-credits: False\r\nx-codex-credits-unlimited: False\r\nx-codex-credits-balance: 0\r\n"
}

func windowFields(name string, w provider.Window, minutes int64, now time.Time) string {
	return provider.Field(name+"-used-percent", strconv.FormatFloat(w.Percent(), 'f', -1, 64)) + provider.IntField(name+"-window-minutes", minutes) +
		provider.IntField(name+"-reset-after-seconds", provider.Seconds(w.Reset.Sub(now))) + provider.IntField(name+"-reset-at", w.Reset.Unix())
}

// answerQuota answers /backend-api/wham/usage.
func (a *codex) answerQuota(c *provider.Call, st *provider.Step) provider.Reply {
	p := provider.PlanOf(c.At, st)
	return provider.Answered(RequestID(c), provider.Object("plan_type", a.plan(c),
		"rate_limit", provider.Object("allowed", true, "limit_reached", false,
			"primary_window", quota(p.Five, primaryMinutes, c.At), "secondary_window", quota(p.Seven, secondaryMinutes, c.At)),
		"additional_rate_limits", nil, "credits", provider.Object("has_credits", false, "unlimited", false, "balance", "0")))
}

func quota(w provider.Window, minutes int64, now time.Time) json.RawMessage {
	return provider.Object("used_percent", w.Percent(), "limit_window_seconds", minutes*60,
		"reset_after_seconds", provider.Seconds(w.Reset.Sub(now)), "reset_at", w.Reset.Unix())
}

// codexFailures are the errors that the backend has in words of its own. Without a type and a code the shape is
// {"detail":"…"}.
func codexFailures() []Failure {
	return []Failure{
		{Status: 400, Word: "model", Message: "The '{model}' model is not supported when using Codex with a ChatGPT account."},
		{Status: 401, Code: "token_expired", Message: tokenExpired},
		{Status: 401, Word: "invalidated", Kind: invalid, Code: "token_invalidated", Message: tokenInvalidated},
		{Status: 402, Message: `{"code":"deactivated_workspace"}`},
		{Status: 403, Message: "Forbidden"},
		{Status: 404, Message: "Not Found"},
		{Status: 429, Word: "5h", Kind: "usage_limit_reached", Message: "The usage limit has been reached", Spent: "5h", Reset: time.Hour},
		{Status: 429, Word: "7d", Kind: "usage_limit_reached", Message: "The usage limit has been reached", Spent: "7d", Reset: 24 * time.Hour},
		{Status: 429, Word: "usage_not_included", Kind: "usage_not_included", Message: "To use Codex with your ChatGPT plan, upgrade to Plus: https://chatgpt.com/explore/plus."},
	}
}

// Failure is what an error status is like.
func (a *codex) Failure(c *provider.Call, st *provider.Step) provider.Failure {
	f := Find(st, codexFailures(), Failures())
	reset, _ := f.times(st)
	lines := ""
	if f.Status == 429 {
		lines = provider.Field("x-codex-plan-type", a.plan(c)) + quotaFields(c.At, f.plan(c.At, reset))
	}
	if f.Kind != "usage_limit_reached" && f.Kind != "usage_not_included" {
		return f.On(c, st, lines+f.Retry(st))
	}
	failed := f.On(c, st, lines)
	failed.Members = []any{"plan_type", a.plan(c)}
	if f.Spent != "" {
		failed.Members = append(failed.Members, "resets_at", c.At.Add(reset).Unix(), "eligible_promo", nil, "resets_in_seconds", provider.Seconds(reset))
	}
	return failed
}

// plan is the state of a plan when the failure comes.
func (f Failure) plan(now time.Time, in time.Duration) provider.Plan {
	p := provider.PlanOf(now, provider.Plain())
	switch f.Spent {
	case "5h":
		p.Five = provider.SpentWindow(now.Add(in))
	case "7d":
		p.Seven = provider.SpentWindow(now.Add(in))
	}
	return p
}

// Refusal renders an error.
func (a *codex) Refusal(c *provider.Call, f provider.Failure) provider.Reply {
	return Refuse(f, RequestID(c), codexError(f))
}

func codexError(f provider.Failure) []byte {
	switch {
	case f.Members != nil:
		return provider.Object("error", provider.Object(append([]any{"type", f.Kind, "message", f.Message}, f.Members...)...))
	case f.Kind != "" || f.Detail != "":
		return provider.Object("error", ErrorObject(f), "status", provider.If(f.Status == 401, 401))
	case strings.HasPrefix(f.Message, "{"): // it is an object
		return provider.Object("detail", json.RawMessage(f.Message))
	}
	return provider.Object("detail", f.Message)
}
