package proxyengine_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"crs/internal/config"
	"crs/lab/crstest"
)

func packed(t *testing.T, coding, text string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "deflate":
		w = zlib.NewWriter(&b)
	case "zstd":
		w = must(zstd.NewWriter(&b))
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCompressedRequestsAreRead(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Limits.BodyMax = 1 << 20 }))
	b.Account("a")
	key := b.Key("k")
	for _, coding := range []string{"gzip", "deflate", "zstd"} {
		if got := b.Post(key, packed(t, coding, crstest.Hello), "Content-Encoding", coding); got.Status != 200 {
			t.Errorf("%s: %d %s", coding, got.Status, got.Body)
		}
		all := b.Sim.Requests()
		if last := all[len(all)-1]; last.Header.Get("Content-Encoding") != "" || last.BodySHA256 != sum(crstest.Hello) {
			t.Errorf("%s: the upstream got %+v", coding, last)
		}
	}
	bomb := packed(t, "zstd", `{"model":"m","messages":[],"x":"`+strings.Repeat("a", 8<<20)+`"}`)
	for name, c := range map[string]struct {
		coding, body string
		status       int
		says         string
	}{
		"a bomb":         {"zstd", bomb, 413, "limits.body_max"},
		"not what it is": {"zstd", crstest.Hello, 400, "the body is not zstd"},
		"cut short":      {"gzip", packed(t, "gzip", crstest.Hello)[:40], 400, "the body is not gzip"},
		"unknown":        {"br", crstest.Hello, 415, "none of gzip, deflate, zstd"},
	} {
		if got := b.Post(key, c.body, "Content-Encoding", c.coding); got.Status != c.status || !strings.Contains(got.Body, c.says) {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	b.Idle()
}

// TestADecoderWindowCounts: what a frame declares is weighed, and a later frame may not declare more.
func TestADecoderWindowCounts(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) {
		c.Limits.BodyMax, c.Limits.BodyBudget, c.Limits.BodyWait = 1<<20, 8<<20, 10*time.Millisecond
	}))
	b.Account("a")
	key := b.Key("k")
	wide := framed(t, 8<<20, crstest.Hello)
	if got := b.Post(key, wide, "Content-Encoding", "zstd"); got.Status != 503 || !strings.Contains(got.Body, "limits.body_budget") {
		t.Errorf("a window of all the budget: %d %s", got.Status, got.Body)
	}
	narrow := framed(t, 1<<10, crstest.Hello[:20])
	if got := b.Post(key, narrow+framed(t, 1<<10, crstest.Hello[20:]), "Content-Encoding", "zstd"); got.Status != 200 {
		t.Errorf("two frames: %d %s", got.Status, got.Body)
	}
	if got := b.Post(key, narrow+wide, "Content-Encoding", "zstd"); got.Status != 400 {
		t.Errorf("a wide frame behind a narrow one: %d %s", got.Status, got.Body)
	}
	b.Idle()
}

// framed is one zstd frame that declares a window.
func framed(t *testing.T, window int, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := must(zstd.NewWriter(&b, zstd.WithWindowSize(window), zstd.WithSingleSegment(false), zstd.WithEncoderConcurrency(1)))
	_, _ = io.WriteString(w, text[:1])
	_ = w.Flush() // so that it does not know how long the text is
	_, _ = io.WriteString(w, text[1:])
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestBombsOfOneKeyLeaveRoomForOthers.
func TestBombsOfOneKeyLeaveRoomForOthers(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Limits.BodyMax, c.Limits.BodyBudget = 2<<20, 48<<20 }))
	b.Account("a")
	foe, other := b.Key("foe"), b.Key("other")
	text := `{"model":"m","messages":[],"x":"` + strings.Repeat("a", 3<<20) + `"}`
	for _, coding := range []string{"zstd", "gzip", "deflate"} {
		bomb := packed(t, coding, text)
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if got := b.Post(foe, bomb, "Content-Encoding", coding); got.Status != 413 && got.Status != 503 {
					t.Errorf("%s: %d %s", coding, got.Status, got.Body)
				}
			})
		}
		for range 4 {
			if got := b.Post(other, packed(t, coding, crstest.Hello), "Content-Encoding", coding); got.Status != 200 {
				t.Errorf("%s beside bombs: %d %s", coding, got.Status, got.Body)
			}
		}
		wg.Wait()
	}
	b.Idle()
	if s, err := b.Status(t.Context()); err != nil || s.BodyBytes != 0 {
		t.Errorf("%d bytes are held, %v", s.BodyBytes, err)
	}
}

func TestAWebSocketIsToldToUseHTTP(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	req := must(http.NewRequestWithContext(t.Context(), http.MethodGet, b.URL+"/api/v1/messages", http.NoBody))
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "websocket")
	req.Header.Set("Sec-WebSocket-Version", "13")
	resp := must(http.DefaultClient.Do(req))
	defer resp.Body.Close()
	body := string(must(io.ReadAll(resp.Body)))
	if resp.StatusCode != http.StatusUpgradeRequired || !strings.Contains(body, "WebSocket") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}
