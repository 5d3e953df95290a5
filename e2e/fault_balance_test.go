//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"crs/ctl"
)

// amount is a number of requests and their tokens, input and output.
type amount struct {
	requests int
	tokens   int64
}

// account is what came of it all.
type account struct {
	served, lost, doubled, taken int
	billed, written, forgone     amount
	cut                          int // requests of which nothing is known but that they were begun
	refused                      map[int]int
}

const faultTitle = "| fault | store | answered | billed | written | lost | doubled | taken by kill -9 | said to be lost | refused |\n|---|---|---|---|---|---|---|---|---|---|"

func (a account) row(name, store string) string {
	return fmt.Sprintf("| %s | %s | %d | %s | %s | %d | %d | %d | %s | %v |",
		name, store, a.served, a.billed, a.written, a.lost, a.doubled, a.taken, a.forgone, a.refused)
}

func (a amount) String() string { return fmt.Sprintf("%d, %d tokens", a.requests, a.tokens) }

// lastCommit is what a kill -9 may take: the time between commits, and some for a machine that is busy.
const lastCommit = 500 * time.Millisecond

// balance waits until all is settled, and compares what clients were given and the simulator billed with the ledger.
func (g *ground) balance() account {
	g.t.Helper()
	g.quiet()
	g.until("nothing is in flight, and everything is added up", func() bool {
		s, err := g.Status(context.Background())
		return err == nil && s.InFlight+s.Leaving+s.LedgerOpen == 0 && !s.Has("usage_not_counted") && !s.Has("ledger_not_written")
	})
	a := account{served: len(g.answered) + g.apart, forgone: g.forgone, refused: g.refused}
	a.read(g.book())
	a.seek(g)
	a.billed = billedTokens(g.t, g.relay)
	a.compare(g)
	return a
}

// book is every record, each with those that have its id.
func (g *ground) book() map[string][]ctl.Request {
	g.t.Helper()
	all, err := g.Requests(g.t.Context(), ctl.RequestQuery{Limit: 100_000})
	if err != nil {
		g.t.Fatal(err)
	}
	book := make(map[string][]ctl.Request, len(all))
	for _, rec := range all {
		book[rec.ID] = append(book[rec.ID], rec)
	}
	return book
}

// read counts what is written.
func (a *account) read(book map[string][]ctl.Request) {
	for _, recs := range book {
		a.doubled += len(recs) - 1
		for _, rec := range recs {
			switch {
			case rec.Status == http.StatusOK:
				a.written.requests++
				a.written.tokens += rec.InputTokens + rec.OutputTokens
			case rec.Source != "":
				a.cut++
			}
		}
	}
}

// seek looks for each answer that clients were given.
func (a *account) seek(g *ground) {
	book, missing := g.book(), 0
	for _, s := range g.answered {
		switch recs := book[s.id]; {
		case len(recs) > 0 && recs[0].Status == http.StatusOK:
		case g.takenByKill(s.at):
			a.taken++
		default:
			missing++
		}
	}
	a.lost = missing - g.forgone.requests
}

// compare checks that all figures are those that there must be.
func (a *account) compare(g *ground) {
	t := g.t
	t.Helper()
	if a.served == 0 {
		t.Error("nothing was served: this shows nothing")
	}
	if a.lost != 0 || a.doubled > 0 {
		t.Errorf("%d lost, %d doubled", a.lost, a.doubled)
	}
	due := amount{a.billed.requests - a.forgone.requests, a.billed.tokens - a.forgone.tokens}
	killed := len(g.kills)
	if killed == 0 && (a.written != due || a.cut > a.forgone.requests) {
		t.Errorf("the simulator billed %s, of which %s are said to be lost; the ledger has %s, and %d that were cut", a.billed, a.forgone, a.written, a.cut)
	}
	if a.written.requests > due.requests || a.written.requests+a.cut > a.billed.requests+askers*killed || a.written.tokens > due.tokens {
		t.Errorf("the ledger has %s, and %d that were cut, and the simulator billed only %s", a.written, a.cut, a.billed)
	}
	added := amount{a.written.requests + a.cut + g.counted.requests, a.written.tokens + g.counted.tokens}
	if got := g.addedUp(); got != added {
		t.Errorf("added up are %s, written %s, %d that were cut, and %s that cannot be read any more", got, a.written, a.cut, g.counted)
	}
}

// addedUp is what crs usage tells of.
func (g *ground) addedUp() amount {
	g.t.Helper()
	u, err := g.Usage(g.t.Context(), ctl.UsageQuery{Since: "all"})
	if err != nil {
		g.t.Fatal(err)
	}
	return amount{int(u.Total.Requests), u.Total.InputTokens + u.Total.OutputTokens}
}

// takenByKill reports whether an answer was given so shortly before a kill that it need not be in the ledger.
func (g *ground) takenByKill(at time.Time) bool {
	for _, k := range g.kills {
		if at.After(k.Add(-lastCommit)) && at.Before(k.Add(lastCommit)) {
			return true
		}
	}
	return false
}

// billedTokens is what the simulator has billed.
func billedTokens(t *testing.T, r *relay) (sum amount) {
	t.Helper()
	resp, err := http.Get(r.sim + "/_sim/served")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var all map[string]struct {
		Requests int
		Tokens   struct{ Input, Output int64 }
	}
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	for _, bill := range all {
		sum.requests += bill.Requests
		sum.tokens += bill.Tokens.Input + bill.Tokens.Output
	}
	return sum
}
