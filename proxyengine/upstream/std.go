package upstream

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"
	"sync/atomic"
	"time"

	"crs/proxyengine/provider"
)

// StdOptions are the knobs of a Std.
type StdOptions struct {
	TLS     *tls.Config // nil means the system's roots
	IdleFor time.Duration
	// HeadLimit bounds the head of an answer, in bytes. Zero means 16 KiB.
	HeadLimit int64
	// MaxOpen bounds all connections there are. Zero is any number.
	MaxOpen int
}

// Std is the client on net/http. It speaks HTTP/2 where the upstream does, which shares one connection among requests:
// that is why it is not the default.
type Std struct {
	opt     StdOptions
	sockets sockets

	mu         sync.Mutex // guards transports
	transports map[transportKey]*http.Transport
}

type transportKey struct{ owner, proxy string }

// NewStd makes a Std. Close ends it.
func NewStd(opt StdOptions) *Std {
	if opt.TLS == nil {
		opt.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if opt.HeadLimit == 0 {
		opt.HeadLimit = 16 << 10
	}
	return &Std{opt: opt, transports: map[transportKey]*http.Transport{}, sockets: sockets{most: opt.MaxOpen}}
}

// Do implements Client.
func (s *Std) Do(call *Call, req *Request) (*Answer, error) {
	if err := req.sendable(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	if err := call.dialing(func() { cancel(ErrCanceled) }); err != nil {
		cancel(nil)
		return nil, err
	}
	w := &waiting{cancel: cancel, first: req.Clocks.FirstByte}
	start := time.Now()
	resp, err := s.transport(req).RoundTrip(w.request(ctx, req))
	call.waited = time.Since(start)
	w.stop()
	if err != nil {
		defer cancel(nil)
		return nil, w.fault(ctx, call, err)
	}
	if status := resp.StatusCode; status < 200 || status > 599 {
		_ = resp.Body.Close()
		defer cancel(nil)
		err = errStatus(status)
		if status == http.StatusSwitchingProtocols {
			err = errGarbage
		}
		return nil, &Error{Phase: Head, Sent: true, Err: err}
	}
	return &Answer{
		Status: resp.StatusCode,
		Header: stdHeader(resp.Header),
		Length: resp.ContentLength,
		body:   newStdBody(call, cancel, resp, req.Clocks.Idle),
	}, nil
}

// Close implements Client.
func (s *Std) Close() { s.Free() }

// Free implements Client. It closes all that nobody uses: which of them is the oldest, net/http does not tell.
func (s *Std) Free() bool {
	before := s.sockets.count()
	s.mu.Lock()
	for _, t := range s.transports {
		t.CloseIdleConnections()
	}
	s.mu.Unlock()
	return s.sockets.count() < before
}

func (s *Std) dial(ctx context.Context, addr string, via *Proxy) (net.Conn, error) {
	conn, err := s.sockets.open(ctx, s.Free, func() (net.Conn, error) { return dialThrough(ctx, addr, via, s.opt.TLS) })
	if err != nil {
		return nil, err
	}
	return &countedConn{Conn: conn, of: &s.sockets}, nil
}

// countedConn counts until it is closed.
type countedConn struct {
	net.Conn
	of   *sockets
	once sync.Once
}

// Close implements net.Conn.
func (c *countedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.of.give)
	return err
}

func (s *Std) transport(req *Request) *http.Transport {
	key := transportKey{owner: req.Owner}
	if req.Proxy != nil {
		key.proxy = req.Proxy.key
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.transports[key]
	if t == nil {
		t = s.newTransport(req.Proxy, req.Clocks.Connect)
		s.transports[key] = t
	}
	return t
}

func (s *Std) newTransport(via *Proxy, limit time.Duration) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			ctx, stop := within(ctx, limit)
			defer stop()
			return s.dial(ctx, addr, via)
		},
		TLSClientConfig:        s.opt.TLS.Clone(),
		TLSHandshakeTimeout:    limit,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		IdleConnTimeout:        s.opt.IdleFor,
		DisableKeepAlives:      s.opt.IdleFor == 0,
		MaxIdleConnsPerHost:    256,
		MaxResponseHeaderBytes: s.opt.HeadLimit,
	}
}

// waiting watches a request up to the head of its answer: net/http says neither how far it came nor when to give up.
type waiting struct {
	cancel context.CancelCauseFunc
	first  time.Duration
	sent   atomic.Bool
	begun  atomic.Bool // the body has been asked for, so a connection was there

	interims int // heads with 1xx; net/http's reader counts them

	mu    sync.Mutex // guards the fields below
	timer *time.Timer
	over  bool
}

var errFirstByte = errors.New("no answer in time")

func (w *waiting) request(ctx context.Context, req *Request) *http.Request {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: w.interim})
	scheme := "http"
	if req.Endpoint.TLS {
		scheme = "https"
	}
	r, err := http.NewRequestWithContext(ctx, req.Method, scheme+"://"+req.Endpoint.Addr+req.Target, http.NoBody)
	if err != nil {
		r = &http.Request{Method: req.Method} // RoundTrip refuses it and says why
		return r.WithContext(ctx)
	}
	r.Host = req.Endpoint.Host
	r.Header = http.Header{}
	for _, f := range req.Header {
		r.Header[f.Name] = append(r.Header[f.Name], f.Value)
	}
	if r.Header.Get("User-Agent") == "" {
		r.Header["User-Agent"] = nil // none was given: net/http must not put in its own
	}
	if n := req.bodyLen(); n > 0 {
		r.Body, r.ContentLength = newCountedBody(req.Body, n, w), int64(n)
	} else {
		w.begun.Store(true)
		w.bodySent()
	}
	return r
}

// interim counts the heads before an answer.
func (w *waiting) interim(int, textproto.MIMEHeader) error {
	if w.interims++; w.interims > mostInterim {
		return errInterim
	}
	return nil
}

func (w *waiting) bodySent() {
	w.sent.Store(true)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.first > 0 && !w.over && w.timer == nil {
		w.timer = time.AfterFunc(w.first, func() { w.cancel(errFirstByte) })
	}
}

func (w *waiting) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	if w.timer != nil {
		w.timer.Stop()
	}
}

func (w *waiting) fault(ctx context.Context, call *Call, err error) error {
	if call.release() {
		return ErrCanceled
	}
	if dial, ok := errors.AsType[*Error](err); ok {
		return dial
	}
	if errors.Is(context.Cause(ctx), errFirstByte) {
		return &Error{Phase: Head, Timeout: true, Sent: true, Err: errFirstByte}
	}
	switch {
	case !w.begun.Load():
		return &Error{Phase: Dial, Timeout: isTimeout(err), Err: err}
	case !w.sent.Load():
		return &Error{Phase: Write, Timeout: isTimeout(err), Err: err}
	}
	return &Error{Phase: Head, Timeout: isTimeout(err), Sent: true, Err: plainStdError(err)}
}

// plainStdError keeps net/http from quoting a malformed answer.
func plainStdError(err error) error {
	var op *net.OpError
	switch {
	case errors.As(err, &op):
		return op
	case errors.Is(err, errInterim):
		return errInterim
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	}
	return errGarbage
}

// countedBody tells when the last byte of a body has been taken.
type countedBody struct {
	io.Reader
	left int
	w    *waiting
}

func newCountedBody(parts [][]byte, length int, w *waiting) io.ReadCloser {
	readers := make([]io.Reader, 0, len(parts))
	for _, part := range parts {
		readers = append(readers, bytes.NewReader(part))
	}
	return io.NopCloser(&countedBody{io.MultiReader(readers...), length, w})
}

func (b *countedBody) Read(p []byte) (int, error) {
	b.w.begun.Store(true)
	n, err := b.Reader.Read(p)
	if b.left -= n; b.left == 0 {
		b.w.bodySent()
	}
	return n, err
}

func stdHeader(h http.Header) provider.Header {
	var all provider.Header
	for name, values := range h {
		for _, v := range values {
			all = append(all, provider.Field{Name: name, Value: v})
		}
	}
	return all
}
