package proxyengine_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/config"
	"crs/lab/crstest"
	"crs/lab/simulator"
)

// caller is a client whose connection the test holds in its hands.
type caller struct {
	net.Conn
	r *bufio.Reader
}

// call sends a request and reads nothing.
func call(t *testing.T, b *crstest.Box, key, body string) *caller {
	t.Helper()
	return dispatch(t, b.Request(t.Context(), key, body))
}

// dispatch is call of a request as it is.
func dispatch(t *testing.T, req *http.Request) *caller {
	t.Helper()
	conn, err := net.Dial("tcp", req.URL.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := req.Write(conn); err != nil {
		t.Fatal(err)
	}
	return &caller{conn, bufio.NewReader(conn)}
}

// until reads the answer up to some text.
func (c *caller) until(t *testing.T, text string) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(time.Minute))
	var seen strings.Builder
	for !strings.HasSuffix(seen.String(), text) {
		b, err := c.r.ReadByte()
		if err != nil {
			t.Fatalf("%v before %q: %s", err, text, seen.String())
		}
		seen.WriteByte(b)
	}
}

// TestAClientMayVanishAtAnyMoment has a client leave in each phase of a request, in each way of leaving: the upstream is
// cancelled within a second, nothing stays taken, and there is one record.
func TestAClientMayVanishAtAnyMoment(t *testing.T) {
	t.Parallel()
	oneSlot := func(k *ctl.NewKey) {
		one, ten, wait := 1, 10, 60.0
		k.Concurrency, k.Queue, k.QueueWaitSeconds = &one, &ten, &wait
	}
	oneAtATime := func(a *ctl.NewAccount) { a.MaxConcurrency = 1 }
	for phase, c := range map[string]struct {
		key     func(*ctl.NewKey)
		account func(*ctl.NewAccount)
		script  string
		before  string // a request that takes the slot first, with this script step
		body    string
		wait    func(*crstest.Box, *testing.T, *caller) // until the phase is reached
		reached bool                                    // the upstream was asked
		source  string
		output  bool // some output was counted
	}{
		"in the key's queue": {
			key: oneSlot, before: "stall", script: "ok", body: crstest.Hello,
			wait: func(b *crstest.Box, t *testing.T, _ *caller) { inPhase(b, "queued", 1) },
		},
		"waiting for an account": {
			account: oneAtATime, before: "stall", script: "ok", body: crstest.Hello, source: "partial",
			wait: func(b *crstest.Box, t *testing.T, _ *caller) {
				b.Until("it waits for an account", func(s ctl.Status) bool { return s.Waiting == 1 })
			},
		},
		"before the first byte": {
			script: "slow(60s)", body: crstest.Hello, reached: true, source: "partial",
			wait: func(b *crstest.Box, t *testing.T, _ *caller) { upstreamHas(b, t, 1) },
		},
		"between headers and the first event": {
			script: "stall", body: crstest.Stream, reached: true, source: "partial",
			wait: func(b *crstest.Box, t *testing.T, _ *caller) { upstreamHas(b, t, 1) },
		},
		"between events": {
			script: "ok(events=500,gap=50ms)", body: crstest.Stream, reached: true, source: "partial", output: true,
			wait: func(b *crstest.Box, t *testing.T, c *caller) { c.until(t, "content_block_delta") },
		},
		"after a stall": {
			script: "stall(after=5)", body: crstest.Stream, reached: true, source: "partial", output: true,
			wait: func(b *crstest.Box, t *testing.T, c *caller) {
				c.until(t, "content_block_delta")
				time.Sleep(100 * time.Millisecond)
			},
		},
		"while the relay is stuck writing to it": {
			script: "huge(12MB)", body: crstest.Stream, reached: true, source: "partial",
			wait: func(b *crstest.Box, t *testing.T, c *caller) {
				c.until(t, "message_start")
				inPhase(b, "streaming", 1)
				time.Sleep(300 * time.Millisecond) // for the kernel's buffers to fill
			},
		},
	} {
		for way, leave := range map[string]func(*net.TCPConn){
			"closes": func(c *net.TCPConn) { _ = c.Close() },
			"resets": func(c *net.TCPConn) { _, _ = c.SetLinger(0), c.Close() },
		} {
			overBothClients(t, phase+", "+way, func(t *testing.T, options []crstest.Option) {
				b := crstest.Start(t, append(options, crstest.Config(func(c *config.Config) { c.Retry.AccountWait = time.Minute }))...)
				b.Account("a", func(a *ctl.NewAccount) {
					if c.account != nil {
						c.account(a)
					}
				})
				var edits []func(*ctl.NewKey)
				if c.key != nil {
					edits = append(edits, c.key)
				}
				key := b.Key("k", edits...)
				inFlight := 0
				if c.before != "" {
					b.Script(c.before + "," + c.script)
					first := call(t, b, key, crstest.Stream)
					upstreamHas(b, t, 1)
					inFlight = 1
					defer func() { _ = first.Close() }()
				} else {
					b.Script(c.script)
				}
				x := call(t, b, key, c.body)
				c.wait(b, t, x)
				left := time.Now()
				leave(x.Conn.(*net.TCPConn))
				s := b.Until("it is gone", func(s ctl.Status) bool { return s.InFlight == inFlight && s.Waiting == 0 })
				if took := time.Since(left); took > soon {
					t.Errorf("it was noticed after %v", took)
				}
				if s.BodyBytes != 0 && c.before == "" {
					t.Errorf("%d bytes of bodies are still held", s.BodyBytes)
				}
				nothingTaken(t, b, inFlight)
				oneRecord(t, b, c.source, c.output)
				cancelled(t, b, c.reached, left)
			})
		}
	}
}

// inPhase waits until so many requests are in a phase.
func inPhase(b *crstest.Box, phase string, n int) {
	b.Until(fmt.Sprintf("%d requests are %s", n, phase), func(s ctl.Status) bool {
		for _, x := range s.Live {
			if x.Phase == phase {
				n--
			}
		}
		return n <= 0
	})
}

// upstreamHas waits until the upstream has n inference requests.
func upstreamHas(b *crstest.Box, t *testing.T, n int) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	if err := b.Sim.WaitRequests(ctx, n); err != nil {
		t.Fatal(err)
	}
}

// nothingTaken checks the key's and the account's slots.
func nothingTaken(t *testing.T, b *crstest.Box, others int) {
	t.Helper()
	k, err := b.Client.Key(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	a, err := b.Client.Account(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if k.Use.InFlight != others || k.Use.Queued != 0 || a.InUse != others || a.State != "ready" || a.Failures != 0 {
		t.Errorf("the key has %+v, the account %d in use, %s, %d failures", k.Use, a.InUse, a.State, a.Failures)
	}
	if others == 0 && k.Use.Reserved != 0 {
		t.Errorf("%s are still reserved", k.Use.Reserved)
	}
}

func oneRecord(t *testing.T, b *crstest.Box, source string, output bool) {
	t.Helper()
	all := b.Newest(10)
	if len(all) != 1 {
		t.Fatalf("%d records: %+v", len(all), all)
	}
	r := all[0]
	if r.Source != source || r.Error != "the client left" || (r.OutputTokens > 1) != output {
		t.Errorf("%+v", r)
	}
	if output && (r.InputTokens == 0 || r.CacheRead == 0 || r.Cost == 0) {
		t.Errorf("the prompt was not counted: %+v", r)
	}
}

// soon is how fast a departure must be noticed: less than anything that would end the request without it.
const soon = 15 * time.Second

// cancelled checks that the upstream saw the end of the request soon.
func cancelled(t *testing.T, b *crstest.Box, reached bool, left time.Time) {
	t.Helper()
	if !reached {
		return
	}
	deadline := time.Now().Add(time.Minute)
	for {
		r := b.Sim.Requests()[0]
		if r.Outcome == simulator.Canceled || r.Outcome == simulator.Faulted {
			if took := r.EndedAt.Sub(left); took > soon {
				t.Errorf("the upstream was cancelled after %v", took)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the upstream was not cancelled: %+v", r)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestAThousandVanishingClientsLeaveNothingBehind counts goroutines and descriptors.
func TestAThousandVanishingClientsLeaveNothingBehind(t *testing.T) {
	// Not parallel: it counts what the whole process has. How many connections wait for a next request is chance.
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Timeouts.UpstreamIdle = time.Second }))
	b.Account("a")
	key := b.Key("k")
	b.Script("random(11,ok=30)")
	b.Post(key, crstest.Hello)
	b.Idle()
	before := resources(t)
	for i := range 1000 {
		ctx, leave := context.WithTimeout(t.Context(), time.Duration(i%7)*500*time.Microsecond)
		body := []string{crstest.Hello, crstest.Stream}[i%2]
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(b.Request(ctx, key, body))
		if err == nil {
			_, _ = io.CopyN(io.Discard, resp.Body, 100)
			_ = resp.Body.Close()
		}
		leave()
	}
	b.Idle()
	deadline := time.Now().Add(time.Minute)
	for {
		after := resources(t)
		if after.goroutines <= before.goroutines+20 && after.files <= before.files+20 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("before: %+v, after: %+v", before, after)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

type counts struct{ goroutines, files int }

func resources(t *testing.T) counts {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("descriptors cannot be counted here")
	}
	return counts{runtime.NumGoroutine(), len(files)}
}

// TestWhoHasTheWholeAnswerMayLeave: many clients close behind the last event of a stream and do not wait for the end of the connection. They have
// not left before the end.
func TestWhoHasTheWholeAnswerMayLeave(t *testing.T) {
	t.Parallel()
	const chat = `"messages":[{"role":"user","content":"hi"}]`
	for path, c := range map[string]struct{ body, last string }{
		"/api/v1/messages":            {`{"model":"claude-opus-4-8","max_tokens":9,"stream":true,` + chat + `}`, "{\"type\":\"message_stop\"}\n\n"},
		"/api/v1/chat/completions":    {`{"model":"claude-opus-4-8","max_tokens":9,"stream":true,` + chat + `}`, "data: [DONE]\n\n"},
		"/openai/v1/chat/completions": {`{"model":"gpt-5.5","stream":true,"stream_options":{"include_usage":true},` + chat + `}`, "data: [DONE]\n\n"},
		"/openai/v1/responses":        {`{"model":"gpt-5.5","stream":true,"input":"hi"}`, "event: response.completed\n"},
		"/gemini/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse": {`{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`, `"finishReason":"STOP"`},
	} {
		for _, policy := range []string{"cancel", "drain"} {
			t.Run(path+", "+policy, func(t *testing.T) {
				t.Parallel()
				leavesWithAll(t, policy, path, c.body, c.last)
			})
		}
	}
}

func leavesWithAll(t *testing.T, policy, path, body, last string) {
	t.Helper()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Disconnect.Policy, c.Disconnect.Drain = policy, time.Second }))
	for _, platform := range []string{"claude-console", "openai-responses", "gemini-api"} {
		b.AccountOn(platform, platform)
	}
	b.Script("stall(after=9999)")
	req := b.Request(t.Context(), b.Key("k"), body)
	req.URL.Path, req.URL.RawQuery, _ = strings.Cut(path, "?")
	x := dispatch(t, req)
	x.until(t, last)
	x.until(t, "\r\n") // of its chunk
	_ = x.Close()
	b.Idle()
	if r := b.Last(); r.Error != "" || r.Status != 200 || r.Source != "upstream" || r.OutputTokens == 0 {
		t.Errorf("%+v", r)
	}
	if log := b.Log.String(); strings.Contains(log, "the client left") {
		t.Error("the log says that it left")
	}
}

func TestAnAnswerIsReadToItsEndWhenItsFiguresAreWanted(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Disconnect.Policy, c.Disconnect.Drain = "drain", 5*time.Second }))
	b.Account("a")
	key := b.Key("k", func(k *ctl.NewKey) { one := 1; k.Concurrency = &one })
	b.Script("ok(events=20,gap=20ms)")
	x := call(t, b, key, crstest.Stream)
	x.until(t, "content_block_delta")
	_ = x.Close()
	b.Until("the key's slot is free", func(ctl.Status) bool {
		k, err := b.Client.Key(t.Context(), "k")
		return err == nil && k.Use.InFlight == 0
	})
	b.Idle()
	if r := b.Last(); r.Source != "upstream" || r.OutputTokens != simulator.DefaultUsage().Output || r.Error != "the client left" {
		t.Errorf("%+v", r)
	}
	if r := b.Sim.Requests()[0]; r.Outcome != simulator.Served {
		t.Errorf("the upstream's side ended as %s", r.Outcome)
	}

	b.Script("stall(after=5)") // an upstream that never ends is not waited for without end
	b.Halt()
	c := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Disconnect.Policy, c.Disconnect.Drain = "drain", 50*time.Millisecond }))
	c.Account("a")
	c.Script("stall(after=5)")
	y := call(t, c, c.Key("k"), crstest.Stream)
	y.until(t, "content_block_delta")
	_ = y.Close()
	c.Idle()
	if r := c.Last(); r.Source != "partial" {
		t.Errorf("%+v", r)
	}
}
