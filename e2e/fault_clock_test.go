//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// clockFaults are clocks that somebody sets.
func clockFaults() []fault {
	return []fault{
		{name: "the clock is set back and ahead", clock: true, run: ownClockIsSet},
		{name: "the clock of Redis is set back and ahead", stores: "redis", run: redisClockIsSet},
	}
}

// ownClock has the relay go by a clock that setClock sets: a machine has one clock, and others go by it.
func (g *ground) ownClock(t *testing.T) {
	t.Helper()
	g.bin = os.Getenv("CRS_TEST_CLOCK_BIN")
	if g.bin == "" {
		t.Fatal("CRS_TEST_CLOCK_BIN does not say where a crs is whose clock can be set; run: make faults")
	}
	g.clock = filepath.Join(t.TempDir(), "clock")
	g.env = append(g.env, "TEST_CLOCK="+g.clock)
}

// setClock sets what the clock says, by so much off what it would say by itself.
func (g *ground) setClock(by time.Duration) {
	g.t.Helper()
	next := g.clock + ".next"
	if err := os.WriteFile(next, fmt.Appendf(nil, "%+d\n", int64(by.Seconds())), 0o600); err != nil {
		g.t.Fatal(err)
	}
	if err := os.Rename(next, g.clock); err != nil { // nobody reads half of it
		g.t.Fatal(err)
	}
}

// ownClockIsSet: and status says so, for as long as it is.
func ownClockIsSet(g *ground) {
	clockIsSet(g, func(by time.Duration) {
		g.setClock(by)
		g.until("status says that the clock is set, if it is", func() bool { return strings.Contains(g.conditions(), "clock_set") == (by != 0) })
	})
}

// clockSteps are by how much.
var clockSteps = []time.Duration{-24 * time.Hour, -time.Hour, time.Hour, 24 * time.Hour}

// clockIsSet: whichever way a clock is set, a minute is a minute, a day's budget is spent but once, also for the process that takes over
// and for one that is started anew, and what is served is counted once.
func clockIsSet(g *ground, set func(time.Duration)) {
	g.busy()
	day := g.relay.key("day", "--daily-cost", "0.000001")
	g.until("the budget is spent", func() bool { return g.one(day) == http.StatusPaymentRequired })
	for n, step := range clockSteps {
		minute := g.relay.key("minute"+strconv.Itoa(n), "--rpm", "3")
		served := g.oneOf(minute, 2)
		set(step)
		if served += g.oneOf(minute, 4); served != 3 {
			g.t.Errorf("set by %s: %d requests in a minute, where 3 are allowed", step, served)
		}
		g.spent(day, "set by "+step.String())
		g.more(20)
		g.again()
		if g.oneOf(minute, 3) > 0 {
			g.t.Errorf("set by %s: the process that took over lets more through", step)
		}
		g.spent(day, "set by "+step.String()+", and handed over")
		set(0)
		g.spent(day, "set by "+step.String()+" and back")
		g.more(20)
	}
	set(clockSteps[0])
	g.quiet()
	g.halt()
	g.serve()
	g.spent(day, "set, and started anew")
	set(0)
	g.wellAgain()
	g.some(10)
	g.spent(day, "set back, after a start")
}

// redisClockIsSet moves what nodes have noted beside the time of Redis, which no test can set: so it looks as if that had been.
func redisClockIsSet(g *ground) {
	was := time.Duration(0)
	clockIsSet(g, func(by time.Duration) {
		g.redis.SetTime(g.t, by-was)
		was = by
	})
}

// spent checks that a key's budget is.
func (g *ground) spent(key, when string) {
	g.t.Helper()
	if status := g.one(key); status != http.StatusPaymentRequired {
		g.t.Errorf("%s: a key whose budget is spent gets %d", when, status)
	}
}

// oneOf sends n requests and gives how many were served.
func (g *ground) oneOf(key string, n int) (served int) {
	g.t.Helper()
	for range n {
		switch status := g.one(key); status {
		case http.StatusOK:
			served++
		case http.StatusTooManyRequests:
		default:
			g.t.Errorf("status %d", status)
		}
	}
	return served
}

// one sends a request with another key, and gives its status.
func (g *ground) one(key string) int {
	g.t.Helper()
	own := &ground{relay: g.relay, key: key, refused: map[int]int{}}
	own.some(1)
	for status := range own.refused {
		return status
	}
	if len(own.answered) == 0 {
		g.t.Error("a request was not answered")
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answered = append(g.answered, own.answered...)
	return http.StatusOK
}
