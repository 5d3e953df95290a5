//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/usage"
	"crs/lab/freeport"
	"crs/lab/redistest"
	"crs/lab/simulator"
)

// node is one of several `crs serve` on one Redis.
type node struct {
	relay
	url string // of Redis
}

// nodes starts so many, on a Redis and a simulator of their own. The simulator is in this process, so that it can be asked
// how many requests it has had at once.
func nodes(t *testing.T, n int) ([]*node, *simulator.Server) {
	t.Helper()
	sim, err := simulator.Start(simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	redis := redistest.StartReal(t)
	var all []*node
	for i := range n {
		dir, err := os.MkdirTemp("", "crs")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		nd := &node{relay: relay{t: t, dir: dir, addr: freeport.For(t), sim: sim.URL()}, url: redis.URL()}
		if i > 0 {
			key, err := os.ReadFile(filepath.Join(all[0].dir, "seal.key"))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, "seal.key"), key, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		t.Cleanup(func() { nd.end(t) })
		nd.boot()
		all = append(all, nd)
	}
	return all, sim
}

// boot starts the daemon, also once more after a kill.
func (n *node) boot() {
	n.t.Helper()
	log, err := os.OpenFile(filepath.Join(n.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		n.t.Fatal(err)
	}
	n.log = log
	n.process = exec.CommandContext(context.Background(), binary(n.t), "serve", "--listen", n.addr, "--data", n.dir, "--redis", n.url)
	n.process.Stdout, n.process.Stderr = log, log
	n.process.Env = append(os.Environ(), n.simulated()...)
	if err := n.process.Start(); err != nil {
		n.t.Fatal(err)
	}
	n.Client = ctl.NewClient(filepath.Join(n.dir, "crs.sock"))
	n.until("the daemon answers", func() bool { _, err := n.Status(context.Background()); return err == nil })
}

func (n *node) end(t *testing.T) {
	if n.process != nil {
		_ = n.process.Process.Signal(syscall.SIGCONT)
		_ = n.process.Process.Signal(syscall.SIGTERM)
		_ = n.process.Wait()
	}
	if t.Failed() {
		b, _ := os.ReadFile(filepath.Join(n.dir, "log"))
		t.Logf("the log of the node at %s ends:\n%s", n.addr, b[max(0, len(b)-2500):])
	}
}

func (n *node) add(name string, most int) {
	n.t.Helper()
	if _, err := n.AddAccount(n.t.Context(), ctl.NewAccount{
		Platform: "claude-console", Name: name, APIKey: "sk-ant-" + name, BaseURL: n.sim, MaxConcurrency: most, Groups: []string{},
	}); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) issue(name, account string, change func(*ctl.NewKey)) string {
	n.t.Helper()
	k := ctl.NewKey{Name: name}
	k.Account = &account
	change(&k)
	made, err := n.CreateKey(n.t.Context(), k)
	if err != nil {
		n.t.Fatal(err)
	}
	return made.Secret
}

// ask sends one request and gives its status, 0 when it broke off.
func (n *node) ask(ctx context.Context, key string, stream bool) int {
	body := `{"model":"claude-opus-4-8","max_tokens":64,"messages":[{"role":"user","content":"say ping"}]}`
	if stream {
		body = strings.Replace(body, `"max_tokens"`, `"stream":true,"max_tokens"`, 1)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+n.addr+"/api/v1/messages", bytes.NewReader([]byte(body)))
	if err != nil {
		return 0
	}
	req.Header.Set("x-api-key", key)
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}

// TestThreeNodesKeepEveryLimitThoughOneDiesAndOneStandsStill: under load with every kind of limit, one node is killed with
// kill -9 and one is stopped for 20 seconds. What the simulator has seen at once and served in all is the truth.
func TestThreeNodesKeepEveryLimitThoughOneDiesAndOneStandsStill(t *testing.T) {
	n, sim := nodes(t, 3)
	if err := sim.SetScript("sk-ant-long=loop:ok(events=110,gap=500ms); sk-ant-still=loop:ok(events=60,gap=500ms); loop:ok(events=8,gap=20ms)"); err != nil {
		t.Fatal(err)
	}
	boss := n[2] // the one that lives
	for name, most := range map[string]int{"a": 4, "b": 3, "three": 0, "queue": 0, "rate": 0, "money": 0, "long": 0, "still": 1} {
		boss.add(name, most)
	}
	limit := ctl.USD(200_000_000)
	keys := map[string]string{
		"three": boss.issue("three", "three", func(k *ctl.NewKey) { k.Concurrency = ptr(3) }),
		"queue": boss.issue("queue", "queue", func(k *ctl.NewKey) { k.Concurrency, k.Queue, k.QueueWaitSeconds = ptr(2), ptr(50), ptr(30.0) }),
		"rate":  boss.issue("rate", "rate", func(k *ctl.NewKey) { k.RequestsPerMinute, k.TokensPerMinute = ptr(int64(40)), ptr(int64(1e9)) }),
		"money": boss.issue("money", "money", func(k *ctl.NewKey) { k.DailyCost, k.Concurrency = &limit, ptr(5) }),
		"a":     boss.issue("a", "a", func(*ctl.NewKey) {}),
		"b":     boss.issue("b", "b", func(k *ctl.NewKey) { k.Concurrency, k.TotalCost = ptr(100), ptr(ctl.USD(1e15)) }),
	}
	long := boss.issue("long", "long", func(k *ctl.NewKey) { k.Concurrency = ptr(2) })
	still := boss.issue("still", "still", func(k *ctl.NewKey) { k.Concurrency = ptr(1) })
	for _, nd := range n {
		nd.until("every node knows every key", func() bool {
			_, err := nd.Key(t.Context(), "still")
			s, _ := nd.Status(t.Context())
			return err == nil && s.Accounts == 8
		})
	}

	var held sync.WaitGroup
	ctx, giveUp := context.WithCancel(context.Background())
	defer giveUp()
	hold := func(at *node, key string, whole *atomic.Bool) {
		held.Go(func() { whole.Store(at.ask(ctx, key, true) == http.StatusOK) })
	}
	var cut, survived atomic.Bool
	hold(n[0], long, &cut)
	hold(n[0], long, &cut)
	hold(n[1], still, &survived)
	boss.until("the long streams run", func() bool { return sim.InFlight("sk-ant-long") == 2 && sim.InFlight("sk-ant-still") == 1 })

	l := startLoad(n, keys)
	time.Sleep(4 * time.Second)

	// What is settled within the last commit interval before a kill is what another test is about; here the node has long
	// streams in flight, and the others are under load.
	l.leave(0)
	time.Sleep(500 * time.Millisecond)
	_ = n[0].process.Process.Kill()
	_ = n[0].process.Wait()
	killed := time.Now()

	l.leave(1) // nobody sends to a node that does not answer; what it has in flight stays there
	_ = n[1].process.Process.Signal(syscall.SIGSTOP)
	stopped := time.Now()
	var free time.Duration
	for time.Since(stopped) < 20*time.Second {
		if code := refusedOr(boss, still); code != http.StatusTooManyRequests {
			t.Errorf("the stopped node's place was given to another after %v: %d", time.Since(stopped), code)
			break
		}
		if free == 0 && refusedOr(boss, long) == 0 {
			free = time.Since(killed)
		}
		time.Sleep(200 * time.Millisecond)
	}
	_ = n[1].process.Process.Signal(syscall.SIGCONT)
	for free == 0 && time.Since(killed) < 40*time.Second {
		if refusedOr(boss, long) == 0 {
			free = time.Since(killed)
		}
		time.Sleep(100 * time.Millisecond)
	}
	if free == 0 || free > 30*time.Second {
		t.Errorf("the dead node's slots were free after %v", free)
	}
	l.come(1)
	n[0].boot()
	l.come(0)
	time.Sleep(3 * time.Second)
	l.end()
	held.Wait()

	if !survived.Load() {
		t.Error("the stream of the stopped node did not come to its end")
	}
	for account, most := range map[string]int{"a": 4, "b": 3, "three": 3, "queue": 2, "money": 5, "long": 2, "still": 1} {
		if got := sim.MaxInFlight("sk-ant-" + account); got > most {
			t.Errorf("%s had %d requests at once, and may have %d", account, got, most)
		}
	}
	t.Logf("free after %v; %s", free.Round(time.Millisecond), l)
	l.check(t)
	checkBooks(t, n, sim, limit)
}

// refusedOr is 0 when a request is let in; it is then given up.
func refusedOr(n *node, key string) int {
	ctx, stop := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer stop()
	return n.ask(ctx, key, true)
}

func ptr[T any](v T) *T { return &v }

// traffic is clients that ask nodes in turn.
type traffic struct {
	mu       sync.Mutex // guards the fields below
	there    map[int]bool
	statuses map[string]map[int]int

	stop    chan struct{}
	clients sync.WaitGroup
	at      []atomic.Int64 // in flight, by node
}

func startLoad(n []*node, keys map[string]string) *traffic {
	l := &traffic{there: map[int]bool{}, statuses: map[string]map[int]int{}, stop: make(chan struct{}), at: make([]atomic.Int64, len(n))}
	for i := range n {
		l.there[i] = true
	}
	for name, key := range keys {
		l.statuses[name] = map[int]int{}
		for c := range 8 {
			l.clients.Go(func() {
				for i := c; ; i++ {
					select {
					case <-l.stop:
						return
					default:
					}
					if at := i % len(n); l.enter(at) {
						status := n[at].ask(context.Background(), key, i%2 == 0)
						l.at[at].Add(-1)
						l.saw(name, status)
						if status != http.StatusOK {
							time.Sleep(50 * time.Millisecond)
						}
					} else {
						time.Sleep(5 * time.Millisecond)
					}
				}
			})
		}
	}
	return l
}

func (l *traffic) enter(at int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.there[at] {
		l.at[at].Add(1)
	}
	return l.there[at]
}

func (l *traffic) saw(name string, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.statuses[name][status]++
}

// leave has nobody ask a node any more, and for the first one waits until nobody is there.
func (l *traffic) leave(at int) {
	l.mu.Lock()
	l.there[at] = false
	l.mu.Unlock()
	for at == 0 && l.at[at].Load() > 0 {
		time.Sleep(5 * time.Millisecond)
	}
}

func (l *traffic) come(at int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.there[at] = true
}

func (l *traffic) end() {
	close(l.stop)
	l.clients.Wait()
}

func (l *traffic) String() string {
	b, err := json.Marshal(l.statuses)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// check: every answer is a success or the refusal of that key's own limit, and each limit was met.
func (l *traffic) check(t *testing.T) {
	t.Helper()
	for name, refusals := range map[string][]int{"three": {429}, "queue": {}, "rate": {429}, "money": {402, 429}, "a": {}, "b": {}} {
		waits := map[string]int{"queue": 429, "a": 503, "b": 503}[name] // what was waited for longer than one may
		for status, n := range l.statuses[name] {
			if status != 200 && !slices.Contains(refusals, status) && (status != waits || n > l.statuses[name][200]/10) {
				t.Errorf("%d requests with key %s were answered %d", n, name, status)
			}
		}
		if l.statuses[name][200] == 0 || len(refusals) > 0 && l.statuses[name][refusals[0]] == 0 {
			t.Errorf("key %s: %v", name, l.statuses[name])
		}
	}
}

// checkBooks compares what the nodes have written down with what the simulator served.
func checkBooks(t *testing.T, n []*node, sim *simulator.Server, limit ctl.USD) {
	t.Helper()
	for _, nd := range n {
		nd.until("nothing is in flight", func() bool {
			s, err := nd.Status(t.Context())
			return err == nil && s.InFlight == 0 && s.LedgerOpen == 0
		})
	}
	var want usage.Tokens
	for name, bill := range sim.Served() {
		if name != "" {
			want = want.Add(bill.Tokens)
		}
	}
	one := sim.Served()["sk-ant-money"]
	var got ctl.UsageRow
	n[2].until("the roll-ups are what was served", func() bool {
		u, err := n[1].Usage(t.Context(), ctl.UsageQuery{Since: "all"})
		got = u.Total
		return err == nil && got.InputTokens == want.Input && got.OutputTokens == want.Output && got.CacheReadTokens == want.CacheRead
	})
	t.Logf("served and written down: %d requests, %d input and %d output tokens", got.Requests, got.InputTokens, got.OutputTokens)
	if served := sim.Served()["sk-ant-rate"].Requests; served > 80 {
		t.Errorf("%d requests were served within less than two minutes of 40 each", served)
	}
	k, err := n[0].Key(t.Context(), "money")
	if err != nil {
		t.Fatal(err)
	}
	u, err := n[1].Usage(t.Context(), ctl.UsageQuery{Since: "all", Key: "money"})
	if err != nil {
		t.Fatal(err)
	}
	each := int64(u.Total.Cost) / max(1, one.Requests)
	if spent := k.Use.TotalCost; spent != u.Total.Charged || int64(spent) > int64(limit)+5*each || int64(spent) < int64(limit)-each {
		t.Errorf("the key has spent %d of %d by its limit and %d by the roll-ups, at %d a request", spent, limit, u.Total.Charged, each)
	}
	t.Logf("spent %v of %v, %d requests of %v", k.Use.TotalCost, limit, one.Requests, ctl.USD(each))
}
