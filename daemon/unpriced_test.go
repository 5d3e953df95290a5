package daemon_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/config"
	"crs/lab/crstest"
)

// unknown is a model that no table has.
const unknown = "gpt-from-tomorrow"

func unknownPrices(choice string) crstest.Option {
	return crstest.Config(func(c *config.Config) { c.Prices.Unknown = choice })
}

func daily(usd ctl.USD) func(*ctl.NewKey) { return func(k *ctl.NewKey) { k.DailyCost = &usd } }

// askUnknown asks for the model that no table has.
func askUnknown(t *testing.T, b *crstest.Box, key string) crstest.Answer {
	t.Helper()
	k := askers()["openai-responses"]
	k.named(unknown)
	a := k.ask(t, b, key, false)
	b.Idle()
	return a
}

// TestAModelWithoutAPriceIsToldOf in status, usage and the key, also after a restart, until it has one.
func TestAModelWithoutAPriceIsToldOf(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.AccountOn("openai-responses", "a")
	if a := askUnknown(t, b, b.Key("k")); a.Status != http.StatusOK {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if r := b.Last(); !r.Unpriced || r.Cost != 0 || r.Charged != 0 {
		t.Errorf("the key has no cost limit: %+v", r)
	}
	told := func(when string) {
		t.Helper()
		b.Until("the model is told of", func(s ctl.Status) bool {
			for _, c := range s.Conditions {
				if c.Code == "model_without_price" && c.Subject == unknown && strings.Contains(c.Sentence, "1 requests") {
					return true
				}
			}
			return false
		})
		u, err := b.Usage(t.Context(), ctl.UsageQuery{})
		k, err2 := b.Client.Key(t.Context(), "k")
		if err != nil || err2 != nil || len(u.Unpriced) != 1 || len(k.Unpriced) != 1 || k.Unpriced[0].Model != unknown || k.Unpriced[0].Tokens == 0 {
			t.Errorf("%s: usage %+v, key %+v, %v, %v", when, u.Unpriced, k.Unpriced, err, err2)
		}
	}
	told("at once")
	b.Halt()
	b.Boot()
	told("after a restart")
	if _, err := b.SetPrice(t.Context(), unknown, ctl.PriceEdit{Input: 1e9, Output: 1e9}); err != nil {
		t.Fatal(err)
	}
	if u, err := b.Usage(t.Context(), ctl.UsageQuery{}); err != nil || len(u.Unpriced) != 0 {
		t.Errorf("it has a price now: %+v, %v", u.Unpriced, err)
	}
}

// TestAnUnknownModelAndACostLimit: as the operator wants it; where the account's address is its own, nobody knows whose models it has.
func TestAnUnknownModelAndACostLimit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		choice  string
		own     bool
		status  int
		charged bool
	}{
		"dearest": {"dearest", false, 200, true}, "warn": {"warn", false, 200, false}, "refuse": {"refuse", false, 403, false},
		"dearest elsewhere": {"dearest", true, 200, false}, "refuse elsewhere": {"refuse", true, 200, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t, unknownPrices(c.choice))
			b.AccountOn("openai-responses", "a", func(a *ctl.NewAccount) {
				if c.own {
					a.BaseURL = provide(t, ofChat(unknown, "default", `{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}`))
				}
			})
			a := askUnknown(t, b, b.Key("k", daily(100e9)))
			if a.Status != c.status || c.status == 403 && (!strings.Contains(a.Body, unknown) || !strings.Contains(a.Body, "no price is known")) {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			r := b.Last()
			if c.status == 200 && (!r.Unpriced || r.Cost != 0 || (r.Charged > 0) != c.charged || (r.Doubt != "") != c.charged) {
				t.Errorf("charged %s: %+v", r.Charged, r)
			}
			if c.status == 200 {
				if other := askUnknown(t, b, b.Key("free")); other.Status != 200 || b.Last().Charged != 0 {
					t.Errorf("a key without a cost limit: %d, charged %s", other.Status, b.Last().Charged)
				}
			}
		})
	}
}

// TestABudgetHoldsForUnknownModels at 64 connections, to within what was in flight.
func TestABudgetHoldsForUnknownModels(t *testing.T) {
	t.Parallel()
	const connections, budget = 64, ctl.USD(50e6)
	b := crstest.Start(t)
	b.AccountOn("openai-responses", "a", func(a *ctl.NewAccount) { a.MaxConcurrency = 2 * connections })
	key := b.Key("k", daily(budget))
	k := askers()["openai-responses"]
	k.named(unknown)
	var all sync.WaitGroup
	for range connections {
		all.Go(func() {
			for range 20 {
				if a := k.ask(t, b, key, false); a.Status == http.StatusPaymentRequired {
					return
				}
			}
		})
	}
	all.Wait()
	b.Idle()
	u, err := b.Usage(t.Context(), ctl.UsageQuery{})
	if err != nil || u.Total.Requests == 0 {
		t.Fatal(u, err)
	}
	one := u.Total.Charged / ctl.USD(u.Total.Requests)
	if most := budget + connections*one; u.Total.Charged > most || one == 0 {
		t.Errorf("%d requests were charged %s of %s; one is %s", u.Total.Requests, u.Total.Charged, budget, one)
	}
	if a := k.ask(t, b, key, false); a.Status != http.StatusPaymentRequired {
		t.Errorf("the budget is spent: %d %s", a.Status, a.Body)
	}
}

// TestAKeysListCoversEveryModel that a request names: advisers, models that take over, makers of images.
func TestAKeysListCoversEveryModel(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	b.AccountOn("openai-responses", "o")
	list := func(k *ctl.NewKey) { k.AllowModels = &[]string{"claude-haiku-*", "gpt-5*"} }
	limited, free := b.Key("limited", list), b.Key("free")
	every := b.Key("every", func(k *ctl.NewKey) { k.AllowModels = &[]string{"claude-*"} })
	claude := func(more string) asker {
		k := askers()["claude-console"]
		k.named("claude-haiku-4-5")
		k.body = strings.Replace(k.body, `"stream"`, more+`,"stream"`, 1)
		return k
	}
	responses := func(more string) asker {
		return asker{path: "/openai/v1/responses", body: `{"model":"gpt-5.5","stream":false,"input":"hi",` + more + `}`}
	}
	for name, c := range map[string]struct {
		asker asker
		key   string
		names string // what is refused; "" where nothing is
	}{
		"an adviser":               {claude(`"tools":[{"name":"t","input_schema":{"type":"object"}},{"type":"advisor_20260301","name":"advisor","model":"claude-opus-4-7"}]`), limited, "claude-opus-4-7"},
		"an adviser that it may":   {claude(`"tools":[{"type":"advisor_20260301","name":"advisor","model":"claude-haiku-4-5"}]`), limited, ""},
		"without a list":           {claude(`"tools":[{"type":"advisor_20260301","name":"advisor","model":"claude-opus-4-7"}]`), free, ""},
		"one that takes over":      {claude(`"fallbacks":[{"model":"claude-haiku-4-5"},{"model":"claude-sonnet-4-6"}]`), limited, "claude-sonnet-4-6"},
		"any that takes over":      {claude(`"fallbacks":"default"`), limited, "claude-"},
		"any of those that it may": {claude(`"fallbacks":"default"`), every, ""},
		"an escaped name":          {claude(`"tools":[{"type":"advisor_20260301","name":"advisor","m\u006fdel":"claude-opus-4-7"}]`), limited, "claude-opus-4-7"},
		"a maker of images":        {responses(`"tools":[{"type":"image_generation","model":"gpt-image-2"}]`), limited, "gpt-image-2"},
		"within another tool":      {responses(`"tools":[{"type":"namespace","name":"n","tools":[{"type":"image_generation","model":"gpt-image-2"}]}]`), limited, "gpt-image-2"},
		"in the input":             {asker{path: "/openai/v1/responses", body: `{"model":"gpt-5.5","stream":false,"input":[{"type":"additional_tools","tools":[{"type":"image_generation","model":"gpt-image-2"}]}]}`}, limited, "gpt-image-2"},
		"a list of models":         {responses(`"models":["gpt-5.5","gpt-image-2"]`), limited, "gpt-image-2"},
		"tools too deep":           {responses(`"tools":[{"tools":[{"tools":[{"tools":[{"tools":[{"model":"gpt-image-2"}]}]}]}]}]`), limited, ""},
		"a list with one that may": {responses(`"tools":[{"type":"image_generation","model":"gpt-5-image"}]`), limited, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.asker.ask(t, b, c.key, false)
			if c.names == "" && a.Status == http.StatusForbidden || c.names != "" && (a.Status != http.StatusForbidden || !strings.Contains(a.Body, c.names)) {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		})
	}
}

// TestWhatMayCostMoreIsReservedFor: of many requests at once, no more are let in than the budget may pay for, by about what they cost.
func TestWhatMayCostMoreIsReservedFor(t *testing.T) {
	t.Parallel()
	const connections = 64
	claude := func(more string) asker {
		k := askers()["claude-console"]
		k.named("claude-haiku-4-5")
		k.body = strings.Replace(k.body, `"max_tokens":64`, `"max_tokens":4000`, 1)
		k.body = strings.Replace(k.body, `"stream"`, more+`,"stream"`, 1)
		return k
	}
	chat := askers()["openai-responses"]
	chat.body = strings.Replace(chat.body, `"stream"`, `"n":8,"stream"`, 1)
	gemini := askers()["gemini-api"]
	gemini.named("gemini-3-pro-image")
	for name, c := range map[string]struct {
		platform string
		asker    asker
		budget   ctl.USD
		most     int // requests that may be under way at once
	}{
		"models that take over": {"claude-console", claude(`"fallbacks":[{"model":"claude-fable-5"}]`), 500e6, 10},
		"an adviser":            {"claude-console", claude(`"tools":[{"type":"advisor_20260301","name":"advisor","model":"claude-opus-4-7"}]`), 500e6, 20},
		"searches":              {"claude-console", claude(`"tools":[{"type":"web_search_20250305","name":"web_search","max_uses":10}]`), 200e6, 2},
		"several answers":       {"openai-responses", chat, 500e6, 3},
		"an image of Gemini's":  {"gemini-api", gemini, 500e6, 3},
		"images of OpenAI's":    {"openai-responses", asker{path: "/openai/v1/images/generations", body: `{"model":"gpt-image-2","prompt":"a cat","quality":"high","n":2}`}, 450e6, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.AccountOn(c.platform, "a", func(a *ctl.NewAccount) { a.MaxConcurrency = 2 * connections })
			b.Script("loop:slow(1m)")
			key := b.Key("k", daily(c.budget))
			refused := make(chan int, connections)
			for range connections {
				req := c.asker.request(t, b, key, false)
				go func() {
					if got, err := http.DefaultClient.Do(req); err == nil { // those that are let in are still under way when the test ends
						refused <- got.StatusCode
						_ = got.Body.Close()
					}
				}()
			}
			for n := range connections - c.most {
				select {
				case status := <-refused:
					if status != http.StatusPaymentRequired && status != http.StatusTooManyRequests {
						t.Fatalf("refused with %d", status)
					}
				case <-time.After(time.Minute):
					t.Fatalf("only %d of %d were refused; %d may be under way", n, connections, c.most)
				}
			}
		})
	}
}
