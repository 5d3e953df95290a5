package proxyengine_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"crs/internal/config"
	"crs/internal/crstest"
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
