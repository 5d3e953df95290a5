//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"crs/ctl"
)

// tokenFaults are what a token that is rotated has to bear. The simulated provider takes a refresh token that is used a second time
// for theft, as real ones do: an account that lost a pair needs a login.
func tokenFaults() []fault {
	return []fault{
		{name: "a token is rotated on a full disk, and a kill -9", stores: "local", run: func(g *ground) { rotatedAndKilled(g, g.fillDisk) }},
		{name: "a token is rotated while the store takes nothing, and a kill -9", run: func(g *ground) { rotatedAndKilled(g, g.failing("OOM")) }},
		{name: "a token is rotated with too few replicas, and a kill -9", stores: "redis", run: func(g *ground) { rotatedAndKilled(g, g.failing("NOREPLICAS")) }},
		{name: "a token is rotated while Redis goes away", stores: "redis", run: func(g *ground) { rotatedAndHealed(g, g.redisAway) }},
		{name: "a token is rotated while the store takes nothing, and a restart", run: rotatedAndRestarted},
		{name: "a token is rotated while the disk hangs", run: rotatedWhileDiskHangs, hangs: true},
		{name: "a token is due while the disk hangs", stores: "local", run: dueWhileDiskHangs, hangs: true},
		{name: "Redis is emptied under load", stores: "redis", run: redisEmptied},
	}
}

func (g *ground) failing(how string) func() (heal func()) {
	return func() func() { return g.storeFails(how) }
}

func (g *ground) fillDisk() (heal func()) {
	g.fill()
	return g.free
}

func (g *ground) redisAway() (heal func()) {
	g.redis.Save(g.t)
	g.redis.Kill(g.t)
	return func() { g.redis.Restart(g.t) }
}

// rotated has the token of an account rotated, and something fail while the provider makes up its mind.
func (g *ground) rotated(fail func() (heal func())) (heal func()) {
	g.t.Helper()
	before := g.refreshes()
	g.script("/v1/oauth/token=slow(1s)*1")
	done := make(chan error, 1)
	go func() {
		cmd := exec.CommandContext(g.t.Context(), binary(g.t), "account", "refresh", "max")
		cmd.Env = append(cmd.Environ(), "CRS_SOCKET="+g.Socket())
		out, err := cmd.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		done <- err
	}()
	g.until("the provider is asked", func() bool { return g.refreshes() > before })
	heal = fail()
	if err := <-done; err != nil {
		g.t.Errorf("a refresh whose pair the store does not take: %v", err)
	}
	return heal
}

// works has the account serve, and its token rotate once more.
func (g *ground) works() {
	g.t.Helper()
	if status, body := g.say(g.key); status != http.StatusOK {
		g.t.Errorf("%d %s", status, body)
	}
	if a, err := g.Account(g.t.Context(), "max"); err != nil || a.State != "ready" {
		g.t.Errorf("the account is %s (%s): %v", a.State, a.Why, err)
	}
	if a, err := g.RefreshAccount(g.t.Context(), "max"); err != nil || a.State != "ready" {
		g.t.Errorf("when its token is rotated once more, the account is %s: %v", a.State, err)
	}
}

func (g *ground) subscribed() {
	g.expired("max")
	g.busy()
	g.more(20)
}

func rotatedAndKilled(g *ground, fail func() func()) {
	g.subscribed()
	heal := g.rotated(fail)
	if status, body := g.say(g.key); status != http.StatusOK {
		g.t.Errorf("with the fresh token: %d %s", status, body)
	}
	g.killAtRest()
	heal()
	g.serve()
	g.wellAgain()
	g.works()
	g.some(5)
}

func rotatedAndHealed(g *ground, fail func() func()) {
	g.subscribed()
	heal := g.rotated(fail)
	g.says("token_not_stored")
	heal()
	g.wellAgain()
	g.works()
	g.more(10)
}

// rotatedWhileDiskHangs: the fresh token is used, and nobody waits for the disk.
func rotatedWhileDiskHangs(g *ground) {
	g.subscribed()
	wake := g.rotated(g.disk.Hang)
	if g.redis == nil {
		g.says("token_only_in_memory")
	}
	g.more(10)
	wake()
	g.wellAgain()
	g.works()
	g.more(10)
}

// dueWhileDiskHangs: a token that is good is not used up for one that could be kept nowhere.
func dueWhileDiskHangs(g *ground) {
	g.subscribed()
	g.works()
	before := g.refreshes()
	wake := g.disk.Hang()
	if _, err := g.RefreshAccount(g.t.Context(), "max"); err == nil || !strings.Contains(err.Error(), "was not refreshed") {
		g.t.Errorf("a refresh whose pair could be kept nowhere: %v", err)
	}
	if now := g.refreshes(); now != before {
		g.t.Errorf("the provider was asked for %d tokens meanwhile", now-before)
	}
	g.more(10)
	wake()
	g.wellAgain()
	g.works()
	g.more(10)
}

func rotatedAndRestarted(g *ground) {
	g.subscribed()
	heal := g.rotated(g.failing("OOM"))
	g.says("token_not_stored")
	old := g.pid()
	if _, err := g.Restart(g.t.Context(), ctl.Restart{}); err != nil {
		g.t.Errorf("a restart while a token waits for the store: %v", err)
	} else if g.pid() == old {
		g.t.Error("the old process answers")
	}
	g.says("token_not_stored")
	heal()
	g.wellAgain()
	g.works()
	g.more(10)
}

// redisEmptied: nothing is written into it, at any moment; once its dump is back, everything is counted.
func redisEmptied(g *ground) {
	g.crs("key", "edit", "clients", "--rpm", "1000000", "--tpm", "100000000", "--concurrency", "50", "--daily-cost", "100000")
	g.busy()
	g.more(30)
	g.redis.Save(g.t)
	g.redis.Do(g.t, "FLUSHALL")
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if size := g.redis.Do(g.t, "DBSIZE"); size != int64(0) {
			g.t.Fatalf("written into an emptied Redis: %v", g.redis.Do(g.t, "KEYS", "*"))
		}
	}
	g.more(30)
	if size := g.redis.Do(g.t, "DBSIZE"); size != int64(0) || !strings.Contains(g.conditions(), "store_away") {
		g.t.Errorf("%v keys were written; status says %s", size, g.conditions())
	}
	g.redis.Kill(g.t) // without writing down that it is empty
	g.redis.Restart(g.t)
	g.wellAgain()
	g.more(30)
}
