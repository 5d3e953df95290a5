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
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crs/ctl"
)

// streams is how many run across an update.
const streams = 200

// TestARestartIsNotNoticed: 200 streams run and others keep coming, also on kept connections, while the daemon is restarted
// twice. No connection is refused, no stream cut, no request fails, and the ledger says what the simulator billed.
func TestARestartIsNotNoticed(t *testing.T) {
	r := start(t)
	w := busy(t, r)
	first, err := r.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		done, err := r.Restart(t.Context(), ctl.Restart{})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v", done)
		if s, err := r.Status(t.Context()); err != nil || s.PID != done.PID || s.PID == first.PID {
			t.Errorf("process %d answers after a restart to %d: %v", s.PID, done.PID, err)
		}
	}
	w.end(first.PID)
}

// work is what clients do while something happens to the daemon.
type work struct {
	t       *testing.T
	r       *relay
	wg      sync.WaitGroup
	stop    context.CancelFunc
	streams atomic.Int64 // that have begun
	short   atomic.Int64 // requests that were answered
	crashed bool         // a process was killed that served
	mu      sync.Mutex   // guards failed
	failed  []string
}

// busy has streams of eight seconds begin, and requests come until end.
func busy(t *testing.T, r *relay) *work {
	t.Helper()
	r.account("slow")
	r.account("quick")
	r.script("sk-ant-slow=loop:ok(events=160,gap=50ms); sk-ant-quick=ok")
	slow := strings.TrimSpace(keyFor(r, "slow"))
	quick := strings.TrimSpace(keyFor(r, "quick"))
	ctx, stop := context.WithCancel(context.Background())
	w := &work{t: t, r: r, stop: stop}
	t.Cleanup(func() { stop(); w.wg.Wait() })
	for range streams {
		w.wg.Go(func() { w.fail(w.stream(slow)) })
	}
	for range 4 { // on kept connections
		client := &http.Client{Transport: &http.Transport{}}
		w.wg.Go(func() { w.keepAsking(ctx, client, quick) })
	}
	for range 4 { // each on a connection of its own
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		w.wg.Go(func() { w.keepAsking(ctx, client, quick) })
	}
	r.until("all streams run", func() bool { return w.streams.Load() == streams })
	return w
}

func keyFor(r *relay, account string) string {
	r.t.Helper()
	return r.key("for-"+account, "--account", account)
}

func (w *work) fail(err error) {
	if err != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.failed = append(w.failed, err.Error())
	}
}

func (w *work) post(client *http.Client, key string, stream bool) (*http.Response, error) {
	body := fmt.Sprintf(`{"model":"claude-opus-4-8","max_tokens":64,"stream":%v,"messages":[{"role":"user","content":"say ping"}]}`, stream)
	req, err := http.NewRequest(http.MethodPost, "http://"+w.r.addr+"/api/v1/messages", bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	req.GetBody = nil // no client of ours may try again by itself
	req.Header.Set("x-api-key", key)
	req.Header.Set("anthropic-version", "2023-06-01")
	resp, err := client.Do(req)
	if err == nil && resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		return nil, fmt.Errorf("%s: %s", resp.Status, text)
	}
	return resp, err
}

// stream reads one to its end.
func (w *work) stream(key string) error {
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := w.post(client, key, true)
	w.streams.Add(1)
	if err != nil {
		return fmt.Errorf("a stream did not begin: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	whole := false
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		whole = whole || strings.HasPrefix(lines.Text(), "event: message_stop")
	}
	if err := lines.Err(); err != nil || !whole {
		return fmt.Errorf("a stream was cut: %w", err)
	}
	return nil
}

// keepAsking does not say when a request fails only because ctx has ended.
func (w *work) keepAsking(ctx context.Context, client *http.Client, key string) {
	defer client.CloseIdleConnections()
	for n := 0; ctx.Err() == nil; n++ {
		resp, err := w.post(client, key, n%2 == 0)
		if err != nil {
			w.fail(fmt.Errorf("a request failed: %w", err))
			continue
		}
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			w.fail(fmt.Errorf("an answer was cut: %w", err))
		}
		w.short.Add(1)
		time.Sleep(10 * time.Millisecond)
	}
}

// end waits for everything, and looks at what is left of it.
func (w *work) end(old int) {
	t, r := w.t, w.r
	t.Helper()
	time.Sleep(300 * time.Millisecond) // some requests more in the new process
	w.stop()
	w.wg.Wait()
	if w.crashed {
		w.afterCrash()
		return
	}
	for i, f := range w.failed {
		if i == 10 {
			t.Errorf("and %d more", len(w.failed)-10)
			break
		}
		t.Error(f)
	}
	r.until("nothing is in flight", func() bool {
		s, err := r.Status(t.Context())
		return err == nil && s.InFlight+s.Leaving+s.LedgerOpen == 0
	})
	requests, output := billed(t, r)
	book := ledger(t, r)
	var records, counted int64
	for _, rec := range book {
		records++
		counted += rec.OutputTokens
		if rec.Status != http.StatusOK || rec.Error != "" || rec.Source != "upstream" {
			t.Errorf("in the ledger: %+v", rec)
		}
	}
	asked := w.streams.Load() + w.short.Load()
	if records != asked || records != requests || counted != output {
		t.Errorf("clients got %d answers; the simulator billed %d requests, %d output tokens; the ledger has %d and %d", asked, requests, output, records, counted)
	}
	sums(t, r, book)
	t.Logf("%d streams and %d other requests across the handover from process %d; %d failed", w.streams.Load(), w.short.Load(), old, len(w.failed))
}

// afterCrash is what a process that served and was killed may leave: its own requests failed, one for each client, and what
// it had not made durable for a tenth of a second is not in the ledger. No stream of the old process is cut.
func (w *work) afterCrash() {
	w.t.Helper()
	const clients, lost = 8, 100
	for _, f := range w.failed {
		if strings.Contains(f, "stream") {
			w.t.Error(f)
		}
	}
	asked, book := w.streams.Load()+w.short.Load(), ledger(w.t, w.r)
	if len(w.failed) > clients || int64(len(book)) < asked-lost || int64(len(book)) > asked+clients {
		w.t.Errorf("%d requests failed, %d were answered, %d are in the ledger: %v", len(w.failed), asked, len(book), w.failed)
	}
	sums(w.t, w.r, book)
}

// billed is what the simulator has billed.
func billed(t *testing.T, r *relay) (requests, output int64) {
	t.Helper()
	resp, err := http.Get(r.sim + "/_sim/served")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var all map[string]struct {
		Requests int64
		Tokens   struct{ Output int64 }
	}
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	for _, bill := range all {
		requests += bill.Requests
		output += bill.Tokens.Output
	}
	return requests, output
}
