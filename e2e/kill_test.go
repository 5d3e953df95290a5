//go:build e2e

package e2e

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crs/ctl"
)

const (
	requests    = 2000
	connections = 64
)

// settled is a request as its client knows it.
type settled struct {
	id     string
	status int
	whole  bool // the answer came whole
	at     time.Time
}

// TestEverythingThatSettledSurvivesAKill: 2,000 requests at 64 connections, each with a random fault, then the same again
// with a kill -9 in the middle.
func TestEverythingThatSettledSurvivesAKill(t *testing.T) {
	r := start(t)
	r.account("a")
	r.account("b")
	key := r.key("load")
	thaw(t, r, "a", "b")
	r.script("random(42, ok=60)")

	first := load(t, r, key, 0, func(int64) {})
	r.until("nothing is in flight", func() bool {
		s, err := r.Status(t.Context())
		return err == nil && s.InFlight == 0 && s.LedgerOpen == 0
	})
	book := ledger(t, r)
	if len(book) != requests {
		t.Errorf("%d requests were sent, and %d are in the ledger", requests, len(book))
	}
	inLedger(t, first, book)

	r.script("random(43, ok=60)")
	var killed time.Time
	var once sync.Once
	second := load(t, r, key, lastCommit/5, func(n int64) {
		if n == requests*3/4 {
			once.Do(func() {
				killed = time.Now()
				_ = r.process.Process.Kill()
			})
		}
	})
	_ = r.process.Wait()
	r.serve()

	book = ledger(t, r)
	var durable []settled
	for _, s := range second {
		if s.at.Before(killed.Add(-lastCommit)) {
			durable = append(durable, s)
		}
	}
	if len(durable) < requests/20 {
		t.Fatalf("only %d requests had settled before the kill: it came too early to show anything", len(durable))
	}
	inLedger(t, first, book)
	inLedger(t, durable, book)
	partial := 0
	for _, rec := range book {
		if strings.Contains(rec.Error, "the daemon ended") {
			partial++
			if rec.Source != "partial" {
				t.Errorf("%+v", rec)
			}
		}
	}
	if partial == 0 || partial > connections {
		t.Errorf("%d requests were cut by the kill, at %d connections", partial, connections)
	}
	if len(book) > 2*requests {
		t.Errorf("%d requests in the ledger of %d", len(book), 2*requests)
	}
	t.Logf("killed with %d of the second run settled: all there, %d partial, %d records in all", len(durable), partial, len(book))
	sums(t, r, book)
}

// thaw keeps the accounts in use: what the faults teach about them is not what this test is about.
func thaw(t *testing.T, r *relay, names ...string) {
	t.Helper()
	socket := r.Socket()
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		client := ctl.NewClient(socket)
		defer client.Close()
		for ctx.Err() == nil {
			for _, name := range names {
				_, _ = client.ThawAccount(ctx, name) // fails while the daemon is dead
			}
			time.Sleep(5 * time.Millisecond)
		}
	})
	t.Cleanup(func() { stop(); wg.Wait() })
}

// load sends the requests and gives those that got an answer; each connection pauses for up to pause before each, so that
// the run is long against the ledger's commits on a fast machine too. told counts the answers.
func load(t *testing.T, r *relay, key string, pause time.Duration, told func(n int64)) []settled {
	t.Helper()
	var mu sync.Mutex
	var all []settled
	var sent, answered atomic.Int64
	var wg sync.WaitGroup
	for c := range connections {
		wg.Go(func() {
			client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			rnd := rand.New(rand.NewPCG(uint64(c), 9))
			for sent.Add(1) <= requests {
				if pause > 0 {
					time.Sleep(time.Duration(rnd.Int64N(int64(pause))))
				}
				s, ok := one(client, r.addr, key, rnd.IntN(2) == 0)
				if !ok {
					continue
				}
				mu.Lock()
				all = append(all, s)
				mu.Unlock()
				told(answered.Add(1))
			}
		})
	}
	wg.Wait()
	return all
}

func one(client *http.Client, addr, key string, stream bool) (settled, bool) {
	body := `{"model":"claude-opus-4-8","max_tokens":64,"messages":[{"role":"user","content":"say ping"}]}`
	if stream {
		body = strings.Replace(body, `"max_tokens"`, `"stream":true,"max_tokens"`, 1)
	}
	// A stall of the simulator lasts until its client leaves.
	ctx, stop := context.WithTimeout(context.Background(), 700*time.Millisecond)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/api/v1/messages", strings.NewReader(body))
	if err != nil {
		return settled{}, false
	}
	req.Header.Set("x-api-key", key)
	req.Header.Set("anthropic-version", "2023-06-01")
	resp, err := client.Do(req)
	if err != nil {
		return settled{}, false
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	id := resp.Header.Get("x-crs-request-id")
	if id == "" {
		id = resp.Header.Get("request-id") // the relay's own refusals
	}
	return settled{id: id, status: resp.StatusCode, whole: err == nil, at: time.Now()}, true
}

// ledger gives every record, by id; each must be there once.
func ledger(t *testing.T, r *relay) map[string]ctl.Request {
	t.Helper()
	all, err := r.Requests(t.Context(), ctl.RequestQuery{Limit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	book := make(map[string]ctl.Request, len(all))
	for _, rec := range all {
		if _, twice := book[rec.ID]; twice {
			t.Errorf("%s is in the ledger twice", rec.ID)
		}
		book[rec.ID] = rec
	}
	return book
}

// inLedger checks that every answer a client got is written down as it was.
func inLedger(t *testing.T, answers []settled, book map[string]ctl.Request) {
	t.Helper()
	lost, wrong := 0, 0
	for _, s := range answers {
		rec, ok := book[s.id]
		switch {
		case !ok:
			lost++
		case rec.Status != s.status, s.whole && s.status == 200 && rec.Error == "" && (rec.Source != "upstream" || rec.OutputTokens == 0):
			wrong++
			t.Logf("the client saw %+v, the ledger has %+v", s, rec)
		}
	}
	if lost > 0 || wrong > 0 {
		t.Errorf("of %d answers %d are not in the ledger, and %d otherwise than they were", len(answers), lost, wrong)
	}
}

// sums checks that the roll-ups are what the records add up to.
func sums(t *testing.T, r *relay, book map[string]ctl.Request) {
	t.Helper()
	var n, output int64
	var cost ctl.USD
	for _, rec := range book {
		if rec.Source != "" {
			n++
			output += rec.OutputTokens
			cost += rec.Cost
		}
	}
	u, err := r.Usage(t.Context(), ctl.UsageQuery{Since: "all"})
	if err != nil {
		t.Fatal(err)
	}
	if u.Total.Requests != n || u.Total.OutputTokens != output || u.Total.Cost != cost {
		t.Errorf("roll-ups: %d requests, %d output, %s; records: %d, %d, %s", u.Total.Requests, u.Total.OutputTokens, u.Total.Cost, n, output, cost)
	}
}
