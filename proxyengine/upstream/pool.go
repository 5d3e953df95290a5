package upstream

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"sync"
	"time"
)

// PoolOptions are the knobs of a Pool.
type PoolOptions struct {
	// TLS is the base of every handshake; nil means the system's roots.
	TLS *tls.Config
	// IdleFor is how long an unused connection is kept. Zero keeps none.
	IdleFor time.Duration
	// MaxIdle bounds the unused connections to one host for one account. Zero means 256.
	MaxIdle int
	// HeadLimit bounds the head of an answer, in bytes. Zero means 16 KiB.
	HeadLimit int
}

// Pool is the HTTP/1.1 client. Connections are kept apart by account and proxy: one account's socket never carries
// another's credential. It starts no goroutine per connection.
type Pool struct {
	opt PoolOptions

	mu     sync.Mutex // guards the fields below
	idle   map[hostKey][]*pooledConn
	timer  *time.Timer // sweeps; nil while nothing is idle
	closed bool
}

// hostKey tells which requests may share connections.
type hostKey struct {
	owner, addr, host, proxy string
	tls                      bool
}

// NewPool makes a Pool. Close ends it.
func NewPool(opt PoolOptions) *Pool {
	if opt.MaxIdle == 0 {
		opt.MaxIdle = 256
	}
	if opt.HeadLimit == 0 {
		opt.HeadLimit = 16 << 10
	}
	if opt.TLS == nil {
		opt.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	opt.TLS = opt.TLS.Clone()
	opt.TLS.NextProtos = []string{"http/1.1"}
	if opt.TLS.ClientSessionCache == nil {
		opt.TLS.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	}
	return &Pool{opt: opt, idle: map[hostKey][]*pooledConn{}}
}

// Do implements Client.
func (p *Pool) Do(call *Call, req *Request) (*Answer, error) {
	key := keyOf(req)
	conn, err := p.get(call, key, req)
	if err != nil {
		return nil, err
	}
	answer, err := p.exchange(call, key, conn, req)
	if err != nil {
		call.came(time.Now())
		conn.drop()
		if call.release() {
			return nil, ErrCanceled
		}
		return nil, err
	}
	return answer, nil
}

func keyOf(req *Request) hostKey {
	k := hostKey{owner: req.Owner, addr: req.Endpoint.Addr, host: req.Endpoint.Host, tls: req.Endpoint.TLS}
	if req.Proxy != nil {
		k.proxy = req.Proxy.key
	}
	return k
}

// exchange sends the request and reads the head of its answer.
func (p *Pool) exchange(call *Call, key hostKey, conn *pooledConn, req *Request) (*Answer, error) {
	if err := send(call, conn, req); err != nil {
		return p.early(call, key, conn, req, err)
	}
	if err := conn.SetReadDeadline(deadline(req.Clocks.FirstByte)); err != nil {
		return nil, &Error{Phase: Head, Sent: true, Err: err}
	}
	return p.answer(call, key, conn, req, true)
}

// early looks for an answer that the upstream gave before it had read the whole request, as with a 413: it then closes,
// which shows here as a failed write.
func (p *Pool) early(call *Call, key hostKey, conn *pooledConn, req *Request, sendErr error) (*Answer, error) {
	failed := &Error{Phase: Write, Timeout: isTimeout(sendErr), Err: sendErr}
	if failed.Timeout || conn.SetReadDeadline(time.Now().Add(time.Second)) != nil {
		return nil, failed
	}
	answer, err := p.answer(call, key, conn, req, false)
	if err != nil {
		return nil, failed
	}
	answer.body.(*pooledBody).keep = false
	return answer, nil
}

func (p *Pool) answer(call *Call, key hostKey, conn *pooledConn, req *Request, sent bool) (*Answer, error) {
	head, err := readHead(conn.br)
	if err != nil {
		return nil, &Error{Phase: Head, Timeout: isTimeout(err), Sent: sent, Err: err}
	}
	call.came(head.at)
	b := &pooledBody{
		pool: p, key: key, conn: conn, call: call,
		framing: head.framing, left: head.length, keep: !head.close, idle: req.Clocks.Idle,
	}
	if req.Method == "HEAD" || head.bodiless() {
		b.framing, b.left, head.length = fixedLength, 0, 0
	}
	b.ended = b.framing == fixedLength && b.left == 0
	if b.idle == 0 {
		_ = conn.SetReadDeadline(time.Time{})
	}
	return &Answer{Status: head.status, Header: head.header, Length: head.length, body: b, timed: true}, nil
}

// get takes an idle connection or dials.
func (p *Pool) get(call *Call, key hostKey, req *Request) (*pooledConn, error) {
	for {
		conn := p.take(key)
		if conn == nil {
			return p.dial(call, req)
		}
		if !quiet(conn.Conn) {
			conn.drop() // the upstream has closed it, or said something nobody asked for
			continue
		}
		if err := call.using(conn.Conn); err != nil {
			p.put(key, conn)
			return nil, err
		}
		return conn, nil
	}
}

func (p *Pool) dial(call *Call, req *Request) (*pooledConn, error) {
	ctx, stop := dialContext(req.Clocks.Connect)
	defer stop()
	if err := call.dialing(stop); err != nil {
		return nil, err
	}
	start := time.Now()
	conn, err := connect(ctx, req.Endpoint, req.Proxy, p.opt.TLS)
	call.waited += time.Since(start)
	if err != nil {
		if call.release() {
			return nil, ErrCanceled
		}
		return nil, dialError(ctx, err)
	}
	if err := call.using(conn); err != nil {
		abort(conn)
		return nil, err
	}
	return &pooledConn{Conn: conn, br: bufio.NewReaderSize(conn, p.opt.HeadLimit)}, nil
}

// dialError counts a socket's deadline as a timeout too: it runs out a moment before the context it came from.
func dialError(ctx context.Context, err error) *Error {
	timeout := isTimeout(err) || errors.Is(ctx.Err(), context.DeadlineExceeded)
	return &Error{Phase: Dial, Timeout: timeout, Err: err}
}

func dialContext(limit time.Duration) (context.Context, context.CancelFunc) {
	if limit == 0 {
		return context.WithCancel(context.Background())
	}
	return context.WithTimeout(context.Background(), limit)
}

func deadline(d time.Duration) time.Time {
	if d == 0 {
		return time.Time{}
	}
	return time.Now().Add(d)
}

// take gives the connection that was used last: the others may then grow old and go.
func (p *Pool) take(key hostKey) *pooledConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.idle[key]
	if len(list) == 0 {
		return nil
	}
	conn := list[len(list)-1]
	list[len(list)-1] = nil
	p.idle[key] = list[:len(list)-1]
	return conn
}

func (p *Pool) put(key hostKey, conn *pooledConn) {
	conn.since = time.Now()
	if !p.keep(key, conn) {
		conn.drop()
	}
}

func (p *Pool) keep(key hostKey, conn *pooledConn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.opt.IdleFor == 0 || len(p.idle[key]) >= p.opt.MaxIdle {
		return false
	}
	p.idle[key] = append(p.idle[key], conn)
	if p.timer == nil {
		p.timer = time.AfterFunc(p.opt.IdleFor, p.sweep)
	}
	return true
}

// sweep drops what has been idle for too long, and comes back while anything is left.
func (p *Pool) sweep() {
	p.mu.Lock()
	var old []*pooledConn
	for key, list := range p.idle {
		stale := 0 // oldest first: connections are taken from and put at the end
		for stale < len(list) && time.Since(list[stale].since) >= p.opt.IdleFor {
			stale++
		}
		old = append(old, list[:stale]...)
		if stale == len(list) {
			delete(p.idle, key)
			continue
		}
		p.idle[key] = append([]*pooledConn(nil), list[stale:]...)
	}
	p.timer = nil
	if len(p.idle) > 0 {
		p.timer = time.AfterFunc(max(p.opt.IdleFor/2, time.Millisecond), p.sweep)
	}
	p.mu.Unlock()
	for _, conn := range old {
		conn.drop()
	}
}

// Close implements Client.
func (p *Pool) Close() {
	p.mu.Lock()
	all := p.idle
	p.idle, p.closed = map[hostKey][]*pooledConn{}, true
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	p.mu.Unlock()
	for _, list := range all {
		for _, conn := range list {
			conn.drop()
		}
	}
}
