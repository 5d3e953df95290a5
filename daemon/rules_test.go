package daemon_test

import (
	"encoding/json"
	"strings"
	"testing"

	"crs/ctl"
	"crs/internal/config"
	"crs/lab/crstest"
	"crs/lab/redistest"
)

// rulesOfEachKind: of hours, days and months, longer, and in all.
func rulesOfEachKind() []string {
	return []string{"requests/5h", "requests/day", "tokens/week", "cost/month", "tokens/quarter", "requests/total", "cost/2h", "cost/90d"}
}

// TestLimitsKnowWhatWasUsedBeforeTheyWereMade, also before a restart, on a store of one's own and on one that nodes share.
func TestLimitsKnowWhatWasUsedBeforeTheyWereMade(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	for name, url := range map[string]string{"local": "", "redis": server.URL()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Redis.URL = url }))
			keys := useThrice(t, b)
			b.Halt()
			b.Boot()
			for rule, key := range keys {
				if got := b.Post(key, crstest.Hello); got.Status != 200 {
					t.Fatalf("%s: %+v", rule, got)
				}
				limit(t, b, rule)
				holds(t, b, key, rule)
			}
		})
	}
}

// TestLimitsOfAnyKindComeAlongWhenAStoreIsCopied to one that nodes share, where requests are counted otherwise.
func TestLimitsOfAnyKindComeAlongWhenAStoreIsCopied(t *testing.T) {
	t.Parallel()
	server, url := redistest.Start(t), ""
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Redis.URL = url }))
	keys := useThrice(t, b)
	for rule := range keys {
		limit(t, b, rule)
	}
	b.Halt()
	if _, err := copyStore(t, b.Dir, server.URL()); err != nil {
		t.Fatal(err)
	}
	url = server.URL()
	b.Boot()
	for rule, key := range keys {
		if strings.HasPrefix(rule, "requests") { // three of four
			_ = b.Post(key, crstest.Hello)
		}
		holds(t, b, key, rule)
	}
}

// useThrice makes an account, and a key for each rule, and has three requests of each counted.
func useThrice(t *testing.T, b *crstest.Box) (keys map[string]string) {
	t.Helper()
	b.Account("a")
	keys = map[string]string{}
	for _, rule := range rulesOfEachKind() {
		keys[rule] = b.Key(nameOf(rule))
		for range 3 {
			if got := b.Post(keys[rule], crstest.Hello); got.Status != 200 {
				t.Fatalf("%+v", got)
			}
		}
	}
	eventually(t, "the requests to be added up", func() bool {
		u, err := b.Usage(t.Context(), ctl.UsageQuery{})
		return err == nil && u.Total.Requests == int64(3*len(keys))
	})
	return keys
}

func nameOf(rule string) string { return strings.ReplaceAll(rule, "/", "-") }

func limit(t *testing.T, b *crstest.Box, rule string) {
	t.Helper()
	limits := map[string]json.Number{rule: most(rule)}
	if _, err := b.EditKey(t.Context(), nameOf(rule), ctl.KeyEdit{Rules: &limits}); err != nil {
		t.Fatal(err)
	}
}

// holds is that the next request is refused, and shown why.
func holds(t *testing.T, b *crstest.Box, key, rule string) {
	t.Helper()
	got := b.Post(key, crstest.Hello)
	if spent := strings.HasPrefix(rule, "cost") || strings.HasSuffix(rule, "total"); spent && got.Status != 402 || !spent && got.Status != 429 {
		t.Errorf("%s: %+v", rule, got)
	}
	k, err := b.Client.Key(t.Context(), nameOf(rule))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range k.Use.Limits {
		if l.Limit == rule && l.Share() < 1 {
			t.Errorf("%+v", l)
		}
	}
	if used(k, rule) == 0 {
		t.Errorf("%+v", k.Use.Limits)
	}
}

func used(k ctl.Key, rule string) float64 {
	for _, l := range k.Use.Limits {
		if n, err := l.Used.Float64(); l.Limit == rule && err == nil {
			return n
		}
	}
	return 0
}

// most is less than four requests use, and more than one does.
func most(rule string) json.Number {
	switch {
	case strings.HasPrefix(rule, "requests"):
		return "4"
	case strings.HasPrefix(rule, "tokens"):
		return "100"
	}
	return "0.0001"
}
