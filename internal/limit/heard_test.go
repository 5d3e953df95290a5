package limit_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/unit"
)

// refuser is a shared count whose day ends when it says.
type refuser struct {
	successor
	refused *limit.Exceeded
}

func (r *refuser) Admit(context.Context, limit.Holder, unit.Amounts) (limit.Seat, error) {
	return nil, r.refused
}

// TestTheSharedCountSaysWhenADayEnds: this node's day may begin before it. What it refused then is not held against the new day.
func TestTheSharedCountSaysWhenADayEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := &key.Key{ID: "k", Policy: key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Cost, limit.Day, dollar)}}}}
		shared := &refuser{refused: &limit.Exceeded{Limit: limit.Name("daily cost"), Unit: unit.Cost, Window: limit.Day, Max: dollar, Used: dollar, RetryAfter: 30 * time.Second}}
		g := limit.New(limit.Options{Clock: steady{time.Now()}, Zone: time.UTC, Shared: shared})
		enter := func() error { _, err := g.Enter(t.Context(), by(k).Holders); return err }
		if err := enter(); err != nil {
			t.Errorf("before anything was said: %v", err)
		}
		refused(t, g, by(k))
		time.Sleep(10 * time.Second)
		if r, ok := enter().(*limit.Exceeded); !ok || r.RetryAfter != 20*time.Second {
			t.Errorf("after a while: %+v", r)
		}
		time.Sleep(20 * time.Second)
		if err := enter(); err != nil {
			t.Errorf("when the shared day has ended: %v", err)
		}
	})
}

type steady struct{ began time.Time }

func (s steady) Steady() time.Time      { return time.Now() }
func (s steady) Elapsed() time.Duration { return time.Since(s.began) }
