package proxyengine

import (
	"bytes"
	"io"
	"runtime"
	"time"

	"github.com/klauspost/compress/gzip"

	"crs/proxyengine/provider"
	"crs/proxyengine/upstream"
)

// source gives an answer's bytes as the client shall have them.
type source interface {
	// Next gives the next bytes, valid until the next call; io.EOF at the end.
	Next() ([]byte, error)
}

// metered has a meter see everything that comes by, and gives what the client gets for it.
type metered struct {
	source
	x        *exchange // whose memory it takes
	weighed  int64     // how much of that it has
	meter    provider.Meter
	reshaper provider.Transformer // the meter, when it has a say in what the client gets
	clearing *clearing            // of what is the operator's
	ended    bool
	failed   error // to give once what came before it has been given
	run      int   // bytes since others were let ahead
	came     int64
	may      allowance
	flood    bool // it goes through the lane
}

// turn is how much of an answer is read before others have theirs: one whose upstream floods it would otherwise have the
// processor for as long as the scheduler lets it, and a small request waits for each of those.
const turn = 8 << 10

// Next implements source. It may give nothing without having ended: a frame that is not whole yet, an event that is left
// out.
func (m *metered) Next() ([]byte, error) {
	switch {
	case m.failed != nil:
		return nil, m.failed
	case m.ended:
		return nil, io.EOF
	}
	if m.flood {
		m.x.spot.Enter()
	} else {
		m.x.spot.Leave()
	}
	b, err := m.source.Next()
	if err != nil {
		m.x.spot.Leave()
	}
	switch {
	case err == io.EOF:
		return m.finish()
	case err != nil:
		return nil, err
	}
	m.letOthers(len(b))
	m.meter.Feed(b)
	if err := m.weigh(); err != nil {
		return nil, err
	}
	if m.reshaper == nil {
		return m.cleared(b), nil
	}
	out, err := m.reshaper.Output()
	if err != nil {
		m.failed = &upstream.Error{Phase: upstream.Body, Sent: true, Err: err}
	}
	return m.cleared(out), nil
}

// letOthers has others have their turn, after so many bytes more.
func (m *metered) letOthers(n int) {
	m.came += int64(n)
	if m.run += n; m.run <= turn {
		return
	}
	x, brought := m.x, int64(m.run)
	m.run = 0
	if m.flood = m.may.spend(brought, time.Now(), x.beside()); !m.flood || x.conn == nil || !x.conn.Yield(&x.spot) {
		m.flood = false
		x.spot.Leave()
		runtime.Gosched()
	}
}

func (m *metered) cleared(b []byte) []byte {
	if m.clearing == nil {
		return b
	}
	return m.clearing.next(b)
}

// atBoundary reports whether an event may be written behind what the client has.
func (m *metered) atBoundary() bool {
	if m.clearing != nil {
		return m.clearing.whole()
	}
	return m.reshaper != nil || m.meter.AtBoundary()
}

// weigh takes as much memory as the meter has come to hold. While it waits, nothing is read from the upstream. A meter that
// cannot have it lets go of what it holds; an answer that has to be put together cannot go on.
func (m *metered) weigh() error {
	n := m.holds()
	if n <= m.weighed+smallAnswer {
		if m.weighed > 0 && n <= m.weighed/4 {
			m.x.weight.give(forAnswer, m.weighed)
			m.weighed = 0
		}
		return nil
	}
	more := n + n/2 - m.weighed
	if m.x.weight.try(forAnswer, more) {
		m.weighed += more
		return nil
	}
	err := m.x.need(forAnswer, n-m.weighed)
	switch {
	case err == nil:
		m.weighed = n
	case m.reshaper == nil:
		m.meter.Forget()
		if m.clearing != nil {
			m.clearing.short = true
		}
	default:
		m.failed = err
		return err
	}
	return nil
}

func (m *metered) holds() int64 {
	n := int64(m.meter.Holds())
	if m.clearing != nil {
		n += int64(m.clearing.holds())
	}
	return n
}

// finish gives what is left when the upstream's body has ended.
func (m *metered) finish() ([]byte, error) {
	m.ended = true
	if m.came > light {
		m.x.spot.Enter()
		defer m.x.spot.Leave()
	}
	var rest []byte
	var err error
	if m.reshaper != nil {
		rest, err = m.reshaper.Finish()
	}
	if err != nil {
		m.failed = &upstream.Error{Phase: upstream.Body, Sent: true, Err: err}
	}
	if m.clearing != nil {
		rest = append(m.clearing.next(rest), m.clearing.rest()...)
	}
	if len(rest) == 0 && err == nil {
		return nil, io.EOF
	}
	return rest, nil
}

// decoded takes gzip off an answer whose upstream compressed it although it was asked not to; some leave out to say so,
// which shows in the first two bytes. What is in another coding is not to be read.
func decoded(a *upstream.Answer, at *spot) source {
	return &unzipped{from: &reader{answer: a, spot: at}}
}

// unzipped looks at the first bytes and unzips if they are gzip's.
type unzipped struct {
	from  *reader
	is    bool
	known bool
	zip   *gzip.Reader
	buf   []byte
}

// Next implements source.
func (u *unzipped) Next() ([]byte, error) {
	if !u.known {
		b, err := u.from.next()
		if err != nil {
			return nil, err
		}
		u.known = true
		if u.is = bytes.HasPrefix(b, []byte{0x1f, 0x8b}); !u.is {
			return b, nil
		}
		u.from.left = b
	}
	if !u.is {
		return u.from.next()
	}
	return u.unzip()
}

func (u *unzipped) unzip() ([]byte, error) {
	if u.zip == nil {
		zip, err := gzip.NewReader(u.from)
		if err != nil {
			return nil, u.from.fault(err)
		}
		u.zip, u.buf = zip, make([]byte, 8<<10)
	}
	for {
		n, err := u.zip.Read(u.buf)
		if n > 0 {
			return u.buf[:n], nil
		}
		if err != nil {
			return nil, u.from.fault(err)
		}
	}
}

// reader makes an io.Reader of an answer.
type reader struct {
	answer *upstream.Answer
	spot   *spot
	left   []byte
	err    error
}

// next gives the next bytes. Others have the lane meanwhile.
func (r *reader) next() ([]byte, error) {
	if r.spot.in {
		r.spot.Leave()
		defer r.spot.Enter()
	}
	return r.answer.Next()
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if len(r.left) == 0 {
		if r.left, r.err = r.next(); r.err != nil {
			return 0, r.err
		}
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// fault gives the upstream's own error where there was one: what the decoder makes of it says less.
func (r *reader) fault(err error) error {
	switch {
	case err == io.EOF:
		return io.EOF
	case r.err != nil && r.err != io.EOF:
		return r.err
	}
	return &upstream.Error{Phase: upstream.Body, Sent: true, Err: err}
}

// readUpTo reads a small body. It gives what came even when the rest did not.
func readUpTo(src source, most int) (body []byte, err error) {
	for len(body) < most {
		b, err := src.Next()
		if err == io.EOF {
			return body, nil
		}
		if err != nil {
			return body, err
		}
		body = append(body, b...)
	}
	return body, nil
}
