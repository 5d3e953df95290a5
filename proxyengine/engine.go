// Package proxyengine relays requests: it takes them from clients, admits them, finds an account for each, and streams the
// answer back. relay.go reads as a request travels.
package proxyengine

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"crs/internal/account"
	"crs/internal/descriptor"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/pricing"
	"crs/internal/usage"
	"crs/proxyengine/caller"
	"crs/proxyengine/hangup"
	"crs/proxyengine/provider"
	"crs/proxyengine/upstream"
)

// Options are what an engine works with. All of it must be set but TLS, Closed and Ended.
type Options struct {
	Keys      keys
	Gate      gate
	Pool      pool
	Tokens    tokens
	Ledger    ledger
	Prices    func() *pricing.Table
	Protocols []Mount
	Providers []provider.Provider
	// Client recognises programs that speak the protocols of others, where a protocol does not. It may be nil.
	Client func(provider.Header) string
	// Models gives the models that accounts serve one of the services with, to a key that has these permissions.
	Models   func(services, permissions []string) []string
	Upstream upstream.Client
	Now      func() time.Time
	Log      *slog.Logger
	Settings Settings
	// Shortage is told that connections of clients cannot be accepted. Nil tells nobody.
	Shortage *descriptor.Shortage
	// TLS, if not nil, is what clients are served with.
	TLS *tls.Config
	// Closed is told of every request that has ended, admitted or refused. It must not block nor keep the record.
	Closed func(*usage.Record)
	// Ended is told of the same requests, and of those that presented no good key, on the same terms.
	Ended func(*Ended)
}

// Mount is a protocol with the paths it is served under.
type Mount struct {
	Protocol provider.Protocol
	Prefixes []string
	// Only, if not empty, limits the mount to platforms that serve its services under the name SERVICE@ONLY.
	Only string
}

type keys interface {
	Verify(ctx context.Context, presented string) (*key.Key, error)
}

type gate interface {
	Enter(ctx context.Context, holders []limit.Holder) (*limit.Permit, error)
}

type pool interface {
	Pick(ctx context.Context, want *account.Want) (*account.Lease, error)
	Forbidden(want *account.Want) *account.NoneReady
}

type tokens interface {
	Fresh(ctx context.Context, acc *account.Account) (*account.Account, error)
	RenewSoon(ctx context.Context, acc *account.Account) (*account.Account, error)
}

type ledger interface {
	Open(*usage.Record) error
	Close(*usage.Record)
}

// Settings are the knobs of an engine. They can change while it runs; a request keeps those it began with.
type Settings struct {
	BodyMax, BodyBudget, BodyRate           int64
	BodyWait                                time.Duration
	HeaderMax, Connections                  int
	ConnectionsPerIP, FailedAuth            int           // of one address; 0 is any number
	Proxies                                 caller.Trust  // who are believed on whom they forward for
	Header, Body                            time.Duration // clocks of the client's request
	Connect, FirstByte, FirstByteJSON, Idle time.Duration // clocks of the upstream's answer
	WriteStall, KeepAlive                   time.Duration
	MaxAttempts                             int
	Ambiguous                               bool
	Backoff, Hold                           time.Duration
	// Drain is how long an answer is still read, for its final figures, when its client has left; zero cancels at once.
	Drain time.Duration
	// UnknownPrice is what becomes of requests for models whose price is not known.
	UnknownPrice UnknownPrice
}

// Engine relays requests. Serve runs it, Shutdown ends it.
type Engine struct {
	opt       Options
	settings  atomic.Pointer[Settings]
	routes    routes
	providers map[string]provider.Provider // by platform
	platforms map[string]account.Platform
	services  map[string]provider.Service
	watcher   *hangup.Watcher
	server    *fasthttp.Server
	memory    *budget
	slowLane  *slowLane // of work on large bodies
	promises  *budget   // of what large bodies may grow to
	decoders  *budget   // of decoders at work; one each
	canaries  canaries
	conns     *caller.Connections
	failures  *caller.Failures
	refused   throttle     // of refusals
	deserted  throttle     // of requests whose client left
	proxies   sync.Map     // by URL, *upstream.Proxy
	listed    atomic.Int64 // when a refusal last named every account, unix nanoseconds

	lingering atomic.Int32 // clients that were refused and may send on for a while

	leaving atomic.Bool // connections are closed behind their next answer

	mu     sync.Mutex // guards live, counts and closed
	live   map[*exchange]struct{}
	counts inFlightCounts
	closed bool
	ending chan struct{} // closed with it
}

// New makes an engine.
func New(opt Options) (*Engine, error) {
	watcher, err := hangup.New()
	if err != nil {
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	e := &Engine{
		opt: opt, routes: newRoutes(opt.Protocols), providers: map[string]provider.Provider{},
		platforms: map[string]account.Platform{}, services: map[string]provider.Service{}, slowLane: newSlowLane(), watcher: watcher,
		memory: newBudget(opt.Settings.BodyBudget, largestBody(&opt.Settings)), promises: newBudget(0, 0), decoders: newBudget(mostDecoders, 0), live: map[*exchange]struct{}{}, ending: make(chan struct{}),
		conns: caller.NewConnections(), failures: caller.NewFailures(opt.Now),
	}
	for _, m := range opt.Protocols {
		if d, ok := m.Protocol.(provider.Described); ok {
			for _, s := range d.Services() {
				e.services[s.Name] = s
			}
		}
	}
	for _, p := range opt.Providers {
		for platform, facts := range p.Platforms() {
			e.providers[platform], e.platforms[platform] = p, facts
		}
	}
	e.Apply(opt.Settings)
	e.server = e.newServer(&opt.Settings)
	return e, nil
}

// service is what is to be known of one, also by its name on one path alone.
func (e *Engine) service(name string) provider.Service {
	name, _, _ = strings.Cut(name, "@")
	return e.services[name]
}

func (e *Engine) newServer(s *Settings) *fasthttp.Server {
	return &fasthttp.Server{
		Handler:                       e.handle,
		ErrorHandler:                  e.refuseHead,
		HeaderReceived:                foldExpect,
		ExpectHandler:                 e.expected,
		Logger:                        quiet{e.opt.Log},
		Concurrency:                   2*s.Connections + 64, // caller.Connections keeps to their number
		ConnState:                     e.connState,
		ReadBufferSize:                s.HeaderMax,
		ReadTimeout:                   s.Header,
		IdleTimeout:                   s.KeepAlive,
		WriteTimeout:                  s.WriteStall, // of answers that are short; delivery has its own clock
		MaxRequestBodySize:            1,            // the engine reads bodies itself; this much is read before it is asked
		StreamRequestBody:             true,
		DisablePreParseMultipartForm:  true,
		DisableHeaderNamesNormalizing: true,
		ReduceMemoryUsage:             true,
		NoDefaultServerHeader:         true,
		NoDefaultContentType:          true,
		SecureErrorLogMessage:         true,
		CloseOnShutdown:               true,
	}
}

// Serve takes requests from ln until Shutdown.
func (e *Engine) Serve(ln net.Listener) error {
	patient := descriptor.Patient(ln, "clients", e.opt.Shortage, func() { e.Free() })
	watched := net.Listener(e.watcher.Listen(e.conns.Listen(patient)))
	if e.opt.TLS != nil {
		watched = tls.NewListener(watched, e.opt.TLS)
	}
	if err := e.server.Serve(strict{watched}); err != nil {
		return fmt.Errorf("serve clients on %s: %w", ln.Addr(), err)
	}
	return nil
}

// Free closes connections that nobody needs at the moment, of clients and to upstreams, and reports whether there were any.
func (e *Engine) Free() bool {
	clients, upstreams := e.conns.Free(), e.opt.Upstream.Free()
	return clients || upstreams
}

// Apply changes the settings that can change while the engine runs: all but the listener's own.
func (e *Engine) Apply(s Settings) {
	e.settings.Store(&s)
	e.memory.resize(s.BodyBudget, largestBody(&s))
	e.promises.resize(s.BodyBudget, largestBody(&s))
	e.mu.Lock()
	e.counts.most = mostInFlight(&s)
	e.mu.Unlock()
	e.conns.Resize(min(s.Connections, mostInFlight(&s)))
	e.conns.Set(s.ConnectionsPerIP, s.Proxies)
	e.failures.Set(s.FailedAuth)
}

// Shutdown stops taking requests, lets those in flight end until ctx does, and then cuts them. Every record is closed
// when it returns.
func (e *Engine) Shutdown(ctx context.Context) error {
	e.refuseNew()
	defer e.closeWaiting()()
	err := e.server.ShutdownWithContext(ctx)
	if ctx.Err() != nil {
		e.cut()
		last, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer stop()
		err = e.server.ShutdownWithContext(last)
	}
	e.watcher.Close()
	return err
}

// refuseNew refuses what comes from now on, and no longer holds back what was refused.
func (e *Engine) refuseNew() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		close(e.ending)
	}
	e.closed = true
}

// closeWaiting closes connections that send nothing for a while, until the function that it gives is called: fasthttp would wait
// for a request on them.
func (e *Engine) closeWaiting() (stop func()) {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				e.conns.CloseWaiting(silence)
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}

// silence is for how long a client may send nothing while the engine shuts down.
const silence = 500 * time.Millisecond

// cut ends every request that is still in flight.
func (e *Engine) cut() {
	for _, x := range e.all() {
		x.interrupt()
	}
}

func (e *Engine) all() []*exchange {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := make([]*exchange, 0, len(e.live))
	for x := range e.live {
		list = append(list, x)
	}
	return list
}

// Leave has every connection closed behind its next answer, as clients expect it, so that what they ask next goes to
// another process; false takes that back. What is asked meanwhile is served.
func (e *Engine) Leave(leave bool) { e.leaving.Store(leave) }

// Connections is how many clients are connected.
func (e *Engine) Connections() int { return int(e.server.GetOpenConnectionsCount()) }

// InFlight is how many requests have presented a good key and have not ended.
func (e *Engine) InFlight() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.live)
}

// RetainedBytes is how much of the body budget is in use.
func (e *Engine) RetainedBytes() int64 { return e.memory.used() }

// BodyBudget is the size of that budget, and how many requests wait for room in it.
func (e *Engine) BodyBudget() (size int64, waiting int) { return e.memory.state() }

// quiet passes on what fasthttp has to say about connections, which is never an operator's business at first sight.
type quiet struct{ log *slog.Logger }

func (q quiet) Printf(format string, args ...any) {
	q.log.Debug("connection", "detail", fmt.Sprintf(format, args...))
}
