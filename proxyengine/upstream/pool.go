package upstream

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"slices"
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
	// MaxOpen bounds all connections there are. Zero is any number.
	MaxOpen int
}

// Pool is the HTTP/1.1 client. Connections are kept apart by account and proxy: one account's socket never carries
// another's credential. It starts no goroutine per connection.
type Pool struct {
	opt     PoolOptions
	sockets sockets
	readers sync.Pool // of *bufio.Reader: connections have one only while they are used

	mu     sync.Mutex                // guards the fields below
	idle   map[hostKey][]*pooledConn // unused connections that may take each other's place, oldest first
	timer  *time.Timer               // sweeps; nil while nothing is idle
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
	p := &Pool{opt: opt, idle: map[hostKey][]*pooledConn{}, sockets: sockets{most: opt.MaxOpen}}
	p.readers.New = func() any { return bufio.NewReaderSize(nil, opt.HeadLimit) }
	return p
}

// Do implements Client.
func (p *Pool) Do(call *Call, req *Request) (*Answer, error) {
	if err := req.sendable(); err != nil {
		return nil, err
	}
	conn, err := p.get(call, req)
	if err != nil {
		return nil, err
	}
	answer, err := p.exchange(call, conn, req)
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
func (p *Pool) exchange(call *Call, conn *pooledConn, req *Request) (*Answer, error) {
	if err := send(call, conn, req); err != nil {
		return p.early(call, conn, req, err)
	}
	if err := conn.SetReadDeadline(deadline(req.Clocks.FirstByte)); err != nil {
		return nil, &Error{Phase: Head, Sent: true, Err: err}
	}
	return p.answer(call, conn, req, true)
}

// early looks for an answer that the upstream gave before it had read the whole request, as with a 413: it then closes,
// which shows here as a failed write.
func (p *Pool) early(call *Call, conn *pooledConn, req *Request, sendErr error) (*Answer, error) {
	failed := &Error{Phase: Write, Timeout: isTimeout(sendErr), Err: sendErr}
	if failed.Timeout || conn.SetReadDeadline(time.Now().Add(time.Second)) != nil {
		return nil, failed
	}
	answer, err := p.answer(call, conn, req, false)
	if err != nil {
		return nil, failed
	}
	answer.body.(*pooledBody).keep = false
	return answer, nil
}

func (p *Pool) answer(call *Call, conn *pooledConn, req *Request, sent bool) (*Answer, error) {
	head, err := readHead(conn.br)
	if err != nil {
		return nil, &Error{Phase: Head, Timeout: isTimeout(err), Sent: sent, Err: err}
	}
	call.came(head.at)
	b := &pooledBody{
		pool: p, conn: conn, call: call,
		framing: head.framing, left: head.length, keep: !head.close, idle: req.Clocks.Idle,
	}
	if req.Method == "HEAD" || head.bodiless() {
		b.framing, b.left, head.length = fixedLength, 0, 0
	}
	b.ended = b.framing == fixedLength && b.left == 0
	if b.idle == 0 {
		_ = conn.SetReadDeadline(time.Time{})
	}
	return &Answer{Status: head.status, Header: head.header, Length: head.length, body: b}, nil
}

// get takes an idle connection or dials.
func (p *Pool) get(call *Call, req *Request) (*pooledConn, error) {
	for key := keyOf(req); ; {
		conn := p.take(key)
		if conn == nil {
			return p.dial(call, key, req)
		}
		if !conn.quiet() {
			conn.drop() // the upstream has closed it, or said something nobody asked for
			continue
		}
		if err := call.using(conn.Conn); err != nil {
			p.put(conn)
			return nil, err
		}
		p.lendReader(conn)
		return conn, nil
	}
}

func (p *Pool) lendReader(conn *pooledConn) {
	conn.br = p.readers.Get().(*bufio.Reader)
	conn.br.Reset(conn.Conn)
}

func (p *Pool) dial(call *Call, key hostKey, req *Request) (*pooledConn, error) {
	ctx, stop := within(context.Background(), req.Clocks.Connect)
	defer stop()
	if err := call.dialing(stop); err != nil {
		return nil, err
	}
	start := time.Now()
	conn, err := p.connect(ctx, req)
	call.waited += time.Since(start)
	if err != nil {
		if call.release() {
			return nil, ErrCanceled
		}
		return nil, err
	}
	if err := call.using(conn); err != nil {
		abort(conn)
		p.sockets.give()
		return nil, err
	}
	made := &pooledConn{Conn: conn, key: key, look: lookAt(conn), sockets: &p.sockets}
	p.lendReader(made)
	return made, nil
}

// connect opens a connection, and has it counted.
func (p *Pool) connect(ctx context.Context, req *Request) (net.Conn, error) {
	return p.sockets.open(ctx, p.Free, func() (net.Conn, error) { return Connect(ctx, req.Endpoint, req.Proxy, p.opt.TLS) })
}

// within bounds ctx, unless there is no limit.
func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

func deadline(d time.Duration) time.Time {
	if d == 0 {
		return time.Time{}
	}
	return time.Now().Add(d)
}

// take gives the connection that was used last, so that the others may grow old and go; nil when there is none.
func (p *Pool) take(key hostKey) *pooledConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	conns := p.idle[key]
	last := len(conns) - 1
	if last < 0 {
		return nil
	}
	conn := conns[last]
	conns[last] = nil
	p.idle[key] = conns[:last]
	return conn
}

// put takes back a connection on which everything has been read.
func (p *Pool) put(conn *pooledConn) {
	if conn.br != nil {
		conn.br.Reset(nil)
		p.readers.Put(conn.br)
		conn.br = nil
	}
	conn.since = time.Now()
	if !p.keep(conn) {
		conn.drop()
	}
}

func (p *Pool) keep(conn *pooledConn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	conns := p.idle[conn.key]
	if p.closed || p.opt.IdleFor == 0 || len(conns) >= p.opt.MaxIdle {
		return false
	}
	p.idle[conn.key] = append(conns, conn)
	if p.timer == nil {
		p.timer = time.AfterFunc(p.opt.IdleFor, p.sweep)
	}
	return true
}

// sweep drops what has been idle for too long, and comes back while anything is left.
func (p *Pool) sweep() {
	p.mu.Lock()
	var old []*pooledConn
	for key, conns := range p.idle {
		stale := 0
		for stale < len(conns) && time.Since(conns[stale].since) >= p.opt.IdleFor {
			stale++
		}
		old = append(old, conns[:stale]...)
		if p.idle[key] = slices.Clone(conns[stale:]); stale == len(conns) {
			delete(p.idle, key)
		}
	}
	p.timer = nil
	if len(p.idle) > 0 {
		p.timer = time.AfterFunc(max(p.opt.IdleFor/2, time.Millisecond), p.sweep)
	}
	p.mu.Unlock()
	dropAll(old)
}

// Free implements Client.
func (p *Pool) Free() bool {
	oldest := p.takeOldest()
	dropAll(oldest)
	return len(oldest) > 0
}

// takeOldest gives the connection that has been idle for longest, if there is one.
func (p *Pool) takeOldest() []*pooledConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	var of hostKey
	var oldest []*pooledConn
	for key, conns := range p.idle {
		if len(conns) > 0 && (oldest == nil || conns[0].since.Before(oldest[0].since)) {
			of, oldest = key, conns
		}
	}
	if oldest == nil {
		return nil
	}
	p.idle[of] = slices.Clone(oldest[1:])
	return oldest[:1]
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
	for _, conns := range all {
		dropAll(conns)
	}
}

func dropAll(conns []*pooledConn) {
	for _, conn := range conns {
		conn.drop()
	}
}
