//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// elsewhere is this test program as another process, with the lowest priority: what is measured is the relay, not who attacks it.
func elsewhere(t *testing.T, env ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), "nice", "-n", "19", os.Args[0], "-test.run", "^TestHostileAttacker$", "-test.timeout", "5m")
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	return cmd
}

// foe is the process that attacks, as the suite sees it.
type foe struct {
	t     *testing.T
	in    io.Writer
	lines *bufio.Scanner
}

// attackerOf starts the attacker, and waits until it has what it will send.
func (s *scene) attackerOf(a attack, key string) *foe {
	s.t.Helper()
	f := &foe{t: s.t}
	f.in, f.lines = s.startElsewhere(elsewhere(s.t, "CRS_HOSTILE_ATTACK="+a.name, "CRS_HOSTILE_KEY="+key))
	f.line("ready")
	return f
}

// startElsewhere starts a process that ends when its input does.
func (s *scene) startElsewhere(cmd *exec.Cmd) (io.Writer, *bufio.Scanner) {
	s.t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return in, bufio.NewScanner(out)
}

// line gives the rest of the next line that begins so.
func (f *foe) line(begin string) string {
	for f.lines.Scan() {
		if rest, ok := strings.CutPrefix(f.lines.Text(), begin); ok {
			return strings.TrimSpace(rest)
		}
	}
	f.t.Errorf("a process of the suite ended and did not say %q", begin)
	return ""
}

// attack has the attacker go at url for so long. What comes of it comes when that is over.
func (f *foe) attack(url string, lasting time.Duration) <-chan outcomes {
	got := make(chan outcomes, 1)
	if _, err := fmt.Fprintln(f.in, url, lasting); err != nil {
		f.t.Errorf("the attacker: %v", err)
	}
	go func() {
		var o outcomes
		if err := json.Unmarshal([]byte(f.line("got: ")), &o); err != nil {
			f.t.Errorf("what the attacker got: %v", err)
		}
		got <- o
	}()
	return got
}

// outcomes are how often the attacker got what.
type outcomes map[string]int

func (o outcomes) add(more outcomes) {
	for what, n := range more {
		o[what] += n
	}
}

// String is them as a cell of the table.
func (o outcomes) String() string {
	text, _ := json.Marshal(o)
	return string(text)
}

// attacker is the process that attacks, as it sees itself.
type attacker struct {
	url, key string
	life     context.Context // ends when the attack has lasted long enough, and all that is under way with it
	client   *http.Client
	number   atomic.Int64

	mu  sync.Mutex // guards got
	got outcomes
}

// attackHere runs an attack in this process whenever it is told to, and prints what it got.
func attackHere(t *testing.T, a attack) {
	t.Helper()
	foe := &attacker{key: os.Getenv("CRS_HOSTILE_KEY")}
	foe.run(t.Context(), a, "http://127.0.0.1:1", 0) // it makes what it will send, and finds that it is over
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		url, lasting, _ := strings.Cut(lines.Text(), " ")
		d, err := time.ParseDuration(lasting)
		if err != nil {
			t.Fatal(err)
		}
		foe.run(t.Context(), a, url, d)
		fmt.Println("got:", foe.got)
	}
}

func (a *attacker) run(ctx context.Context, what attack, url string, lasting time.Duration) {
	life, stop := context.WithTimeout(ctx, lasting)
	defer stop()
	a.url, a.life, a.got = url, life, outcomes{}
	a.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}
	defer a.client.CloseIdleConnections()
	what.run(a)
}

// address is where the attack goes.
func (a *attacker) address() string { return strings.TrimPrefix(a.url, "http://") }

// note counts one thing that the attacker got.
func (a *attacker) note(what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.got[what]++
}

// ended reports whether the attack has lasted long enough. Timers may be late on a busy machine.
func (a *attacker) ended() bool {
	end, _ := a.life.Deadline()
	return a.life.Err() != nil || time.Now().After(end)
}

// noAnswer counts a request that got none. One that the attack's end has cut is no news.
func (a *attacker) noAnswer() {
	if !a.ended() {
		a.note("no answer")
	}
}

// swarm does something in n places at once, again and again until the attack is over.
func (a *attacker) swarm(n int, do func()) {
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for !a.ended() {
				do()
			}
		})
	}
	wg.Wait()
}

// rising is swarm that begins with one a millisecond: it is not their coming all at once that is tried.
func (a *attacker) rising(n int, do func()) {
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for !a.ended() {
				do()
			}
		})
		select {
		case <-a.life.Done():
		case <-time.After(time.Millisecond):
		}
	}
	wg.Wait()
}

// post sends a body and counts what it got.
func (a *attacker) post(path string, body []byte, header ...string) {
	req, err := a.request(path, body, header...)
	if err != nil {
		a.note(err.Error())
		return
	}
	resp, err := a.client.Do(req)
	if err != nil {
		a.noAnswer()
		return
	}
	defer func() { _ = resp.Body.Close() }()
	a.note(strconv.Itoa(resp.StatusCode))
	_, _ = io.Copy(io.Discard, resp.Body)
}

func (a *attacker) request(path string, body []byte, header ...string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(a.life, http.MethodPost, a.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("x-api-key", a.key)
	req.Header.Set("content-type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req, nil
}
