//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/lab/redistest"
)

// program writes a script that plays a new version of crs. It is right about every configuration.
func program(t *testing.T, r *relay, serve string) string {
	t.Helper()
	return programIn(t, r.dir, serve)
}

func programIn(t *testing.T, dir, serve string) string {
	t.Helper()
	path := filepath.Join(dir, fmt.Sprintf("crs-%d", len(serve)))
	text := "#!/bin/sh\n[ \"$1\" = config ] && exit 0\n[ \"$1\" = version ] && { echo broken; exit 0; }\n[ \"$1\" = --version ] && { echo crs 1.1.0; exit 0; }\n" + serve + "\n"
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestABrokenProcessTakesNothingOver: whatever is wrong with the new process, the old one serves on, and says what it was.
func TestABrokenProcessTakesNothingOver(t *testing.T) {
	t.Setenv("CRS_TIMEOUTS_TAKEOVER", "1500ms")
	r := start(t)
	w := busy(t, r)
	before, err := r.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, serve, want string }{
		{"it crashes", "exit 3", "exit code 3"},
		{"it is killed", "kill -9 $$", "killed"},
		{"it never gets ready", "exec sleep 1000", "within 1.5s"},
		{"it reads another configuration", "CRS_LISTEN=127.0.0.1:1 exec " + binary(t) + " serve --data " + r.dir, "listen was changed"},
		{"it cannot read the store", "exec " + binary(t) + " serve --listen " + r.addr + " --data " + t.TempDir(), "was changed from"},
		{"it stands still before it serves", "kill -STOP $$; exec " + binary(t) + " serve --listen " + r.addr + " --data " + r.dir, "within 1.5s"},
		{"it dies when it serves", dies(t, r, "0.3"), "it served, and then"},
	} {
		_, err := r.Restart(t.Context(), ctl.Restart{Binary: program(t, r, c.serve)})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "runs on") {
			t.Errorf("%s: %v", c.name, err)
		}
		if s, err := r.Status(t.Context()); err != nil || s.PID != before.PID {
			t.Errorf("%s: process %d answers: %v", c.name, s.PID, err)
		}
	}
	w.crashed = true // the last one
	w.end(before.PID)
}

// dies is a real crs that is killed so many seconds after it has begun to serve.
func dies(t *testing.T, r *relay, seconds string) string {
	t.Helper()
	serves := binary(t) + " status --socket " + r.Socket() + " -o json 2>/dev/null | grep -Eq '\"pid\": ?'$$,"
	return "( exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-; until " + serves + "; do sleep 0.02; done; sleep " + seconds + "; kill -9 $$ ) &\n" +
		"exec " + binary(t) + " serve --listen " + r.addr + " --data " + r.dir
}

// TestTwoProcessesKeepOneSetOfLimits: what runs in the old process counts against the limits of its key and its account in
// the new one, until it ends; where the counts are in Redis, as much as where they are handed over.
func TestTwoProcessesKeepOneSetOfLimits(t *testing.T) {
	t.Run("local", func(t *testing.T) { keepOneSetOfLimits(t, start(t)) })
	t.Run("redis", func(t *testing.T) { keepOneSetOfLimits(t, start(t, "CRS_REDIS_URL="+redistest.StartReal(t).URL())) })
}

func keepOneSetOfLimits(t *testing.T, r *relay) {
	t.Helper()
	for _, name := range []string{"narrow", "wide"} {
		r.account(name)
	}
	r.crs("account", "edit", "narrow", "--max-concurrency", "1")
	r.script("loop:ok(events=60,gap=50ms)")
	key := r.key("limited", "--account", "wide", "--concurrency", "2")
	bound := keyFor(r, "narrow")
	w := &work{t: t, r: r}
	for _, k := range []string{key, key, bound} {
		w.wg.Go(func() { w.fail(w.stream(k)) })
	}
	r.until("all streams run", func() bool { return w.streams.Load() == 3 })
	if _, err := r.Restart(t.Context(), ctl.Restart{}); err != nil {
		t.Fatal(err)
	}
	if s, err := r.Status(t.Context()); err != nil || s.Leaving != 3 || s.InFlight != 0 {
		t.Errorf("%d in the old process, %d in the new one: %v", s.Leaving, s.InFlight, err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if _, err := w.post(client, key, false); err == nil || !strings.Contains(err.Error(), "2 concurrent requests") {
		t.Errorf("a third request of a key that may have two: %v", err)
	}
	hasty := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 500 * time.Millisecond}
	if _, err := w.post(hasty, bound, false); err == nil || !strings.Contains(err.Error(), "Timeout") {
		t.Errorf("a second request on an account with one slot does not wait: %v", err)
	}
	w.wg.Wait()
	r.until("nothing is left in the old process", func() bool {
		s, err := r.Status(t.Context())
		return err == nil && s.Leaving == 0
	})
	r.script("ok")
	for _, k := range []string{key, bound} {
		resp, err := w.post(client, k, false)
		if err != nil {
			t.Errorf("the slots are not free: %v", err)
			continue
		}
		_ = resp.Body.Close()
	}
	for _, f := range w.failed {
		t.Error(f)
	}
	if a, err := r.Account(t.Context(), "narrow"); err != nil || a.InUse != 0 {
		t.Errorf("%d requests on the account at the end: %v", a.InUse, err)
	}
	r.sameBill()
}
