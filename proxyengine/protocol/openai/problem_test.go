package openai_test

import (
	"cmp"
	"testing"
	"time"

	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

func TestErrorsAreReadInEveryShape(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_795_000_000, 0)
	for body, want := range map[string]openai.Problem{
		`{"error":{"message":"m","type":"k","param":null,"code":"c"}}`:                                   {Kind: "k", Code: "c", Problem: provider.Problem{Message: "m", Own: true}},
		`{"error":{"type":"usage_limit_reached","message":"m","resets_at":1795000060}}`:                  {Kind: "usage_limit_reached", ResetsAt: at.Add(time.Minute), Problem: provider.Problem{Message: "m", Own: true}},
		`{"error":{"type":"usage_limit_reached","message":"m","resets_in_seconds":90,"resets_at":null}}`: {Kind: "usage_limit_reached", ResetsAt: at.Add(90 * time.Second), Problem: provider.Problem{Message: "m", Own: true}},
		`{"type":"response.failed","response":{"error":{"code":"c","message":"m"}}}`:                     {Code: "c", Problem: provider.Problem{Message: "m"}},
		`{"type":"error","code":"c","message":"m"}`:                                                      {Kind: "error", Code: "c", Problem: provider.Problem{Message: "m"}},
		`{"detail":"m"}`:                       {Problem: provider.Problem{Message: "m"}},
		`{"detail":{"code":"c"}}`:              {Code: "c"},
		`{"error":"m"}`:                        {Problem: provider.Problem{Message: "m"}},
		`{"statusCode":401,"message":"m"}`:     {Problem: provider.Problem{Message: "m"}},
		`{"error":{"code":429,"message":"m"}}`: {Code: "429", Problem: provider.Problem{Message: "m", Own: true}},
		" m\n":                                 {Problem: provider.Problem{Message: "m"}},
		"\n<html>":                             {Problem: provider.Problem{Page: true}},
		"":                                     {},
	} {
		want.Status, want.Name = 418, cmp.Or(want.Code, want.Kind)
		if got := openai.ReadProblem(&provider.Reply{At: at, Status: 418, Body: []byte(body)}); got != want {
			t.Errorf("%s: %+v", body, got)
		}
	}
}

func TestHowLongAnUpstreamAsksToWait(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]time.Duration{
		"Please try again in 1.2s.": 1200 * time.Millisecond, "Try again in 28ms": 28 * time.Millisecond, "try again in 6m0s, or": 6 * time.Minute,
		"try again in 20 seconds.": 20 * time.Second, "try again in 2 minutes": 2 * time.Minute, "try again in 5 milliseconds": 5 * time.Millisecond,
		"try again in 3 hours": 3 * time.Hour, "try again in 2 days": 48 * time.Hour, "Please retry after 7 seconds.": 7 * time.Second,
		"try again in": 0, "try again in a moment": 0, "try again in 5": 0, "try again in -5s": 0, "try again in 1e99 seconds": 0, "try again in 5 parsecs": 0, "": 0,
	} {
		p := openai.ReadProblem(&provider.Reply{Status: 429, Body: provider.Encode(map[string]any{"error": map[string]string{"message": message}})})
		if got := p.Wait; got != want {
			t.Errorf("%q: %v", message, got)
		}
	}
}
