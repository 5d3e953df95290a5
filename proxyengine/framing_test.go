package proxyengine_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/config"
	"crs/lab/crstest"
)

// endless sends a head, and then the same again and again until the relay closes the connection or has taken most. It gives the
// status that it was answered, and how much it could send.
func endless(t *testing.T, conn net.Conn, head, begin, again string, most int) (status, sent int) {
	t.Helper()
	defer func() { _ = conn.Close() }()
	answered := make(chan int, 1)
	go func() {
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			answered <- 0
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		answered <- resp.StatusCode
	}()
	_, _ = io.WriteString(conn, head+begin)
	for block := strings.Repeat(again, max(1, 32<<10/len(again))); sent < most; {
		n, err := io.WriteString(conn, block)
		sent += n
		if err != nil {
			break
		}
	}
	select {
	case status = <-answered:
	case <-time.After(time.Minute):
		t.Error("it is not answered")
	}
	return status, sent
}

// TestFramingWithoutEndIsRefused: whatever stands around a body in chunks is bounded by what has come of it, whoever reads it.
func TestFramingWithoutEndIsRefused(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Limits.BodyMax = 2 << 20 }))
	b.Account("a")
	good, spent := b.Key("k"), b.Key("spent", limits(func(k *ctl.KeyEdit) { k.TotalCost = ptr(ctl.USD(1)) }))
	useOnce(t, b, spent)
	dial := dialer(t, b)
	const most = 24 << 20
	for to, c := range map[string]struct {
		first, key string
		want       int
	}{
		"a good key":   {"POST /api/v1/messages", good, 400},
		"a spent key":  {"POST /api/v1/messages", spent, 402},
		"a bad key":    {"POST /api/v1/messages", "cr_nobody", 401},
		"nothing":      {"POST /nothing", good, 404},
		"events":       {"POST /api/event_logging/batch", good, 200},
		"health":       {"GET /health", good, 200},
		"a probe":      {"HEAD /health", good, 200},
		"models":       {"GET /api/v1/models", good, 200},
		"a canary":     {"POST /canary", good, 401},
		"a wrong line": {"POST /api/v1/messages HTTP/1.1\r\nX: y\n", good, 400},
	} {
		for name, body := range map[string]struct{ begin, again string }{
			"an extension":             {"1;", "a"},
			"an extension, after some": {"10000\r\n" + strings.Repeat(" ", 1<<16) + "\r\n1;", "a"},
			"blanks":                   {"1", " "},
			"a size":                   {"", "0"},
			"trailers":                 {"0\r\n", "a: b\r\n"},
			"a trailer":                {"0\r\na: ", "b"},
			"chunks of a byte":         {"", "1\r\n \r\n"},
			"small ones, extended":     {"", "1;" + strings.Repeat("a", 200) + "\r\n \r\n"},
		} {
			t.Run(to+"/"+name, func(t *testing.T) {
				t.Parallel()
				first, rest, _ := strings.Cut(c.first, " HTTP/1.1\r\n")
				head := first + " HTTP/1.1\r\nHost: h\r\n" + rest + "x-api-key: " + c.key + "\r\nTransfer-Encoding: chunked\r\n\r\n"
				conn := dial()
				status, sent := endless(t, conn, head, body.begin, body.again, most)
				if sent >= most {
					t.Errorf("all %d bytes are taken", sent)
				}
				if status != c.want && status != 0 { // the reset may overtake the answer
					t.Errorf("answered %d, not %d", status, c.want)
				}
			})
		}
	}
}

// TestFramingIsRefusedInWords, which a client that stops to look sees.
func TestFramingIsRefusedInWords(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Limits.BodyMax = 1 << 20 }))
	b.Account("a")
	key := b.Key("k")
	for name, body := range map[string]string{
		"an extension":     "1;" + strings.Repeat("a", 160<<10),
		"chunks of a byte": strings.Repeat("1\r\n \r\n", 64<<10),
	} {
		status, text := upload(t, b, key, "transfer-encoding: chunked", body).answer(t)
		if status != 400 || !strings.Contains(text, "invalid_request_error") || !strings.Contains(text, "chunks") {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	b.Idle()
	if r := b.Last(); r.Status != 400 || !strings.Contains(r.Error, "chunks") {
		t.Errorf("%+v", r)
	}
}

// TestChunksThatClientsSendAreTaken, small ones and extensions too, over either kind of connection.
func TestChunksThatClientsSendAreTaken(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k")
	large := fmt.Sprintf(`{"model":"claude-opus-4-8","max_tokens":1,"messages":[{"role":"user","content":%q}]}`, strings.Repeat("x", 3<<20))
	for name, c := range map[string]struct {
		size      int
		ext, body string
	}{
		"of a byte":           {1, "", crstest.Hello},
		"of a byte, extended": {1, ";a=" + strings.Repeat("b", 200), crstest.Hello},
		"of 16 bytes":         {16, "", large},
		"of 8 KiB, extended":  {8 << 10, ";a=" + strings.Repeat("b", 200), large},
		"one":                 {4 << 20, ";a", large},
	} {
		var text strings.Builder
		for rest := c.body; rest != ""; {
			n := min(c.size, len(rest))
			fmt.Fprintf(&text, "%x%s\r\n%s\r\n", n, c.ext, rest[:n])
			rest = rest[n:]
		}
		status, said := upload(t, b, key, "transfer-encoding: chunked", text.String()+"0\r\n\r\n").answer(t)
		if status != 200 {
			t.Errorf("%s: %d %s", name, status, said)
		}
		all := b.Sim.Requests()
		if last := all[len(all)-1]; last.BodySHA256 != sum(c.body) {
			t.Errorf("%s: the upstream got something else", name)
		}
	}
}

// TestABodyThatIsCutOffBetweenChunksIsNotWhole.
func TestABodyThatIsCutOffBetweenChunksIsNotWhole(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k")
	size := fmt.Sprintf("%x\r\n", len(crstest.Hello))
	for _, end := range []string{"\r\n", "\r\n0", "\r\n0\r\n"} {
		u := upload(t, b, key, "transfer-encoding: chunked", size+crstest.Hello+end)
		_ = u.Conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, u.r)
	}
	b.Idle()
	if n := len(b.Sim.Requests()); n != 0 {
		t.Errorf("%d were sent on", n)
	}
}

// TestASizeThatNeverEndsIsTooSlow, and not a body that cannot be read.
func TestASizeThatNeverEndsIsTooSlow(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Timeouts.Body = 100 * ms }))
	b.Account("a")
	if status, text := upload(t, b, b.Key("k"), "transfer-encoding: chunked", "1;a").answer(t); status != 408 {
		t.Errorf("%d %s", status, text)
	}
}
