package simulator

import (
	"math"
	"strconv"
	"time"
)

// windowMinutes are how long the two windows of a plan are.
const (
	primaryMinutes   = 300
	secondaryMinutes = 10080
)

// appendQuota appends the quota fields of a plan.
func appendQuota(b []byte, now time.Time, p plan) []byte {
	b = p.five.appendCodex(b, "primary", primaryMinutes, now)
	b = p.seven.appendCodex(b, "secondary", secondaryMinutes, now)
	return append(b, "x-codex-active-limit: premium\r\nx-codex-primary-over-secondary-limit-percent: 0\r\n"+
		"x-codex-credits-has-credits: False\r\nx-codex-credits-unlimited: False\r\nx-codex-credits-balance: 0\r\n"...)
}

func (w window) appendCodex(b []byte, name string, minutes int, now time.Time) []byte {
	name = "x-codex-" + name
	b = appendField(b, name+"-used-percent", strconv.FormatFloat(w.percent(), 'f', -1, 64))
	b = appendField(b, name+"-window-minutes", strconv.Itoa(minutes))
	b = appendField(b, name+"-reset-after-seconds", strconv.FormatInt(seconds(w.reset.Sub(now)), 10))
	return appendField(b, name+"-reset-at", strconv.FormatInt(w.reset.Unix(), 10))
}

// percent is the utilization as a percentage, without what multiplying adds.
func (w window) percent() float64 { return math.Round(w.used*1e6) / 1e4 }

func seconds(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }

// answerQuota answers /backend-api/wham/usage.
func (a *codex) answerQuota(c *call, st *step) reply {
	p := planOf(c.at, st)
	r := reply{status: 200, content: jsonType, fields: c.keep(appendRequestID(c))}
	b := append(c.scratch, `{"plan_type":`...)
	b = appendText(b, a.grants.plan(c.credential))
	b = append(b, `,"rate_limit":{"allowed":true,"limit_reached":false,"primary_window":`...)
	b = p.five.appendQuota(b, primaryMinutes, c.at)
	b = append(b, `,"secondary_window":`...)
	b = p.seven.appendQuota(b, secondaryMinutes, c.at)
	r.body = c.keep(append(b, `},"additional_rate_limits":null,"credits":{"has_credits":false,"unlimited":false,"balance":"0"}}`...))
	return r
}

func (w window) appendQuota(b []byte, minutes int64, now time.Time) []byte {
	b = append(b, `{"used_percent":`...)
	b = strconv.AppendFloat(b, w.percent(), 'f', -1, 64)
	b = append(b, `,"limit_window_seconds":`...)
	b = strconv.AppendInt(b, minutes*60, 10)
	b = append(b, `,"reset_after_seconds":`...)
	b = strconv.AppendInt(b, seconds(w.reset.Sub(now)), 10)
	b = append(b, `,"reset_at":`...)
	return append(strconv.AppendInt(b, w.reset.Unix(), 10), '}')
}

// codexFailures are the errors that the backend has in words of its own. Without a type and a code the shape is
// {"detail":"…"}.
var codexFailures = []openAIFailure{
	{status: 400, word: "model", message: "The '{model}' model is not supported when using Codex with a ChatGPT account."},
	{status: 401, code: "token_expired", message: tokenExpired},
	{status: 401, word: "invalidated", kind: invalid, code: "token_invalidated", message: tokenInvalidated},
	{status: 402, message: `{"code":"deactivated_workspace"}`},
	{status: 403, message: "Forbidden"},
	{status: 404, message: "Not Found"},
	{status: 429, word: "5h", kind: "usage_limit_reached", message: "The usage limit has been reached", spent: "5h", reset: time.Hour},
	{status: 429, word: "7d", kind: "usage_limit_reached", message: "The usage limit has been reached", spent: "7d", reset: 24 * time.Hour},
	{status: 429, word: "usage_not_included", kind: "usage_not_included", message: "To use Codex with your ChatGPT plan, upgrade to Plus: https://chatgpt.com/explore/plus."},
}

func (a *codex) failure(c *call, st *step) failure {
	f := findOpenAI(st, codexFailures, openAIFailures)
	reset, _ := f.times(st)
	b := c.scratch
	if f.status == 429 {
		b = appendField(b, "x-codex-plan-type", a.grants.plan(c.credential))
		b = appendQuota(b, c.at, f.plan(c.at, reset))
	}
	switch f.kind {
	case "usage_limit_reached", "usage_not_included":
		failed := f.on(c, st, c.keep(b))
		failed.members = a.appendUsed(nil, c, f, reset)
		return failed
	}
	return f.on(c, st, c.keep(f.appendRetry(b, st)))
}

// plan is the state of a plan when the failure comes.
func (f openAIFailure) plan(now time.Time, in time.Duration) plan {
	p := planOf(now, plain)
	switch f.spent {
	case "5h":
		p.five = window{"rejected", now.Add(in), 1}
	case "7d":
		p.seven = window{"rejected", now.Add(in), 1}
	}
	return p
}

// appendUsed renders what an error tells of a plan.
func (a *codex) appendUsed(b []byte, c *call, f openAIFailure, reset time.Duration) []byte {
	b = append(b, `,"plan_type":`...)
	b = appendText(b, a.grants.plan(c.credential))
	if f.spent == "" {
		return b
	}
	b = append(b, `,"resets_at":`...)
	b = strconv.AppendInt(b, c.at.Add(reset).Unix(), 10)
	b = append(b, `,"eligible_promo":null,"resets_in_seconds":`...)
	return strconv.AppendInt(b, seconds(reset), 10)
}

func (a *codex) refusal(c *call, f failure) reply {
	if f.page {
		return challenge(c)
	}
	r := reply{status: f.status, content: jsonType, fields: c.keep(append(appendRequestID(c), f.fields...))}
	b := c.scratch
	switch {
	case f.members != nil:
		b = append(b, `{"error":{"type":`...)
		b = appendText(b, f.kind)
		b = append(b, `,"message":`...)
		b = appendText(b, f.message)
		b = append(append(b, f.members...), '}')
	case f.kind != "" || f.detail != "":
		b = appendError(append(b, `{"error":`...), f)
		if f.status == 401 {
			b = append(b, `,"status":401`...)
		}
	default:
		b = appendDetail(append(b, `{"detail":`...), f.message)
	}
	r.body = c.keep(append(b, '}'))
	return r
}

// appendDetail appends a message, or the object that it is.
func appendDetail(b []byte, message string) []byte {
	if message != "" && message[0] == '{' {
		return append(b, message...)
	}
	return appendText(b, message)
}
