package proxyengine_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"crs/ctl"
	"crs/internal/config"
	"crs/lab/crstest"
)

// upload opens a connection and sends the head of a request, and what it is told of its body.
func upload(t *testing.T, b *crstest.Box, key, length, body string) *caller {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /api/v1/messages HTTP/1.1\r\nHost: crs\r\nx-api-key: %s\r\ncontent-type: application/json\r\n%s\r\n\r\n%s", key, length, body)
	if err != nil {
		t.Fatal(err)
	}
	return &caller{conn, bufio.NewReader(conn)}
}

// answer reads one, within a while that no test needs.
func (c *caller) answer(t *testing.T) (status int, body string) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(time.Minute))
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("the answer breaks off: %v", err)
	}
	return resp.StatusCode, string(text)
}

const declared32MB = "content-length: 33554432"

// TestAKeyIsRefusedBeforeItsBodyComes: each limit says so to a client that has sent a byte of 32 MB and sends on.
func TestAKeyIsRefusedBeforeItsBodyComes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limit  func(*ctl.KeyEdit)
		use    func(t *testing.T, b *crstest.Box, key string)
		status int
		says   string
	}{
		"a spent budget": {func(k *ctl.KeyEdit) { k.TotalCost = ptr(ctl.USD(1)) }, useOnce, 402, "total cost"},
		"requests":       {func(k *ctl.KeyEdit) { k.RequestsPerMinute = ptr(int64(1)) }, useOnce, 429, "requests per minute"},
		"slots": {func(k *ctl.KeyEdit) { k.Concurrency = ptr(1) }, func(t *testing.T, b *crstest.Box, key string) {
			upload(t, b, key, declared32MB, "{")
			inPhase(b, "reading", 1)
		}, 429, "concurrent requests"},
	} {
		for _, length := range []string{declared32MB, "transfer-encoding: chunked"} {
			t.Run(name+", "+length, func(t *testing.T) {
				t.Parallel()
				b := crstest.Start(t)
				b.Account("a")
				key := b.Key("k", limits(c.limit))
				c.use(t, b, key)
				late := upload(t, b, key, length, "1")
				status, body := late.answer(t)
				if status != c.status || !strings.Contains(body, c.says) {
					t.Errorf("%d %s", status, body)
				}
				_, _ = io.WriteString(late, strings.Repeat("x", 1<<20))
			})
		}
	}
}

// TestExplainTellsTheLimitOfARequestThatWasRefusedEarly, in the words that its client was told.
func TestExplainTellsTheLimitOfARequestThatWasRefusedEarly(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k", limits(func(k *ctl.KeyEdit) { k.RequestsPerMinute = ptr(int64(1)) }))
	useOnce(t, b, key)
	if status, body := upload(t, b, key, declared32MB, "1").answer(t); status != 429 {
		t.Fatalf("%d %s", status, body)
	}
	b.Idle()
	e, err := b.Explain(t.Context(), b.Last().ID)
	if err != nil || e.Request == nil || e.Chosen != "" {
		t.Fatalf("%+v %v", e, err)
	}
	if r := e.Request; r.Status != 429 || r.Key != "k" || !strings.Contains(r.Error, "limit of 1 requests per minute") {
		t.Errorf("%+v", r)
	}
}

func useOnce(t *testing.T, b *crstest.Box, key string) {
	t.Helper()
	if got := b.Post(key, crstest.Hello); got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	b.Idle()
}

// TestARefusalReachesAClientThatSendsFirst and reads afterwards.
func TestARefusalReachesAClientThatSendsFirst(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k", limits(func(k *ctl.KeyEdit) { k.RequestsPerMinute = ptr(int64(1)) }))
	useOnce(t, b, key)
	late := upload(t, b, key, "content-length: 8388608", "")
	if _, err := io.WriteString(late, strings.Repeat("x", 8<<20)); err != nil {
		t.Errorf("sending: %v", err)
	}
	if status, body := late.answer(t); status != 429 {
		t.Errorf("%d %s", status, body)
	}
}

func TestAClientThatWaitsToBeToldSendsNothingInVain(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k", limits(func(k *ctl.KeyEdit) { k.RequestsPerMinute, k.Concurrency = ptr(int64(1)), ptr(1) }))
	expects := fmt.Sprintf("content-length: %d\r\nexpect: 100-continue", len(crstest.Hello))

	leaver := upload(t, b, key, expects, "")
	if line, err := leaver.r.ReadString('\n'); err != nil || !strings.Contains(line, " 100 ") {
		t.Fatalf("%q %v", line, err)
	}
	_ = leaver.Close()
	b.Idle()

	first := upload(t, b, key, expects, "")
	if line, err := first.r.ReadString('\n'); err != nil || !strings.Contains(line, " 100 ") {
		t.Fatalf("%q %v", line, err)
	}
	_, _ = first.r.ReadString('\n')
	_, _ = io.WriteString(first, crstest.Hello)
	if status, body := first.answer(t); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	b.Idle()
	if status, body := upload(t, b, key, expects, "").answer(t); status != 429 || !strings.Contains(body, "rate_limit_error") {
		t.Errorf("%d %s", status, body)
	}
	if status, body := upload(t, b, "cr_nobody", expects, "").answer(t); status != 401 {
		t.Errorf("%d %s", status, body)
	}
	b.Idle()
	if k, _ := b.Client.Key(t.Context(), "k"); k.Use.InFlight != 0 {
		t.Errorf("%+v", k.Use)
	}
}

// TestSixteenBytesStopNobody: uploads that declare much and send a byte hold what they sent.
func TestSixteenBytesStopNobody(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Limits.BodyBudget, c.Limits.BodyWait = 64<<20, 100*time.Millisecond }))
	b.Account("a")
	foe, other := b.Key("foe"), b.Key("other")
	for range 64 {
		upload(t, b, foe, declared32MB, "{")
	}
	b.Until("they are read", func(s ctl.Status) bool { return s.BodyBytes > 0 && len(s.Live) == 64 })
	large := `{"model":"claude-opus-4-8","max_tokens":1,"messages":[{"role":"user","content":"` + strings.Repeat("x", 8<<20) + `"}]}`
	for _, key := range []string{other, foe} {
		if got := b.Post(key, large); got.Status != 200 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
	}
	if s, err := b.Status(t.Context()); err != nil || s.BodyBytes > 64*64<<10 {
		t.Errorf("64 bytes hold %d, %v", s.BodyBytes, err)
	}
}

// TestUploadsThatWereRefusedMakeRoom: one key holds as many connections as there is memory for, and others are served.
func TestUploadsThatWereRefusedMakeRoom(t *testing.T) {
	t.Parallel()
	const room = 24 // of connections, with a budget and heads like these
	b := crstest.Start(t, crstest.Config(func(c *config.Config) {
		c.Limits.BodyBudget, c.Limits.BodyMax, c.Limits.HeaderMax = 3<<20, 1<<20, 1<<20
	}))
	b.Account("a")
	foe, other := b.Key("foe"), b.Key("other")
	refusals := make(chan int, 3*room)
	for range 3 * room {
		c := upload(t, b, foe, "content-length: 1000", "{")
		go func() {
			if resp, err := http.ReadResponse(c.r, nil); err == nil {
				refusals <- resp.StatusCode
			}
		}()
	}
	for range room / 2 {
		if status := <-refusals; status != 503 {
			t.Errorf("an upload without end was answered %d", status)
		}
	}
	b.Until("all are read that there is room for", func(s ctl.Status) bool { return len(s.Live) >= room/3 })
	refused := 0
	for range 10 {
		if got := b.Post(other, crstest.Hello); got.Status != 200 {
			refused++
		}
	}
	if s, err := b.Status(t.Context()); err != nil || refused > 0 || len(s.Live) > room/2+1 {
		t.Errorf("%d of another key's requests were refused, and %d of the uploads are in flight; %v", refused, len(s.Live), err)
	}
}

// TestManyLargeBodiesOfOneKeyAreServedInTurn: they do not grow halfway and then wait for each other.
func TestManyLargeBodiesOfOneKeyAreServedInTurn(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) {
		c.Limits.BodyMax, c.Limits.BodyBudget, c.Limits.BodyWait = 3<<20, 12<<20, time.Minute
	}))
	b.Account("a")
	key := b.Key("k")
	large := `{"model":"claude-opus-4-8","max_tokens":1,"messages":[{"role":"user","content":"` + strings.Repeat("x", 5<<19) + `"}]}`
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			req := b.Request(t.Context(), key, large)
			if i%2 == 0 {
				req.ContentLength = -1
			}
			if got := b.Do(req); got.Status != 200 {
				t.Errorf("%d %s", got.Status, got.Body)
			}
		})
	}
	wg.Wait()
	b.Idle()
}

// TestARefusalForGoodComesFirst: who would be refused later all the same is not told to come back; and the record says what
// was asked for, as far as it had come.
func TestARefusalForGoodComesFirst(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k", limits(func(k *ctl.KeyEdit) { k.RequestsPerMinute = ptr(int64(1)) }), func(k *ctl.NewKey) { k.DenyModels = ptr([]string{"claude-opus-4-1", "gemini-3"}) })
	useOnce(t, b, key)
	denied := `{"model":"claude-opus-4-1","max_tokens":1,"messages":[{"role":"user","content":"x"}]}`
	if got := b.Post(key, denied); got.Status != 403 || got.Header.Get("retry-after") != "" {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if got := b.Post(key, crstest.Hello); got.Status != 429 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	b.Idle()
	if r := b.Last(); r.Model == "" || r.Status != 429 || strings.Contains(r.Error, "not read") {
		t.Errorf("%+v", r)
	}
	for _, length := range []string{declared32MB, "content-length: 100"} {
		if status, body := upload(t, b, key, length, "{").answer(t); status != 429 || strings.Contains(body, "not read") {
			t.Errorf("%s: %d %s", length, status, body)
		}
		b.Idle()
		if r := b.Last(); r.Model != "" || !strings.Contains(r.Error, "was not read") {
			t.Errorf("%s: %+v", length, r)
		}
	}
	for model, want := range map[string]int{"gemini-2.5-pro": 429, "gemini-3": 403} {
		req := b.Request(t.Context(), key, strings.Repeat(" ", 1<<20))
		req.URL.Path = "/gemini/v1beta/models/" + model + ":generateContent"
		got := b.Do(req)
		b.Idle()
		if r := b.Newest(1)[0]; got.Status != want || r.Model != model {
			t.Errorf("%d %s, %+v", got.Status, got.Body, r)
		}
	}
}

// TestHowASmallBodyComesDoesNotMatter to a spent key's refusal: in chunks or compressed, it says what is asked for.
func TestHowASmallBodyComesDoesNotMatter(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k", limits(func(k *ctl.KeyEdit) { k.TotalCost = ptr(ctl.USD(1)) }), func(k *ctl.NewKey) { k.DenyModels = ptr([]string{"claude-opus-4-1"}) })
	useOnce(t, b, key)
	for model, want := range map[string]int{"claude-opus-4-1": 403, "claude-opus-4-8": 402} {
		body := `{"model":"` + model + `","max_tokens":1,"messages":[{"role":"user","content":"x"}]}`
		for _, coding := range []string{"", "gzip", "zstd"} {
			for _, chunked := range []bool{false, true} {
				packed := compressed(t, coding, body)
				req := b.Request(t.Context(), key, packed)
				if coding != "" {
					req.Header.Set("Content-Encoding", coding)
				}
				if chunked {
					req.ContentLength, req.Body = -1, io.NopCloser(strings.NewReader(packed))
				}
				got := b.Do(req)
				b.Idle()
				if r := b.Newest(1)[0]; got.Status != want || r.Model != model {
					t.Errorf("%s, %q, chunked %v: %d %s, %+v", model, coding, chunked, got.Status, got.Body, r)
				}
			}
		}
	}
	bomb := compressed(t, "gzip", strings.Repeat(" ", 1<<20))
	req := b.Request(t.Context(), key, bomb, "Content-Encoding", "gzip")
	if got := b.Do(req); got.Status != 402 {
		t.Errorf("a bomb: %d %s", got.Status, got.Body)
	}
	b.Idle()
}

func compressed(t *testing.T, coding, text string) string {
	t.Helper()
	var packed bytes.Buffer
	w := io.WriteCloser(nil)
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&packed)
	case "zstd":
		z, err := zstd.NewWriter(&packed)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	default:
		return text
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.String()
}

// TestAPlatformThatAKeyMayNotUseIsSaidFirst, whatever else the key has run out of, and however much of the body has come.
func TestAPlatformThatAKeyMayNotUseIsSaidFirst(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k", limits(func(k *ctl.KeyEdit) { k.TotalCost = ptr(ctl.USD(1)) }))
	useOnce(t, b, key)
	if _, err := b.Client.EditKey(t.Context(), "k", ctl.KeyEdit{Permissions: ptr([]string{"gemini"})}); err != nil {
		t.Fatal(err)
	}
	if got := b.Post(key, crstest.Hello); got.Status != 403 || got.Header.Get("retry-after") != "" {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if status, body := upload(t, b, key, declared32MB, "{").answer(t); status != 403 {
		t.Errorf("%d %s", status, body)
	}
	b.Idle()
	if _, err := b.Client.EditKey(t.Context(), "k", ctl.KeyEdit{Permissions: ptr([]string{"gemini", "claude"})}); err != nil {
		t.Fatal(err)
	}
	if got := b.Post(key, crstest.Hello); got.Status != 402 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	b.Idle()
}

// TestAClientThatWritesChunksBeforeItReadsSeesItsRefusal, in every protocol.
func TestAClientThatWritesChunksBeforeItReadsSeesItsRefusal(t *testing.T) {
	t.Parallel()
	const most = 64 << 10
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Limits.BodyMax = most }))
	b.Account("a")
	key := b.Key("k")
	piece := strings.Repeat(" ", 1000)
	body := strings.Repeat(fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece), 2*most/len(piece)-10) + "0\r\n\r\n"
	for _, path := range []string{"/api/v1/messages", "/openai/v1/chat/completions", "/openai/v1/responses", "/gemini/v1beta/models/m:generateContent", "/droid/claude/v1/messages", "/azure/openai/v1/responses"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: crs\r\nx-api-key: %s\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n%s", path, key, body); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		c := &caller{conn, bufio.NewReader(conn)}
		if status, text := c.answer(t); status != 413 || !strings.Contains(text, "limits.body_max") {
			t.Errorf("%s: %d %s", path, status, text)
		}
		if _, err := c.r.ReadByte(); err != io.EOF {
			t.Errorf("%s: behind the answer: %v", path, err)
		}
	}
}

// TestAClientThatWritesBeforeItReadsSeesItsRefusal, however much more than what is allowed it sends.
func TestAClientThatWritesBeforeItReadsSeesItsRefusal(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Limits.BodyMax = 64 << 10 }))
	b.Account("a")
	c := upload(t, b, b.Key("k"), "content-length: 8388608", strings.Repeat(" ", 8<<20))
	if status, body := c.answer(t); status != 413 || !strings.Contains(body, "limits.body_max") {
		t.Errorf("%d %s", status, body)
	}
	if _, err := c.r.ReadByte(); err != io.EOF {
		t.Errorf("behind the answer: %v", err)
	}
}

// TestARefusalReachesAClientThatSendsOn, whatever its body's length is, and whether its connection is to be used again or not: what
// it writes after the answer is taken, and it sees no reset.
func TestARefusalReachesAClientThatSendsOn(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Limits.BodyMax = 8 << 10 }))
	for _, path := range []string{"/api/v1/messages", "/health"} {
		for version, fields := range map[string][]string{"1.1": {"Connection: keep-alive", "Connection: close"}, "1.0": {"Connection: keep-alive", "X-None: 1"}} {
			if version == "1.1" && path != "/health" { // that is not refused, so its client is told to send
				fields = append(fields, "Expect: 100-continue")
			}
			for _, field := range fields {
				for _, length := range []int{2, 200, 10 << 10, 200 << 10, 300 << 10} {
					t.Run(fmt.Sprintf("%s/HTTP %s/%s/%d", path, version, field, length), func(t *testing.T) {
						t.Parallel()
						conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
						if err != nil {
							t.Fatal(err)
						}
						t.Cleanup(func() { _ = conn.Close() })
						_, _ = fmt.Fprintf(conn, "POST %s HTTP/%s\r\nHost: crs\r\nx-api-key: cr_unknown\r\n%s\r\nContent-Length: %d\r\n\r\n ", path, version, field, length)
						c := &caller{conn, bufio.NewReader(conn)}
						if status, _ := c.answer(t); status != 401 && status != 200 {
							t.Errorf("%d", status)
						}
						for sent := 1; sent < length; {
							n := min(10<<10, length-sent)
							if _, err := io.WriteString(conn, strings.Repeat(" ", n)); err != nil {
								t.Fatalf("after %d bytes: %v", sent, err)
							}
							sent += n
						}
						if strings.HasSuffix(field, "keep-alive") && length <= 256<<10 {
							_, _ = fmt.Fprintf(conn, "GET /health HTTP/%s\r\nHost: crs\r\n\r\n", version)
							if status, body := c.answer(t); status != 200 {
								t.Errorf("the next request: %d %s", status, body)
							}
						} else if _, err := c.r.ReadByte(); err != io.EOF {
							t.Errorf("behind the answer: %v", err)
						}
					})
				}
			}
		}
	}
}
