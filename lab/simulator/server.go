package simulator

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"crs/internal/usage"
)

// Options say how a simulator behaves. The zero value is a good one.
type Options struct {
	// Listen is where it listens; "" is a free port of 127.0.0.1.
	Listen string
	// Script says how requests are answered; see the package comment. "" answers every request ok.
	Script string
	// Now is its clock, for token lifetimes, reset times and records. Waiting takes real time. nil is time.Now.
	Now func() time.Time
	// Usage is what an answer bills unless its step says otherwise. The zero value is DefaultUsage.
	Usage usage.Tokens
	// BadKeys are credentials that are refused with a 401.
	BadKeys []string
	// TokenLife is how long the access tokens live that it issues. 0 is as long as each vendor's do, such as eight hours.
	TokenLife time.Duration
	// GoogleSecret is the client secret that Google's token endpoint wants; "" is any but none at all.
	GoogleSecret string
	// Record is how many requests it remembers: 0 is 10,000, negative is none.
	Record int
}

// DefaultUsage is what an answer bills by default: figures that are all different and easy to recognise.
func DefaultUsage() usage.Tokens {
	return usage.Tokens{Input: 12, Output: 34, CacheWrite: 560, CacheWrite1h: 78, CacheRead: 9012}
}

func (o *Options) fill() {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Usage == (usage.Tokens{}) {
		o.Usage = DefaultUsage()
	}
	switch {
	case o.Record == 0:
		o.Record = 10_000
	case o.Record < 0:
		o.Record = 0
	}
}

// Server is a running simulator. Its methods may be called concurrently.
type Server struct {
	options   Options
	listener  net.Listener
	http      *fasthttp.Server
	providers []provider
	logins    *logins
	keys      *keyring
	books     *recorder
	script    atomic.Pointer[Script]
	dates     perSecond
	numbers   atomic.Int64
	exchanges sync.Pool

	serving sync.WaitGroup // the accept loop and every connection
	mu      sync.Mutex     // guards the fields below
	conns   map[*conn]struct{}
	closed  bool
}

// Start starts a simulator. The caller must Close it.
func Start(o Options) (*Server, error) {
	o.fill()
	script, err := Parse(o.Script)
	if err != nil {
		return nil, fmt.Errorf("start the simulator: %w", err)
	}
	listener, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("start the simulator: %w", err)
	}
	s := &Server{
		options:  o,
		listener: listener,
		logins:   newLogins(o),
		keys:     newKeyring(),
		books:    newRecorder(o.Now, o.Record),
		dates:    perSecond{render: renderDate},
		conns:    map[*conn]struct{}{},
	}
	s.providers = providersOf(o, s.logins, s.keys)
	s.script.Store(script)
	s.http = s.newHTTP()
	s.serving.Go(s.accept)
	return s, nil
}

// providersOf makes the providers, in the order they are asked for a path.
func providersOf(o Options, l *logins, k *keyring) []provider {
	a := newAnthropic(o, l.anthropic)
	gpt, v := newOpenAI(o), newVertexToken()
	return []provider{
		a, newVertexClaude(v, a), newVertexGoogle(v, newGemini(o, k)), v,
		gpt, newCodex(o, l.openai), newAzure(o), newDroid(o, a, gpt, l.workos),
		newGemini(o, k), newCodeAssist(o, l.google), newBedrock(o, k),
		newBrowser(a, l), newOpenAILogin(l.openai), newGoogleLogin(o, l.google), newWorkOSLogin(l.workos),
	}
}

func (s *Server) newHTTP() *fasthttp.Server {
	return &fasthttp.Server{
		Handler:                       s.handle,
		ErrorHandler:                  unreadable,
		Logger:                        silent{},
		Concurrency:                   1 << 20,
		ReadBufferSize:                16 << 10,
		MaxRequestBodySize:            128 << 20,
		ReduceMemoryUsage:             true,
		DisableHeaderNamesNormalizing: true,
		NoDefaultServerHeader:         true,
		NoDefaultDate:                 true,
	}
}

// unreadable answers what is no HTTP. fasthttp's own answer would start a goroutine that never ends, for its Date.
func unreadable(ctx *fasthttp.RequestCtx, err error) { plainText(ctx, 400, err.Error()) }

// silent drops what fasthttp logs: the faults that the simulator makes on purpose.
type silent struct{}

func (silent) Printf(string, ...any) {}

// URL is where the simulator is, without a slash at the end.
func (s *Server) URL() string {
	addr := *s.listener.Addr().(*net.TCPAddr)
	if addr.IP.IsUnspecified() {
		addr.IP = net.IPv4(127, 0, 0, 1)
	}
	return "http://" + addr.String()
}

// SetScript replaces the script; every credential begins at its first step. On an error the old one stays.
func (s *Server) SetScript(expr string) error {
	script, err := Parse(expr)
	if err != nil {
		return err
	}
	s.script.Store(script)
	return nil
}

// Close ends all connections and waits until nothing of the simulator runs. What was recorded stays readable.
func (s *Server) Close() error {
	err := s.listener.Close()
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		_ = c.Close() // its goroutine finds out
	}
	s.mu.Unlock()
	s.serving.Wait()
	if errors.Is(err, net.ErrClosed) { // closed before
		return nil
	}
	return err
}

// accept serves each connection on a goroutine of its own. fasthttp's pool of workers would outlive the server.
func (s *Server) accept() {
	for {
		raw, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond) // out of descriptors, for now
			continue
		}
		c := &conn{Conn: raw}
		if !s.track(c) {
			_ = raw.Close()
			return
		}
		s.serving.Go(func() {
			defer s.forget(c)
			_ = s.http.ServeConn(c) // closes c; faults are nobody's news here
		})
	}
}

func (s *Server) track(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}
