package proxyengine

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"crs/proxyengine/provider"
)

// CanaryPath is where canaries are sent to: below the root, and below every mount.
const CanaryPath = "/canary"

const (
	canaryLife  = 30 * time.Minute
	mostCanary  = 16               // tokens that are good at once
	canaryPause = 15 * time.Minute // the longest that is asked for
	canaryEvent = 64               // the most events
)

// canaries are the tokens that requests to CanaryPath are made with: such a request comes the way that clients' requests
// come and is answered by the engine itself, with what has arrived of it. No key and no account have to do with it.
type canaries struct {
	mu    sync.Mutex           // guards until
	until map[string]time.Time // by token
}

// Canary gives a token for requests to CanaryPath, and until when it is good.
func (e *Engine) Canary() (token string, until time.Time) {
	c, now := &e.canaries, e.opt.Now()
	token, until = "cr_canary_"+rand.Text(), now.Add(canaryLife)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.until == nil {
		c.until = map[string]time.Time{}
	}
	maps.DeleteFunc(c.until, func(_ string, until time.Time) bool { return !now.Before(until) })
	for old := range c.until {
		if len(c.until) < mostCanary {
			break
		}
		delete(c.until, old)
	}
	c.until[token] = until
	return token, until
}

func (c *canaries) good(token string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	until, ok := c.until[token]
	return ok && now.Before(until)
}

// canary reports whether a path is a canary's.
func (r *routes) canary(path string) bool {
	mount, ok := strings.CutSuffix(path, CanaryPath)
	return ok && (mount == "" || slices.ContainsFunc(r.prefixes, func(p prefix) bool { return p.path == mount }))
}

// answerCanary says what has arrived of a canary. It waits first, or sends events with pauses, as the canary asks for.
func (x *exchange) answerCanary() (*response, error) {
	if !x.e.canaries.good(string(x.presented), x.e.opt.Now()) {
		return nil, x.checkAuthFailures(fault(provider.Unauthorized, "this is for crs doctor, and its token is not known here: it was made by another daemon, or is too old"))
	}
	asked, err := readCanary(x.in.Query)
	if err != nil {
		return nil, fault(provider.BadRequest, "canary: %s", err)
	}
	x.record.KeyName, x.record.Stream = "crs doctor", asked.events > 0
	x.setPhase(Reading)
	if err := x.enter(); err != nil {
		return nil, err
	}
	if err := x.readBody(); err != nil {
		return nil, err
	}
	x.setPhase(Waiting)
	if err := x.rest(asked.first); err != nil {
		return nil, err
	}
	if asked.events == 0 {
		return &response{status: fasthttp.StatusOK, contentType: "application/json", body: x.arrived()}, nil
	}
	x.setPhase(Streaming)
	events := &stream{length: -1, write: func(w io.Writer) (int64, error) { return x.sendCanaries(w, asked) }, end: func(error) { x.close() }}
	return &response{status: fasthttp.StatusOK, contentType: "text/event-stream; charset=utf-8", header: unbuffered(), stream: events}, nil
}

// canary is what one asks for.
type canary struct {
	events     int           // 0: an answer in one piece
	first, gap time.Duration // before the answer, and between two events
}

func readCanary(query string) (c canary, err error) {
	v, err := url.ParseQuery(query)
	if err != nil {
		return c, err
	}
	if text := v.Get("events"); text != "" {
		if c.events, err = strconv.Atoi(text); err != nil || c.events < 0 || c.events > canaryEvent {
			return c, fmt.Errorf("events must be a number up to %d", canaryEvent)
		}
	}
	for name, d := range map[string]*time.Duration{"first": &c.first, "gap": &c.gap} {
		if text := v.Get(name); text != "" {
			if *d, err = time.ParseDuration(text); err != nil || *d < 0 || *d > canaryPause {
				return c, fmt.Errorf("%s must be a time up to %s", name, canaryPause)
			}
		}
	}
	return c, nil
}

// mostUnderscored is how many fields are told of.
const mostUnderscored = 16

// arrived tells what came of the body, and of the fields that proxies like to drop: those with an underscore in their name,
// such as the one that Codex says with which conversation it is.
func (x *exchange) arrived() []byte {
	told := struct {
		Canary      bool     `json:"canary"`
		Body        int      `json:"body_bytes"`
		Underscored []string `json:"underscored"`
	}{true, len(x.in.Body), []string{}}
	for _, f := range x.in.Header {
		if strings.Contains(f.Name, "_") && len(told.Underscored) < mostUnderscored {
			told.Underscored = append(told.Underscored, strings.ToLower(f.Name))
		}
	}
	b, _ := json.Marshal(&told) // numbers and texts: it cannot fail
	return b
}

// sendCanaries sends one event after the other, each with when it was sent.
func (x *exchange) sendCanaries(w io.Writer, asked canary) (sent int64, err error) {
	for n := range asked.events {
		if n > 0 {
			if err := x.rest(asked.gap); err != nil {
				return sent, err
			}
		}
		m, err := fmt.Fprintf(w, "event: canary\ndata: {\"n\":%d,\"after_ms\":%d}\n\n", n+1, x.elapsed().Milliseconds())
		sent += int64(m)
		x.sent.Store(sent)
		x.sentAt.Store(time.Now().UnixNano())
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}
