package redis

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/store"
	"crs/internal/unit"
	"crs/internal/usage"
	"crs/lab/redistest"
)

// TestNoScriptDoesAnythingWithoutTheStore, whatever it is given; and that of the claim and the mark aside, these are all there are.
func TestNoScriptDoesAnythingWithoutTheStore(t *testing.T) {
	t.Parallel()
	for kind, server := range map[string]*redistest.Server{"miniredis": redistest.StartMini(t), "real": redistest.StartReal(t)} {
		s, err := Open(t.Context(), Options{URL: server.URL()})
		if err != nil {
			t.Fatal(err)
		}
		server.Do(t, "FLUSHALL")
		for _, row := range newScripts().rows() {
			name, script := row.name, *row.script
			if name == "claim" || name == "mark" {
				continue
			}
			keys := slices.Repeat([]string{s.keys.store(docSlot)}, 9)
			args := append(append([]any{s.id}, slices.Repeat([]any{"1"}, 30)...), s.id, "0")
			if _, err := script.Run(t.Context(), s.rdb, keys, args...).Result(); !isLost(err) {
				t.Errorf("%s: script %s: %v", kind, name, err)
			}
		}
		if n := server.Do(t, "DBSIZE"); n != int64(0) {
			t.Errorf("%s: %v keys were written", kind, n)
		}
		_ = s.Close()
	}
}

// TestAnEmptiedRedisIsWrittenNothing by whatever a store and a node can do, at the moment that it is emptied and after it. No
// command is sent that is neither a script nor only reads.
func TestAnEmptiedRedisIsWrittenNothing(t *testing.T) {
	t.Parallel()
	for kind, start := range map[string]func(testing.TB) (url string, empty, none func()){
		"miniredis": func(t testing.TB) (string, func(), func()) { return emptied(t, redistest.StartMini(t)) },
		"real":      func(t testing.TB) (string, func(), func()) { return emptied(t, redistest.StartReal(t)) },
		"cluster": func(t testing.TB) (string, func(), func()) {
			c := redistest.StartCluster(t, 0)
			_, empty, none := emptied(t, c.Primaries...)
			return c.URL(), empty, none
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			url, empty, none := start(t)
			s, err := Open(t.Context(), Options{URL: url, Wait: time.Second})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			n := s.Join(NodeOptions{
				Now: time.Now, Zone: time.UTC, Renew: time.Millisecond,
				Spent: func(context.Context, time.Time, limit.Window) (map[string]limit.Spent, error) { return nil, nil },
			})
			held := everything(t, s, n) // what is held is renewed, or given back, when it is gone
			empty()
			everything(t, s, n)
			for _, giveBack := range held {
				giveBack()
			}
			none()
			everything(t, s, n)
			_ = n.Leave(t.Context())
			none()
			for _, trip := range s.Trips() {
				script := trip.Operation == pipeline || slices.ContainsFunc(newScripts().rows(), func(r scriptRow) bool { return r.name == trip.Operation })
				reads := slices.Contains([]string{"ping", "info", "hgetall", "hget", "hmget", "hscan", "get", "scan", "zrange", "zrangebyscore", "xread", "xrevrange", "script", "hello", "client", "command", "cluster", "time", "evalsha", "eval"}, trip.Operation)
				if !script && !reads {
					t.Errorf("%s is sent, which may write", trip.Operation)
				}
			}
		})
	}
}

func emptied(t testing.TB, servers ...*redistest.Server) (url string, empty, none func()) {
	return servers[0].URL(), func() {
			for _, s := range servers {
				s.Do(t, "FLUSHALL")
			}
		}, func() {
			t.Helper()
			time.Sleep(50 * time.Millisecond) // for what is sent in its own time
			for _, s := range servers {
				if size := s.Do(t, "DBSIZE"); size != int64(0) {
					t.Errorf("written: %v", s.Do(t, "KEYS", "*"))
				}
			}
		}
}

// everything does all that a store and a node can do, and gives what gives back what was got.
func everything(t *testing.T, s *Store, n *Node) (held []func()) {
	t.Helper()
	ctx := t.Context()
	for i, do := range []func() error{
		func() error {
			_, err := s.Put(ctx, store.Doc{Kind: store.Key, ID: "k", Name: "k", Body: []byte("{}")})
			return err
		},
		func() error { return s.Delete(ctx, store.Key, "k") },
		func() error { return s.SaveState(ctx, "pool", []byte("{}")) },
		func() error { _, err := s.Claim(ctx, "seal", "x"); return err },
		func() error {
			sums := []usage.Sum{{Hour: time.Unix(7200, 0), Day: "2026-11-26", Key: "k", Requests: 1}}
			return s.AddUp(ctx, "n", sums, usage.Cursor{}, usage.Cursor{Offset: 1})
		},
		func() error {
			return s.Append(ctx, "n", [][]byte{[]byte("{}")}, usage.Cursor{}, usage.Cursor{Offset: 1})
		},
		func() error { return s.Forget(ctx, time.Now()) },
		func() error {
			return s.Import(ctx, []store.Item{{Part: store.PartCharged, Name: "k", Amount: 1}, {Part: store.PartFacts, Name: "f", Value: "v"}})
		},
	} {
		if err := do(); err != nil && strings.Contains(err.Error(), "unknown") {
			t.Errorf("write %d: %v", i, err)
		}
	}
	k := &key.Key{ID: "key_k", Policy: key.Policy{Limits: limit.Limits{Rules: []limit.Rule{limit.Per(unit.Requests, limit.Minute, 1000), limit.Per(unit.Tokens, limit.Minute, 1<<40), limit.Per(unit.Cost, limit.Day, 1<<40)}, Concurrency: 100, Queue: 5}}}
	estimate := unit.Amounts{unit.Tokens: 5, unit.Cost: 5}
	if seat, err := n.Counts().Admit(ctx, k.Holder(), estimate); err == nil {
		held = append(held, func() { seat.Release(); seat.Settle(unit.Amounts{unit.Tokens: 1, unit.Cost: 1}) })
	}
	adopted := n.Counts().Adopt(k.Holder(), estimate)
	held = append(held, func() { adopted.Release(); adopted.Settle(unit.Amounts{unit.Tokens: 1, unit.Cost: 1}) })
	_, _ = n.Counts().Use(ctx, k.Holder(), limit.Use{})
	if slot, _, _, err := n.Accounts().Take(ctx, []account.Cap{{Account: "a", Most: 5}}); err == nil && slot != nil {
		held = append(held, slot.Free)
	}
	held = append(held, n.Accounts().Adopt(account.Cap{Account: "b", Most: 5}).Free)
	if release, locked, err := n.Lock(ctx, "token:a"); err == nil && locked {
		held = append(held, release)
	}
	n.Accounts().Publish(account.StateUpdate{})
	return held
}
