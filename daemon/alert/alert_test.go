package alert_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/daemon/alert"
)

// watch is a watcher with everything around it in a test's hands.
type watch struct {
	*alert.Watcher
	now    time.Time
	there  []alert.Trouble
	sent   []alert.Message
	fail   error
	failed []error
}

func newWatch() *watch {
	w := &watch{now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)}
	w.Watcher = alert.New(alert.Options{
		Look: func() []alert.Trouble { return w.there },
		Send: func(_ context.Context, m alert.Message) error {
			if w.fail == nil {
				w.sent = append(w.sent, m)
			}
			return w.fail
		},
		After: time.Minute, Host: "relay-1", Now: func() time.Time { return w.now }, Failed: func(err error) { w.failed = append(w.failed, err) },
	})
	return w
}

// look moves the clock on and looks, and gives what was sent then, a line each.
func (w *watch) look(t *testing.T, after time.Duration, there ...string) string {
	t.Helper()
	w.now, w.there, w.sent = w.now.Add(after), nil, nil
	for _, key := range there {
		w.there = append(w.there, alert.Trouble{Key: key, What: key + " is wrong", Mend: "Mend " + key})
	}
	w.Look(t.Context())
	var all []string
	for _, m := range w.sent {
		all = append(all, m.Text())
	}
	return strings.Join(all, "\n--\n")
}

func TestTroubleIsToldOnceItLastsAndOnceItIsOver(t *testing.T) {
	t.Parallel()
	w := newWatch()
	for i, c := range []struct {
		after time.Duration
		there []string
		want  string
	}{
		{0, []string{"a"}, ""},
		{59 * time.Second, []string{"a", "b"}, ""},
		{time.Second, []string{"a", "b"}, "crs on relay-1: a is wrong. Mend a."},
		{time.Hour, []string{"a"}, ""}, // b was never told, so its end is not either
		{time.Hour, []string{"c", "a", "d"}, ""},
		{time.Hour, []string{"d", "c"}, "crs on relay-1:\nc is wrong. Mend c.\nd is wrong. Mend d.\nResolved: a is wrong."},
		{time.Hour, nil, "crs on relay-1:\nResolved: c is wrong.\nResolved: d is wrong."},
		{time.Hour, []string{"a"}, ""},
		{time.Hour, []string{"a"}, "crs on relay-1: a is wrong. Mend a."}, // it is back
	} {
		if got := w.look(t, c.after, c.there...); got != c.want {
			t.Errorf("step %d: %q, not %q", i, got, c.want)
		}
	}
}

func TestWhatCouldNotBeSentIsSentLater(t *testing.T) {
	t.Parallel()
	w := newWatch()
	w.look(t, 0, "a")
	w.fail = errors.New("no network")
	w.look(t, time.Hour, "a")
	w.look(t, time.Hour, "a", "b")
	if len(w.failed) != 1 || w.failed[0] != w.fail {
		t.Errorf("an outage was told as %v", w.failed)
	}
	w.fail = nil
	if got := w.look(t, time.Hour, "a", "b"); got != "crs on relay-1:\na is wrong. Mend a.\nb is wrong. Mend b." {
		t.Errorf("%q", got)
	}
	if len(w.failed) != 2 || w.failed[1] != nil {
		t.Errorf("its end was told as %v", w.failed)
	}
	w.fail = errors.New("no network")
	w.look(t, time.Hour, "b")
	w.fail = nil
	if got := w.look(t, time.Hour, "b"); got != "crs on relay-1: Resolved: a is wrong." {
		t.Errorf("%q", got)
	}
}

func TestMuchTroubleIsOneMessage(t *testing.T) {
	t.Parallel()
	w := newWatch()
	var all []string
	for i := range 1000 {
		all = append(all, fmt.Sprintf("%04d", i))
	}
	w.look(t, 0, all...)
	got := w.look(t, time.Hour, all...)
	if n := strings.Count(got, "\n"); len(w.sent) != 1 || n != 11 || !strings.HasSuffix(got, "\nAnd 990 more: crs status") || !strings.Contains(got, "0009 is wrong") {
		t.Errorf("%d messages, %d lines: %s", len(w.sent), n, got)
	}
}

// TestLongTroubleIsAMessageThatReceiversTake: one of them takes 2,000 characters.
func TestLongTroubleIsAMessageThatReceiversTake(t *testing.T) {
	t.Parallel()
	m := alert.Message{Host: "relay-1"}
	for range 9 {
		m.Begun = append(m.Begun, alert.Trouble{What: strings.Repeat("w", 300), Mend: strings.Repeat("m", 150)})
		m.Over = append(m.Over, alert.Trouble{What: strings.Repeat("o", 300)})
	}
	if text := m.Text(); len(text) > 2000 || !strings.Contains(text, "www. mmm") || !strings.HasSuffix(text, "more: crs status") {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}

// receiver is a webhook that keeps what it is sent.
func receiver(t *testing.T, status int) (url string, got *string) {
	t.Helper()
	got = new(string)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		*got = r.Method + " " + r.URL.String() + " " + r.Header.Get("Content-Type") + " " + string(b)
		if status/100 == 3 {
			http.Redirect(w, r, "http://elsewhere.invalid/", status)
			return
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, got
}

func hook(t *testing.T, url, format string) (*alert.Webhook, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte(url+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return alert.NewWebhook(file, format)
}

func TestEachReceiverGetsItsForm(t *testing.T) {
	t.Parallel()
	m := alert.Message{
		Host: "relay-1", At: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC),
		Begun: []alert.Trouble{{Key: "k", What: "It is \"wrong\"", Mend: "Mend it"}}, Over: []alert.Trouble{},
	}
	const text = `"crs on relay-1: It is \"wrong\". Mend it."`
	for format, want := range map[string]string{
		"slack": `{"text":` + text + `}`, "discord": `{"allowed_mentions":{"parse":[]},"content":` + text + `}`,
		"lark": `{"content":{"text":` + text + `},"msg_type":"text"}`, "wecom": `{"msgtype":"text","text":{"content":` + text + `}}`,
		"json": `{"text":` + text + `,"host":"relay-1","at":"2026-11-26T12:00:00Z","begun":[{"key":"k","what":"It is \"wrong\"","mend":"Mend it"}],"over":[]}`,
	} {
		url, got := receiver(t, 200)
		h, err := hook(t, url+"/hook?token=1", format)
		if err == nil {
			err = h.Send(t.Context(), m)
		}
		if want := "POST /hook?token=1 application/json " + want; err != nil || *got != want || !json.Valid([]byte(want[strings.Index(want, "{"):])) {
			t.Errorf("%s: %v\n%s, not\n%s", format, err, *got, want)
		}
	}
}

func TestAWebhookThatDoesNotWorkIsAnErrorWithoutItsSecret(t *testing.T) {
	t.Parallel()
	taken, _ := receiver(t, 404)
	moved, _ := receiver(t, 302)
	for url, says := range map[string]string{
		taken: "answered 404", moved: "answered 302", "http://127.0.0.1:1": "connection refused", "http://no-such-host.invalid": "no such host",
	} {
		h, err := hook(t, url+"/T0/B0/keep-this-from-view", "slack")
		if err != nil {
			t.Fatal(err)
		}
		err = h.Send(t.Context(), alert.Message{Test: true})
		if err == nil || !strings.Contains(err.Error(), says) && !strings.Contains(url, "invalid") || strings.Contains(err.Error(), "keep-this") {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{"", "keep-this-from-view", "ftp://example.com/keep-this", "https://%zz/keep-this"} {
		if _, err := hook(t, url, "json"); err == nil || strings.Contains(err.Error(), "keep-this") || !strings.Contains(err.Error(), "alert.url_file") {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := alert.NewWebhook(filepath.Join(t.TempDir(), "none"), "json"); err == nil || !strings.Contains(err.Error(), "alert.url_file") {
		t.Errorf("%v", err)
	}
}
