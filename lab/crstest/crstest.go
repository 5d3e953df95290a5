// Package crstest runs a whole daemon in a test: in a directory and on a socket of its own, with a simulated provider
// behind it, a clock that the test can move, and the typed client to control it with.
package crstest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"crs/ctl"
	"crs/daemon"
	"crs/internal/config"
	"crs/internal/seal"
	"crs/internal/secret"
	"crs/lab/simulator"
)

// Box is a running daemon with what is around it.
type Box struct {
	*ctl.Client
	Sim   *simulator.Server
	Clock *Clock
	Log   *Log
	Dir   string
	URL   string // of the relay, without a path

	t       *testing.T
	secrets map[string]string // of keys, by name
	change  []func(*config.Config)
	stop    context.CancelFunc
	ended   chan error
}

// Option changes a box before it starts.
type Option func(*Box)

// Config changes the configuration.
func Config(change func(*config.Config)) Option {
	return func(b *Box) { b.change = append(b.change, change) }
}

// Redis has the box share a Redis with others.
func Redis(url string) Option {
	return Config(func(c *config.Config) { c.Redis.URL = url })
}

// Beside makes the box another node of an installation: it has the same key file, configuration and provider as a box that
// runs, and a directory and clock of its own.
func Beside(other *Box) Option {
	return func(b *Box) {
		b.t.Helper()
		key, err := os.ReadFile(filepath.Join(other.Dir, seal.KeyFile))
		if err == nil {
			err = os.WriteFile(filepath.Join(b.Dir, seal.KeyFile), key, 0o600)
		}
		if err != nil {
			b.t.Fatal(err)
		}
		_ = b.Sim.Close()
		b.Sim, b.change = other.Sim, append(b.change, other.change...)
	}
}

// Start starts a box. It is stopped when the test ends, which fails the test if the daemon did not end well.
func Start(t *testing.T, options ...Option) *Box {
	t.Helper()
	b := &Box{t: t, secrets: map[string]string{}, Clock: new(Clock), Log: new(Log), Dir: shortDir(t)}
	sim, err := simulator.Start(simulator.Options{Now: b.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	b.Sim = sim
	for _, o := range options {
		o(b)
	}
	b.Boot()
	t.Cleanup(func() {
		b.Halt()
		if t.Failed() {
			t.Logf("the daemon's log:\n%s", b.Log)
		}
	})
	return b
}

// shortDir is a directory whose name leaves room for a socket's path.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "crs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// Boot starts the daemon; only needed after Halt.
func (b *Box) Boot() {
	b.t.Helper()
	if err := b.TryBoot(); err != nil {
		b.t.Fatal(err)
	}
}

// TryBoot is Boot where the daemon may refuse to start.
func (b *Box) TryBoot() error {
	ctx, stop := context.WithCancel(context.Background())
	d, err := daemon.Start(ctx, daemon.Options{
		Source: config.Source{
			Environ: []string{"CRS_DATA=" + b.Dir}, UID: 1000,
			Flags: map[string]string{"listen": "127.0.0.1:0", "log.level": "debug"},
		},
		Version: "test", Log: b.Log, Now: b.Clock.Now, Elapsed: b.Clock.Elapsed, Change: b.configure,
	})
	if err != nil {
		stop()
		return err
	}
	b.stop, b.ended = stop, make(chan error, 1)
	go func() { b.ended <- d.Run(ctx) }()
	b.URL, b.Client = "http://"+d.Listen(), ctl.NewClient(d.Socket())
	return nil
}

// configure is what tests want otherwise than operators: no waiting, and providers that are simulated.
func (b *Box) configure(c *config.Config) {
	c.Providers = Simulated(b.Sim.URL())
	c.TimeZone = "UTC"
	c.Limits.Connections = 5000 // wherever tests run, there are files enough for that
	c.Retry.Backoff, c.Cooldown.Jitter = time.Millisecond, 0
	c.Timeouts.Shutdown = 5 * time.Second
	c.Usage.Commit = 5 * time.Millisecond
	for _, change := range b.change {
		change(c)
	}
}

// Simulated points every provider to the simulator at url.
func Simulated(url string) map[string]config.Provider {
	return map[string]config.Provider{
		"claude": {APIURL: url, AuthorizeURL: url + "/oauth/authorize", TokenURL: url + "/v1/oauth/token"},
		"openai": {
			APIURL: url, AuthorizeURL: url + "/oauth/authorize", TokenURL: url + "/oauth/token",
			Settings: map[string]string{"chatgpt_url": url + "/backend-api/codex", "device_url": url},
		},
		"gemini": {
			APIURL: url, AuthorizeURL: url + "/o/oauth2/v2/auth", TokenURL: url + "/token",
			Settings: map[string]string{"code_assist_url": url, "client_id": "simulated"},
			Secrets:  map[string]secret.String{"client_secret": secret.New("simulated")},
		},
		"bedrock": {APIURL: url},
		"vertex":  {APIURL: url, TokenURL: url + "/vertex/token"},
		"droid":   {APIURL: url + "/api/llm", TokenURL: url, Settings: map[string]string{"app_url": url}},
	}
}

// Halt stops the daemon as an operator would, and waits for its end.
func (b *Box) Halt() {
	b.t.Helper()
	if b.stop == nil {
		return
	}
	b.Close()
	b.stop()
	b.stop = nil
	if err := <-b.ended; err != nil {
		b.t.Errorf("the daemon ended with: %v", err)
	}
}

// HaltBadly stops the daemon, whatever it says of that.
func (b *Box) HaltBadly() {
	b.t.Helper()
	b.Close()
	b.stop()
	b.stop = nil
	if err := <-b.ended; err != nil {
		b.t.Logf("the daemon ended with: %v", err)
	}
}

// Ledger is the directory of the ledger.
func (b *Box) Ledger() string { return filepath.Join(b.Dir, "ledger") }

// Clock is the real clock, moved on and set by what a test says.
type Clock struct {
	mu    sync.Mutex // guards the fields below
	ahead time.Duration
	off   time.Duration
	began time.Time // when Elapsed was first asked
}

// Now is what the wall says.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead + c.off)
}

// Elapsed is how much time has passed.
func (c *Clock) Elapsed() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.began.IsZero() {
		c.began = time.Now()
	}
	return time.Since(c.began) + c.ahead
}

// Advance has time pass.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// Set sets the wall by so much, as an operator or NTP does: no time passes.
func (c *Clock) Set(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off += d
}

// Log collects what the daemon logs.
type Log struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String is everything so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// Lines are the lines that have all the words.
func (l *Log) Lines(words ...string) []string {
	var found []string
	for line := range strings.Lines(l.String()) {
		all := true
		for _, w := range words {
			all = all && strings.Contains(line, w)
		}
		if all {
			found = append(found, line)
		}
	}
	return found
}
