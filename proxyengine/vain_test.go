package proxyengine_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/config"
	"crs/lab/crstest"
)

// How many requests of a key may come to nothing at once, and in each second, before they are slowed down.
const vainAtOnce, vainASecond = 50, 100

// TestFloodsOfRefusalsAreSlowedDown: whatever is refused, in whichever way, is refused a hundred times a second and not as often as
// somebody asks; other keys are served meanwhile, and the same key's good requests as well.
func TestFloodsOfRefusalsAreSlowedDown(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Limits.HeaderMax = 8 << 10 }))
	b.Account("a")
	spent := b.Key("spent", limits(func(k *ctl.KeyEdit) { k.RequestsPerMinute = ptr(int64(1)) }))
	mixed, other := b.Key("mixed"), b.Key("other")
	if got := b.Post(spent, crstest.Hello); got.Status != 200 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	post := func(key, path, body string) func(context.Context) *http.Request {
		return func(ctx context.Context) *http.Request {
			req := b.Request(ctx, key, body)
			req.URL.Path = path
			return req
		}
	}
	for name, c := range map[string]struct {
		request func(context.Context) *http.Request
		status  int
	}{
		"with a bad key":        {post("cr_none", "/api/v1/messages", crstest.Hello), 401},
		"beyond a limit":        {post(spent, "/api/v1/messages", crstest.Hello), 429},
		"that cannot be read":   {post(mixed, "/api/v1/messages", "{"), 400},
		"for what is not there": {post("", "/none", ""), 404},
		"with a head that is no head": {func(ctx context.Context) *http.Request {
			req := b.Request(ctx, mixed, crstest.Hello)
			req.Header.Set("x-long", strings.Repeat("x", 9<<10))
			return req
		}, 431},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			got := flood(t, c.request, c.status)
			if most := vainAtOnce + connections + int64(time.Since(began).Seconds()*vainASecond); got > most {
				t.Errorf("%d were refused within %s, and at most %d may be", got, time.Since(began), most)
			}
		})
	}
	for _, key := range []string{mixed, other} {
		if got := b.Post(key, crstest.Hello); got.Status != 200 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
	}
}

// TestWhoLeavesAllTheTimeIsSlowedDown: requests that nobody waits for reach an account a hundred times a second.
func TestWhoLeavesAllTheTimeIsSlowedDown(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	leaver, other := b.Key("leaver"), b.Key("other")
	b.Script("loop:stall(after=5)")
	began := time.Now()
	inParallel(func() {
		for range enough / connections {
			leaveEarly(t, b, leaver)
		}
	})
	b.Idle()
	asked := len(b.Sim.Requests())
	// Those whose client has not left yet are not counted, and all that wait go on together.
	if most := vainAtOnce + 2*connections + int(time.Since(began).Seconds()*vainASecond); asked > most {
		t.Errorf("the upstream was asked %d times within %s, and at most %d may be", asked, time.Since(began), most)
	}
	if said := strings.Count(b.Log.String(), "clients a second leave"); said > 1 {
		t.Errorf("the log says %d times that they wait", said)
	}
	b.Script("loop:ok")
	for _, key := range []string{leaver, other} {
		if got := b.Post(key, crstest.Hello); got.Status != 200 {
			t.Errorf("%d %s", got.Status, got.Body)
		}
	}
}

func leaveEarly(t *testing.T, b *crstest.Box, key string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(b.Request(t.Context(), key, crstest.Stream))
	if err != nil {
		t.Error(err)
		return
	}
	if resp.StatusCode != http.StatusOK {
		t.Errorf("%s", resp.Status)
	}
	_, _ = io.CopyN(io.Discard, resp.Body, 10)
	_ = resp.Body.Close()
}

// TestWhoTakesItsAnswersIsNotSlowedDown: clients that close their connection right behind an answer do not count as gone.
func TestWhoTakesItsAnswersIsNotSlowedDown(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k")
	b.Script("loop:ok")
	inParallel(func() {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		for i := range 2 * enough / connections {
			resp, err := client.Do(b.Request(t.Context(), key, []string{crstest.Hello, crstest.Stream}[i%2]))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("%s, %v", resp.Status, err)
			}
			_ = resp.Body.Close()
		}
	})
	b.Idle()
	if log := b.Log.String(); strings.Contains(log, "clients a second leave") {
		t.Error("their next requests had to wait")
	}
}

// TestAStopDoesNotWaitForWhatIsHeldBack: refusals that are held back when the relay stops are sent.
func TestAStopDoesNotWaitForWhatIsHeldBack(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	inParallel(func() {
		for range 2 * vainAtOnce / connections {
			b.Post("cr_none", crstest.Hello)
		}
	})
	var held []*caller
	for range connections {
		held = append(held, call(t, b, "cr_none", crstest.Hello))
	}
	b.Until("all of them are refused", func(ctl.Status) bool { return strings.Count(b.Log.String(), "msg=refused") == 2*vainAtOnce+connections })
	b.Halt()
	for _, c := range held {
		_ = c.SetReadDeadline(time.Now().Add(time.Minute))
		resp, err := http.ReadResponse(c.r, nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s", resp.Status)
		}
	}
}

// enough is how many requests show that they are slowed down, without the machine having to be fast.
const connections, enough = 20, 200

func inParallel(do func()) {
	var wg sync.WaitGroup
	for range connections {
		wg.Go(do)
	}
	wg.Wait()
}

// flood sends requests until enough were answered with a status, and counts those.
func flood(t *testing.T, request func(context.Context) *http.Request, status int) int64 {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var n atomic.Int64
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	inParallel(func() {
		for ctx.Err() == nil && n.Load() < enough {
			resp, err := client.Do(request(ctx))
			if err != nil {
				continue // refused while it still wrote, or the time is over
			}
			_ = resp.Body.Close()
			if resp.StatusCode != status {
				t.Errorf("%s", resp.Status)
				return
			}
			n.Add(1)
		}
	})
	if n.Load() < enough {
		t.Errorf("only %d were answered: that shows nothing", n.Load())
	}
	return n.Load()
}
