//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"crs/ctl"
)

// ledgerFaults are what the ledger has to bear.
func ledgerFaults() []fault {
	return []fault{
		{name: "the disk is full for a while", run: func(g *ground) { bears(g, g.fillDisk, "ledger_not_written") }, env: noReserve},
		{name: "the disk hangs for a while", run: diskHangs, hangs: true},
		{name: "a restart while the disk hangs", run: restartWhileDiskHangs, hangs: true},
		{name: "the disk hangs while a new process takes over", run: hangsInTakeover, hangs: true, env: []string{"CRS_TIMEOUTS_TAKEOVER=5s"}},
		{name: "a stop after a restart while the disk hangs", run: stopWhileDiskHangs, hangs: true, env: []string{"CRS_TIMEOUTS_SHUTDOWN=0s"}},
		{name: "a kill -9 while the disk is full", run: killedOnReserve},
		{name: "the store takes nothing for a while", run: func(g *ground) { bears(g, g.failing("OOM"), "usage_not_counted") }},
		{name: "the store has too few replicas", stores: "redis", run: func(g *ground) { bears(g, g.failing("NOREPLICAS"), "usage_not_counted") }},
		{name: "a restart on a full disk", run: restartOnFullDisk, env: noReserve},
		{name: "a restart while the store takes nothing", run: func(g *ground) { restartWhileStoreRefuses(g, "OOM") }},
		{name: "a restart with too few replicas", stores: "redis", run: func(g *ground) { restartWhileStoreRefuses(g, "NOREPLICAS") }},
		{name: "a restart while Redis cannot save", stores: "redis", run: func(g *ground) { restartWhileStoreRefuses(g, "MISCONF") }},
		{name: "a restart while Redis is a replica", stores: "redis", run: func(g *ground) { restartWhileStoreRefuses(g, "READONLY") }},
		{name: "a kill -9 and a start while Redis cannot save", stores: "redis", run: func(g *ground) { startWhileStoreRefuses(g, "MISCONF") }},
		{name: "the new process is killed while the store takes nothing", run: successorKilledWhileStoreRefuses},
		{name: "the new process is killed on a full disk", run: successorKilledOnFullDisk},
		{name: "the new process stands still", run: successorStandsStill},
		{name: "the new process stands still as soon as it serves", stores: "local", run: successorStandsStillAtOnce},
		{name: "a new process that never serves, on a full disk", run: brokenSuccessorOnFullDisk, env: noReserve},
		{name: "a kill -9 and a start on a full disk", run: func(g *ground) { startOnFullDisk(g, g.killAtRest) }, env: noReserve},
		{name: "a stop and a start on a full disk", run: func(g *ground) { startOnFullDisk(g, func() { g.quiet(); g.halt() }) }, env: noReserve},
		{name: "a stop on a full disk that heals in time", run: stopOnFullDisk, env: noReserve},
		{name: "a stop on a full disk that must give up", run: stopGivesUp, env: append([]string{"CRS_TIMEOUTS_SHUTDOWN=0s"}, noReserve...)},
		{name: "usage.buffer is spent on a full disk", run: bufferSpent, env: append([]string{"CRS_USAGE_BUFFER=128KiB"}, noReserve...)},
	}
}

// noReserve has the disk refuse at once what the ledger writes.
var noReserve = []string{"CRS_USAGE_RESERVE=0B"}

// killedOnReserve: what is answered while the disk is full is durable, as at any other time.
func killedOnReserve(g *ground) {
	g.busy()
	g.more(30)
	g.fill()
	g.says("ledger_on_reserve")
	g.more(150)
	g.kill(g.process.Process.Pid)
	_ = g.process.Wait()
	g.quiet()
	g.serve()
	g.says("ledger_on_reserve")
	g.some(20)
	g.free()
	g.wellAgain()
	g.some(10)
}

// bears has something fail for a while: requests are served, status says so, and what waits is told of.
func bears(g *ground, fail func() (heal func()), says string) {
	g.busy()
	g.more(30)
	heal := fail()
	g.says(says)
	g.more(60)
	g.tells()
	heal()
	g.wellAgain()
	g.more(30)
}

// diskHangs: nobody who is served waits for the disk, and what waits is in memory.
func diskHangs(g *ground) {
	g.busy()
	g.more(30)
	wake := g.disk.Hang()
	g.says("ledger_not_written")
	g.more(60)
	g.tellsOfRequests()
	g.usageIsAnswered()
	g.changesAreAnswered()
	wake()
	g.wellAgain()
	g.more(30)
}

// changesAreAnswered too: whether they are done, nobody can know.
func (g *ground) changesAreAnswered() {
	g.t.Helper()
	_, err := g.CreateKey(g.t.Context(), ctl.NewKey{Name: "while-the-disk-hangs"})
	if g.redis == nil && (err == nil || !strings.Contains(err.Error(), "the disk of the data directory hangs")) || g.redis != nil && err != nil {
		g.t.Errorf("a key is made while the disk hangs: %v", err)
	}
}

// usageIsAnswered, with figures, or with what is in their way: the local store is on the disk too.
func (g *ground) usageIsAnswered() {
	g.t.Helper()
	u, err := g.Usage(g.t.Context(), ctl.UsageQuery{Since: "all"})
	if err == nil && u.Total.Requests == 0 || err != nil && !strings.Contains(err.Error(), "the disk of the data directory hangs") {
		g.t.Errorf("crs usage while the disk hangs: %+v, %v", u, err)
	}
}

// restartWhileDiskHangs: nothing is handed over before the disk is there again, and nothing else waits for that.
func restartWhileDiskHangs(g *ground) {
	g.busy()
	g.more(30)
	wake := g.disk.Hang()
	done := make(chan error, 1)
	go func() {
		_, err := g.Restart(g.t.Context(), ctl.Restart{})
		done <- err
	}()
	g.says("ledger_not_written")
	g.more(60)
	if err := <-done; err == nil || !strings.Contains(err.Error(), "the disk of the data directory hangs") {
		g.t.Errorf("a restart while the disk hangs: %v", err)
	}
	wake()
	g.wellAgain()
	g.more(30)
}

// tells checks that the log and the figures have what waits in memory, or for the store.
func (g *ground) tells() {
	g.t.Helper()
	served := g.tellsOfRequests()
	var u ctl.Usage
	if err := json.Unmarshal([]byte(g.crs("usage", "--since", "all", "-o", "json")), &u); err != nil || u.Total.Requests < int64(served) {
		g.t.Errorf("crs usage tells of %d requests, and %d were served: %v", u.Total.Requests, served, err)
	}
}

// tellsOfRequests checks the log only, and gives how many were answered.
func (g *ground) tellsOfRequests() (served int) {
	g.t.Helper()
	g.mu.Lock()
	served, last := len(g.answered), g.answered[len(g.answered)-1].id
	g.mu.Unlock()
	if out := g.crs("explain", last); !strings.Contains(out, "claude-opus-4-8") {
		g.t.Errorf("crs explain does not tell of %s: %s", last, out)
	}
	if out := g.crs("requests", "-o", "json", "--limit", "100000"); !strings.Contains(out, last) {
		g.t.Errorf("crs requests does not tell of %s", last)
	}
	return served
}

// restartOnFullDisk: what waits cannot be handed over, and says so; nothing of it is lost.
func restartOnFullDisk(g *ground) {
	g.busy()
	g.more(20)
	g.fill()
	g.says("ledger_not_written")
	before := g.pid()
	_, err := g.Restart(g.t.Context(), ctl.Restart{})
	if err == nil || !strings.Contains(err.Error(), "the ledger") {
		g.t.Errorf("a restart on a full disk: %v", err)
	}
	if now := g.pid(); now != before {
		g.t.Errorf("process %d answers, not %d", now, before)
	}
	g.more(40)
	g.says("ledger_not_written")
	g.free()
	g.wellAgain()
	g.restarted()
	g.more(20)
}

func (g *ground) restarted() {
	g.t.Helper()
	if _, err := g.Restart(g.t.Context(), ctl.Restart{}); err != nil {
		g.t.Error(err)
	}
}

// restartWhileStoreRefuses: the ledger is handed over, or stays; whichever, nothing is lost.
func restartWhileStoreRefuses(g *ground, how string) {
	g.busy()
	g.more(20)
	heal := g.storeFails(how)
	g.says("usage_not_counted")
	if _, err := g.Restart(g.t.Context(), ctl.Restart{}); err != nil {
		g.t.Logf("a restart while the store takes nothing: %v", err)
	}
	g.more(20)
	g.says("usage_not_counted")
	g.more(20)
	heal()
	g.wellAgain()
	g.more(20)
}

// startWhileStoreRefuses: what the killed process had not added up is so when the store takes it.
func startWhileStoreRefuses(g *ground, how string) {
	g.busy()
	g.more(20)
	heal := g.storeFails(how)
	g.says("usage_not_counted")
	g.killAtRest()
	g.serve()
	g.some(20)
	g.says("usage_not_counted")
	heal()
	g.wellAgain()
	g.some(20)
}

func successorKilledWhileStoreRefuses(g *ground) {
	g.busy()
	g.more(20)
	heal := g.storeFails("OOM")
	g.says("usage_not_counted")
	old := g.pid()
	if _, err := g.Restart(g.t.Context(), ctl.Restart{}); err != nil {
		g.t.Fatal(err)
	}
	successor := g.pid()
	g.more(10)
	g.kill(successor)
	g.servesAgain(old)
	g.more(40)
	g.says("usage_not_counted")
	heal()
	g.wellAgain()
	g.more(20)
}

// successorStandsStill: the new process takes over, and then does nothing any more. Whoever came to it meanwhile is cut; the old one
// serves again.
func successorStandsStill(g *ground) {
	g.busy()
	g.more(20)
	old := g.pid()
	g.restarted()
	successor := g.pid()
	g.signal(successor, syscall.SIGSTOP)
	g.servesAgain(old)
	g.more(40)
	g.restarted()
	g.more(20)
}

// successorStandsStillAtOnce: nobody was told yet that it has taken over, and nobody is.
func successorStandsStillAtOnce(g *ground) {
	g.busy()
	g.more(20)
	old := g.pid()
	done := make(chan error, 1)
	go func() {
		_, err := g.Restart(g.t.Context(), ctl.Restart{})
		done <- err
	}()
	g.until("the new process answers", func() bool { return g.pid() != old })
	time.Sleep(200 * time.Millisecond) // so that everything is handed over
	g.signal(g.pid(), syscall.SIGSTOP)
	if err := <-done; err == nil || !strings.Contains(err.Error(), "it served, and then it did not answer for") {
		g.t.Errorf("a restart whose new process stands still: %v", err)
	}
	g.servesAgain(old)
	g.more(20)
	g.restarted()
	g.more(20)
}

func successorKilledOnFullDisk(g *ground) {
	g.busy()
	g.more(20)
	old := g.pid()
	g.restarted()
	successor := g.pid()
	g.fill()
	g.says("ledger_on_reserve")
	g.more(20)
	g.kill(successor)
	g.servesAgain(old)
	g.more(40)
	g.says("ledger_on_reserve")
	g.free()
	g.wellAgain()
	g.more(20)
}

// brokenSuccessorOnFullDisk fills the disk while a new process is on its way that never gets ready.
func brokenSuccessorOnFullDisk(g *ground) {
	g.busy()
	g.more(20)
	program := programIn(g.t, g.logs, "sleep 2; exit 3")
	done := make(chan error, 1)
	go func() {
		_, err := g.Restart(g.t.Context(), ctl.Restart{Binary: program})
		done <- err
	}()
	time.Sleep(300 * time.Millisecond)
	g.fill()
	if err := <-done; err == nil {
		g.t.Error("a program that only sleeps took over")
	}
	g.says("ledger_not_written")
	g.more(40)
	g.free()
	g.wellAgain()
	g.more(20)
}

func startOnFullDisk(g *ground, end func()) {
	g.busy()
	g.more(30)
	end()
	g.fill()
	g.serve()
	g.fill() // the store's start has left some of the room that was kept for it
	g.some(60)
	g.says("ledger_not_written")
	g.free()
	g.wellAgain()
	g.some(10)
}

// stopOnFullDisk: a daemon that is told to stop tries to write for a while; what was waiting is there after the next start.
func stopOnFullDisk(g *ground) {
	g.busy()
	g.more(20)
	g.fill()
	g.says("ledger_not_written")
	g.more(20)
	g.quiet()
	time.AfterFunc(1500*time.Millisecond, g.free)
	if err := g.process.Process.Signal(syscall.SIGTERM); err != nil {
		g.t.Fatal(err)
	}
	if err := g.process.Wait(); err != nil {
		g.t.Errorf("it did not end well: %v", err)
	}
	g.serve()
	g.some(10)
}

// bufferSpent: what there is memory for is served; what comes then is refused by its client's protocol, and nothing is lost of what was
// answered.
func bufferSpent(g *ground) {
	g.busy()
	g.more(20)
	g.fill()
	g.says("ledger_not_written")
	g.until("requests are refused", func() bool { g.mu.Lock(); defer g.mu.Unlock(); return g.refused[http.StatusServiceUnavailable] > 20 })
	for path, kind := range map[string]string{"/api/v1/messages": "overloaded_error", "/openai/claude/v1/chat/completions": "server_error"} {
		g.isRefused(path, kind)
	}
	g.tells()
	g.says("ledger_not_written")
	g.free()
	g.wellAgain()
	g.more(20)
}

// isRefused checks that a client of a protocol is told why it is not served, and when to come back.
func (g *ground) isRefused(path, kind string) {
	g.t.Helper()
	body := `{"model":"claude-opus-4-8","max_tokens":64,"messages":[{"role":"user","content":"say ping"}]}`
	req, err := http.NewRequest(http.MethodPost, "http://"+g.addr+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+g.key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		g.t.Error(err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	var said struct {
		Error struct{ Type, Message string }
	}
	err = json.NewDecoder(resp.Body).Decode(&said)
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" ||
		said.Error.Type != kind || !strings.Contains(said.Error.Message, "disk takes nothing") {
		g.t.Errorf("%s: %s %+v, %v", path, resp.Status, said, err)
	}
}

// stopGivesUp: a daemon that is told to stop, and can write down neither usage nor a fresh token, tries for as long as its time lasts,
// says what is lost, and does not end well.
func stopGivesUp(g *ground) {
	g.expired("max") // one that is good for a while is not refreshed when a fresh one could be kept nowhere
	g.killAtRest()
	if err := os.Remove(filepath.Join(g.dir, "tokens.reserve")); err != nil {
		g.t.Fatal(err)
	}
	g.fill()
	before := g.refreshes()
	g.script("/v1/oauth/token=slow(5s)*1")
	g.serve()
	g.until("the provider is asked", func() bool { return g.refreshes() > before })
	heal := g.storeFails("OOM")
	g.says("token_only_in_memory")
	g.some(30)
	g.says("ledger_not_written")
	g.tells()
	g.stopsBadly()
	heal()
	g.free()
	g.serve()
	g.wellAgain()
	g.needsLogin("max")
	g.some(10)
}

// stopsBadly has the daemon told to stop, and takes it at its word about what is lost.
func (g *ground) stopsBadly() {
	g.t.Helper()
	const tries = 10 * time.Second // 15 s after the last answer, but for 5 that it keeps for the rest
	began := time.Now()
	if err := g.process.Process.Signal(syscall.SIGTERM); err != nil {
		g.t.Fatal(err)
	}
	_ = g.process.Wait()
	if took, code := time.Since(began), g.process.ProcessState.ExitCode(); took < tries || code != 1 {
		g.t.Errorf("it ended with %d after %s", code, took)
	}
	text, err := os.ReadFile(g.log.Name())
	if err != nil {
		g.t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("the fresh token of max: it is lost")) {
		g.t.Error("it does not say that a token is lost")
	}
	g.isLost(text)
}

// isLost takes the daemon's log at its word about what usage is lost.
func (g *ground) isLost(text []byte) {
	g.t.Helper()
	var in, out int64
	said := regexp.MustCompile(`lost, are the usage of \d+ requests \(tokens: \d+ input, \d+ output`).FindString(string(text))
	if _, err := fmt.Sscanf(said, "lost, are the usage of %d requests (tokens: %d input, %d output", &g.forgone.requests, &in, &out); err != nil {
		g.t.Errorf("it does not say what usage is lost: %v", err)
	}
	g.forgone.tokens = in + out
}

// needsLogin sees that an account whose fresh token is gone says so, and works after another login.
func (g *ground) needsLogin(name string) {
	g.t.Helper()
	g.until("account "+name+" needs a login", func() bool {
		_, _ = g.RefreshAccount(g.t.Context(), name)
		a, err := g.Account(g.t.Context(), name)
		return err == nil && a.State == "needs-login"
	})
	g.crs("account", "remove", name, "--yes")
	g.expired(name)
	g.works()
}
