//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"crs/lab/bench/process"
)

// scene is a relay under attack, with somebody else's small requests beside it.
type scene struct {
	*relay
	t      *testing.T
	victim string   // the other key
	header []string // what its requests carry
	foe    *foe
	sink   string // URL of the attacker's upstream, which is also what the attack goes to as a control
}

const (
	// rounds is how many times the control and the attack take turns: whatever else the machine does meets both.
	rounds     = 2
	controlFor = 700 * time.Millisecond
	attackFor  = 1500 * time.Millisecond
	// settleFor is how long the relay may still be at work when an attack has ended, before the next control.
	settleFor = 3 * time.Second
	// restFor is within how long what an attack has left must be given back.
	restFor = 15 * time.Second
	// mayKeep is what of it may stay.
	mayKeep = 100 << 20
)

// stage starts a relay with two keys, and the processes of the attack.
func stage(t *testing.T, a attack, env []string) *scene {
	t.Helper()
	r := start(t, env...)
	r.account("a")
	s := &scene{relay: r, t: t, victim: r.key("victim"), header: a.header}
	s.sink = "http://" + s.upstreamOf(a)
	key := r.key("foe")
	r.accountFor("foe", s.sink)
	if a.prepare != nil {
		a.prepare(r)
	}
	s.foe = s.attackerOf(a, key)
	return s
}

// accountFor adds an account that only the attacking key uses, so that what its upstream does is not what others meet.
func (r *relay) accountFor(name, url string) {
	r.t.Helper()
	file := r.dir + "/" + name + ".key"
	if err := os.WriteFile(file, []byte("sk-ant-"+name+"\n"), 0o600); err != nil {
		r.t.Fatal(err)
	}
	r.crs("account", "add", "claude-console", name, "--api-key-file", file, "--base-url", url, "--priority", "90")
	r.crs("key", "edit", "foe", "--account", name)
}

// play has control and attack take turns, and looks at what is left of the attack.
func (s *scene) play(a attack, budget string) *hostileRow {
	s.t.Helper()
	row := &hostileRow{attack: a.name, budget: budget, idle: s.memory().RSS}
	resetPeak(s.t, s.process.Process.Pid)
	got := outcomes{}
	for range rounds {
		without, _ := s.beside(s.sink, controlFor)
		with, answers := s.beside("http://"+s.addr, attackFor)
		row.control, row.during = append(row.control, without), append(row.during, with)
		got.add(answers)
		row.left = s.memory().RSS
		s.settle()
	}
	row.rest = s.rest(row.idle)
	m := s.memory()
	row.peak, row.rested = m.Peak, m.RSS
	row.got = got.String()
	if a.weigh != nil {
		row.got += a.weigh(s.relay)
	}
	return row
}

// beside sends the other key's small requests to the relay while the attack goes to url.
func (s *scene) beside(url string, lasting time.Duration) (served, outcomes) {
	s.t.Helper()
	got := s.foe.attack(url, lasting)
	seen := s.others(lasting)
	return seen, <-got
}

// settle waits until the relay has done what the attack has left it to do.
func (s *scene) settle() {
	const look, idle = 100 * time.Millisecond, 20 * time.Millisecond
	for deadline := time.Now().Add(settleFor); time.Now().Before(deadline); {
		before := s.cpu()
		time.Sleep(look)
		if s.cpu()-before <= idle {
			return
		}
	}
}

// rest waits until memory has been given back, and tells how long that took.
func (s *scene) rest(idle int64) time.Duration {
	began := time.Now()
	for time.Since(began) < restFor && s.memory().RSS > idle+mayKeep {
		time.Sleep(100 * time.Millisecond)
	}
	return time.Since(began)
}

// others sends the other key's small requests at a steady pace.
func (s *scene) others(lasting time.Duration) (seen served) {
	const pace = 10 * time.Millisecond
	client := &http.Client{Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	var mu sync.Mutex // guards seen
	var wg sync.WaitGroup
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for end := time.Now().Add(lasting); time.Now().Before(end); <-tick.C {
		wg.Go(func() {
			took, err := s.small(client)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				seen.failed = append(seen.failed, err.Error())
				return
			}
			seen.took = append(seen.took, took)
		})
	}
	wg.Wait()
	slices.Sort(seen.took)
	return seen
}

// small is one request of the other key's.
func (s *scene) small(client *http.Client) (time.Duration, error) {
	const body = `{"model":"claude-sonnet-4-5","max_tokens":16,"messages":[{"role":"user","content":"hello"}]}`
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://"+s.addr+"/api/v1/messages", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("x-api-key", s.victim)
	req.Header.Set("content-type", "application/json")
	for i := 0; i+1 < len(s.header); i += 2 {
		req.Header.Set(s.header[i], s.header[i+1])
	}
	began := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %.200s", resp.Status, text)
	}
	return time.Since(began), err
}

func (s *scene) memory() process.Memory {
	s.t.Helper()
	m, err := process.MemoryOf(s.process.Process.Pid)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

// resetPeak has the kernel begin anew with the highest resident size of a process.
func resetPeak(t *testing.T, pid int) {
	t.Helper()
	if err := os.WriteFile("/proc/"+strconv.Itoa(pid)+"/clear_refs", []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
}

func (s *scene) cpu() time.Duration {
	s.t.Helper()
	used, err := process.CPU(s.process.Process.Pid)
	if err != nil {
		s.t.Fatal(err)
	}
	return used
}
