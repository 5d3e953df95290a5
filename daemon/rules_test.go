package daemon_test

import (
	"encoding/json"
	"strings"
	"testing"

	"crs/ctl"
	"crs/lab/crstest"
)

// TestLimitsOfAnyKindOutliveARestart, and know what was used before they were made: of a day, a month, hours, and in all.
func TestLimitsOfAnyKindOutliveARestart(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"requests/5h", "requests/day", "tokens/week", "cost/month", "tokens/quarter", "requests/total", "cost/2h"} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.Account("a")
			key := b.Key("k")
			for range 3 {
				if got := b.Post(key, crstest.Hello); got.Status != 200 {
					t.Fatalf("%+v", got)
				}
			}
			eventually(t, "the requests to be added up", func() bool {
				u, err := b.Usage(t.Context(), ctl.UsageQuery{})
				return err == nil && u.Total.Requests == 3
			})
			b.Halt()
			b.Boot()
			if got := b.Post(key, crstest.Hello); got.Status != 200 {
				t.Fatalf("%+v", got)
			}
			limits := map[string]json.Number{rule: most(rule)}
			if _, err := b.EditKey(t.Context(), "k", ctl.KeyEdit{Rules: &limits}); err != nil {
				t.Fatal(err)
			}
			if sliding := strings.HasSuffix(rule, "h"); sliding { // it counts from now on, and after a crash what was before
				b.Halt()
				b.Boot()
			}
			var got crstest.Answer
			eventually(t, "the limit to hold", func() bool { got = b.Post(key, crstest.Hello); return got.Status != 200 })
			if spent := strings.HasPrefix(rule, "cost") || strings.HasSuffix(rule, "total"); spent && got.Status != 402 || !spent && got.Status != 429 {
				t.Errorf("%+v", got)
			}
			k, err := b.Client.Key(t.Context(), "k")
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range k.Use.Limits {
				if used, _ := l.Used.Float64(); l.Limit == rule && (l.Share() < 1 || used == 0) {
					t.Errorf("%+v", l)
				}
			}
		})
	}
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
