//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/store/local/localtest"
	"crs/lab/freeport"
	"crs/lab/redistest"
	"crs/lab/smalldisk"
)

// ground is a relay whose data directory is a small disk, with a store that can be made to fail, and clients that send
// requests as long as it lives.
type ground struct {
	*relay
	store   string
	disk    *smalldisk.Disk
	redis   *redistest.Server // nil with the local store
	key     string
	scrapes string // where metrics are
	clock   string // file that says by how many seconds the relay's clock is set

	asking sync.WaitGroup
	stop   context.CancelFunc

	mu       sync.Mutex // guards the fields below
	answered []settled
	apart    int         // answers besides these
	refused  map[int]int // answers that were not 200, by status
	kills    []time.Time
	forgone  amount // what the relay has said that it lost
	counted  amount // what of that was in the roll-ups before
}

const diskSize = 64 << 20 // more than any row writes

func (g *ground) begin(t *testing.T, f *fault) {
	t.Helper()
	g.refused = map[int]int{}
	if f.hangs {
		g.disk = smalldisk.MountHanging(t, diskSize)
	} else {
		g.disk = smalldisk.Mount(t, diskSize)
	}
	logs, err := os.MkdirTemp("", "crs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(logs) })
	g.relay = &relay{t: t, dir: g.disk.Dir, logs: logs, addr: freeport.For(t), env: slices.Clone(f.env)}
	if f.files > 0 {
		g.bin = limitedTo(t, f.files)
	}
	if f.clock {
		g.ownClock(t)
	}
	g.scrapes = freeport.For(t)
	g.env = append(g.env, "CRS_METRICS_LISTEN="+g.scrapes)
	if g.redis != nil {
		g.env = append(g.env, "CRS_REDIS_URL="+g.redis.URL())
	}
	t.Cleanup(g.end)
	g.mock()
	g.serve()
	secret := filepath.Join(logs, "account.key")
	if err := os.WriteFile(secret, []byte("sk-ant-a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	g.crs("account", "add", "claude-console", "a", "--api-key-file", secret, "--base-url", g.sim)
	g.key = g.relay.key("clients")
}

// end stops whatever serves, with all that it has started.
func (g *ground) end() {
	g.quiet()
	if g.process != nil {
		_ = syscall.Kill(-g.process.Process.Pid, syscall.SIGTERM)
		done := time.AfterFunc(20*time.Second, func() { _ = syscall.Kill(-g.process.Process.Pid, syscall.SIGKILL) })
		_ = g.process.Wait()
		done.Stop()
	}
	if g.t.Failed() && g.log != nil {
		b, _ := os.ReadFile(g.log.Name())
		g.t.Logf("the daemon's log ends:\n%s", b[max(0, len(b)-6000):])
	}
}

// askers are how many send requests at once.
const askers = 4

// busy has clients send requests until quiet.
func (g *ground) busy() {
	ctx, stop := context.WithCancel(context.Background())
	g.stop = stop
	for n := range askers {
		g.asking.Go(func() { g.keepAsking(ctx, n%2 == 0) })
	}
}

// quiet ends what busy began.
func (g *ground) quiet() {
	if g.stop != nil {
		g.stop()
	}
	g.asking.Wait()
}

func (g *ground) keepAsking(ctx context.Context, kept bool) {
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: !kept}}
	defer client.CloseIdleConnections()
	for n := 0; ctx.Err() == nil; n++ {
		g.ask(client, n%3 == 0)
		time.Sleep(5 * time.Millisecond)
	}
}

// some sends so many requests, one after the other.
func (g *ground) some(n int) {
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for i := range n {
		g.ask(client, i%3 == 0)
	}
}

// ask sends one request. What does not come whole, nobody was given.
func (g *ground) ask(client *http.Client, stream bool) {
	body := fmt.Sprintf(`{"model":"claude-opus-4-8","max_tokens":64,"stream":%v,"messages":[{"role":"user","content":"say ping"}]}`, stream)
	req, err := http.NewRequest(http.MethodPost, "http://"+g.addr+"/api/v1/messages", strings.NewReader(body))
	if err != nil {
		g.t.Error(err)
		return
	}
	req.GetBody = nil // no client of ours may try again by itself
	req.Header.Set("x-api-key", g.key)
	req.Header.Set("anthropic-version", "2023-06-01")
	resp, err := client.Do(req)
	if err != nil {
		return
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	g.mu.Lock()
	defer g.mu.Unlock()
	if resp.StatusCode != http.StatusOK {
		g.refused[resp.StatusCode]++
		return
	}
	g.answered = append(g.answered, settled{id: resp.Header.Get("x-crs-request-id"), status: 200, whole: err == nil, at: time.Now()})
}

// answers is how many were given so far.
func (g *ground) answers() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.answered)
}

// more waits until so many answers more have come.
func (g *ground) more(n int) {
	g.t.Helper()
	until := g.answers() + n
	g.until(fmt.Sprintf("%d more requests are answered", n), func() bool { return g.answers() >= until })
}

// says waits until crs status says that a condition holds, or says words in one.
func (g *ground) says(what string) {
	g.t.Helper()
	g.until("status says "+what, func() bool { return strings.Contains(g.conditions(), what) })
}

// wellAgain waits until crs status says that nothing is wrong with the daemon itself.
func (g *ground) wellAgain() {
	g.t.Helper()
	g.until("status says that all is well", func() bool { return g.conditions() == "[]" })
}

// conditions is what crs status says of the daemon itself. What it says of accounts and keys, and notes, is no fault of it.
func (g *ground) conditions() string {
	s, err := g.Status(context.Background())
	if err != nil {
		return err.Error()
	}
	own := slices.DeleteFunc(s.Conditions, func(c ctl.Condition) bool { return c.Subject != "" || c.Severity == ctl.SeverityNote })
	text, err := json.Marshal(own)
	if err != nil {
		g.t.Fatal(err)
	}
	return string(text)
}

// storeFails makes the store refuse what is written to it, a Redis in one of redistest.Refusals, and gives what ends that.
func (g *ground) storeFails(how string) (heal func()) {
	g.t.Helper()
	if g.redis == nil {
		return localtest.Lock(g.t, g.dir)
	}
	return g.redis.Refuse(g.t, how)
}

// pid is the process that answers.
func (g *ground) pid() int {
	g.t.Helper()
	s, err := g.Status(context.Background())
	if err != nil {
		g.t.Fatal(err)
	}
	return s.PID
}

// fill leaves no room on the disk.
func (g *ground) fill() {
	g.t.Helper()
	g.disk.Fill()
}

// free makes room again.
func (g *ground) free() {
	g.t.Helper()
	g.disk.Free()
}

// killAtRest ends the daemon when all that was answered is durable: such a kill takes nothing.
func (g *ground) killAtRest() {
	g.t.Helper()
	g.quiet()
	g.until("nothing is in flight", func() bool {
		s, err := g.Status(context.Background())
		return err == nil && s.InFlight+s.Leaving+s.LedgerOpen == 0
	})
	g.book() // what is asked for is written before
	if err := g.process.Process.Kill(); err != nil {
		g.t.Fatal(err)
	}
	_ = g.process.Wait()
}

// kill ends a process at once. What it had in memory is gone: that of the last commit interval, also on a disk that is full.
func (g *ground) kill(pid int) { g.signal(pid, syscall.SIGKILL) }

// signal sends one that takes with it what is not written yet.
func (g *ground) signal(pid int, s syscall.Signal) {
	g.t.Helper()
	g.mu.Lock()
	g.kills = append(g.kills, time.Now())
	g.mu.Unlock()
	if err := syscall.Kill(pid, s); err != nil {
		g.t.Fatal(err)
	}
}
