package redis_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"crs/internal/store"
	"crs/internal/store/redis"
	"crs/internal/usage"
	"crs/lab/redistest"
)

// mirror is a node that follows a store: what it knows of its keys.
type mirror struct {
	mu    sync.Mutex // guards the fields below
	keys  map[string]int64
	whole int
	ill   []error
}

func follow(t *testing.T, s *redis.Store) *mirror {
	t.Helper()
	m := &mirror{keys: map[string]int64{}}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { s.Follow(ctx, m.take, m.health); close(done) }()
	t.Cleanup(func() { stop(); <-done })
	return m
}

func (m *mirror) take(n store.ChangeSet) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n.Whole {
		m.whole++
		clear(m.keys)
	}
	for _, d := range n.Gone {
		delete(m.keys, d.ID)
	}
	for _, d := range n.Docs {
		m.keys[d.ID] = d.Version
	}
}

func (m *mirror) health(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ill = append(m.ill, err)
}

func (m *mirror) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		m.mu.Lock()
		done := ok()
		m.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func putKey(t *testing.T, s *redis.Store, id string, version int64) {
	t.Helper()
	if _, err := s.Put(t.Context(), store.Doc{Kind: store.Key, ID: id, Version: version, Body: fmt.Appendf(nil, "%d", version)}); err != nil {
		t.Fatal(err)
	}
}

func TestAFollowerHearsOfEveryEdit(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s, other := open(t, redis.Options{URL: server.URL()}), open(t, redis.Options{URL: server.URL()})
	t.Cleanup(func() { _, _ = s.Close(), other.Close() })
	putKey(t, other, "early", 0) // after s was opened, before it follows
	m := follow(t, s)
	for i := range 200 {
		putKey(t, other, fmt.Sprint(i), 0)
	}
	if err := other.Delete(t.Context(), store.Key, "7"); err != nil {
		t.Fatal(err)
	}
	m.until(t, "it has every edit", func() bool { return len(m.keys) == 200 && m.keys["early"] == 1 && m.keys["7"] == 0 })
	if m.whole != 0 {
		t.Errorf("it read everything %d times", m.whole)
	}
}

func TestAFollowerThatMissedAMessageReadsEverything(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s, other := open(t, redis.Options{URL: server.URL()}), open(t, redis.Options{URL: server.URL()})
	t.Cleanup(func() { _, _ = s.Close(), other.Close() })
	m := follow(t, s)
	putKey(t, other, "a", 0)
	m.until(t, "it has the first", func() bool { return m.keys["a"] == 1 })

	// An edit whose message never came, and then another one.
	server.Do(t, "HSET", "crs:{doc}:key", "silent", "1 0 x")
	server.Do(t, "HINCRBY", "crs:{doc}:store", "changes", 1)
	putKey(t, other, "b", 0)
	m.until(t, "it has what nobody told it", func() bool { return m.keys["silent"] == 1 && m.keys["b"] == 1 && m.whole == 1 })

	// A fail-over that lost two edits.
	server.Do(t, "HDEL", "crs:{doc}:key", "silent", "b")
	server.Do(t, "DEL", "crs:{doc}:feed")
	server.Do(t, "HINCRBY", "crs:{doc}:store", "changes", -2)
	m.until(t, "it has forgotten what Redis has", func() bool { return len(m.keys) == 1 && m.whole == 2 })
}

func TestAFollowerTellsThatRedisIsAwayAndHealsItself(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, redis.Options{URL: server.URL(), Wait: 200 * time.Millisecond})
	t.Cleanup(func() { _ = s.Close() })
	m := follow(t, s)
	putKey(t, s, "a", 0)
	m.until(t, "it has the first", func() bool { return m.keys["a"] == 1 })
	server.Save(t)
	server.Kill(t)
	m.until(t, "it tells that Redis is away", func() bool { return len(m.ill) == 1 && m.ill[0] != nil })
	server.Restart(t)
	server.Do(t, "HSET", "crs:{doc}:key", "silent", "1 0 x")
	m.until(t, "it is well and has everything", func() bool { return len(m.ill) == 2 && m.ill[1] == nil && m.keys["silent"] == 1 })
}

func TestAWriteWhoseAnswerWasLostIsDone(t *testing.T) {
	t.Parallel()
	s := open(t, redis.Options{URL: redistest.Start(t).URL()})
	t.Cleanup(func() { _ = s.Close() })
	d := store.Doc{Kind: store.Key, ID: "a", Name: "me", Body: []byte("1")}
	for range 2 {
		if v, err := s.Put(t.Context(), d); v != 1 || err != nil {
			t.Errorf("version %d, %v", v, err)
		}
	}
}

func TestTheLogIsBoundedByBytes(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, redis.Options{URL: server.URL(), LogBytes: 4000})
	t.Cleanup(func() { _ = s.Close() })
	for i := range int64(100) {
		r := fmt.Appendf(nil, `{"id":"req_%d","at":%q,"key":"k","service":"s","status":200,"model":%q}`, i,
			time.Now().UTC().Format(time.RFC3339Nano), fmt.Sprintf("%x", i*0x9e3779b97f4a7c1))
		if err := s.Append(t.Context(), "n", [][]byte{r}, usage.Cursor{Offset: i}, usage.Cursor{Offset: i + 1}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.Search(t.Context(), usage.Filter{Limit: 1000})
	if err != nil || len(all) == 0 || len(all) > 60 || all[len(all)-1].ID != "req_99" {
		t.Errorf("%d records are left, %v", len(all), err)
	}
	held := 0
	for range server.Do(t, "XRANGE", "crs:{log}:chunks", "-", "+").([]any) {
		held++
	}
	if held != len(all) {
		t.Errorf("%d chunks of %d records", held, len(all))
	}
	if newest, err := s.Search(t.Context(), usage.Filter{Limit: 2}); err != nil || len(newest) != 2 || newest[1].ID != "req_99" {
		t.Errorf("the newest: %v, %v", newest, err)
	}
}
