package openai_test

import (
	"testing"
	"time"

	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

func TestErrorsAreReadInEveryShape(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_795_000_000, 0)
	for body, want := range map[string]openai.Problem{
		`{"error":{"message":"m","type":"k","param":null,"code":"c"}}`:                                   {Kind: "k", Code: "c", Message: "m", Own: true},
		`{"error":{"type":"usage_limit_reached","message":"m","resets_at":1795000060}}`:                  {Kind: "usage_limit_reached", Message: "m", ResetsAt: at.Add(time.Minute), Own: true},
		`{"error":{"type":"usage_limit_reached","message":"m","resets_in_seconds":90,"resets_at":null}}`: {Kind: "usage_limit_reached", Message: "m", ResetsAt: at.Add(90 * time.Second), Own: true},
		`{"type":"response.failed","response":{"error":{"code":"c","message":"m"}}}`:                     {Code: "c", Message: "m"},
		`{"type":"error","code":"c","message":"m"}`:                                                      {Kind: "error", Code: "c", Message: "m"},
		`{"detail":"m"}`:                       {Message: "m"},
		`{"detail":{"code":"c"}}`:              {Code: "c"},
		`{"error":"m"}`:                        {Message: "m"},
		`{"statusCode":401,"message":"m"}`:     {Message: "m"},
		`{"error":{"code":429,"message":"m"}}`: {Code: "429", Message: "m", Own: true},
		" m\n":                                 {Message: "m"},
		"\n<html>":                             {Page: true},
		"":                                     {},
	} {
		want.Status = 418
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
		p := openai.Problem{Message: message}
		if got := p.Wait(nil); got != want {
			t.Errorf("%q: %v", message, got)
		}
	}
}
