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
	x           *exchange // whose memory it takes
	weighed     int64     // how much of that it has
	meter       provider.Meter
	transformer provider.Transformer // the meter, when it has a say in what the client gets
	filter      *answerFilter        // of what is the operator's
	end         error                // to give once what came before it has been given: io.EOF, or why there is no more
	run         int                  // bytes since others were let ahead
	came        int64
	may         allowance
	flood       bool // it goes through the slow lane
}

// turn is how much of an answer is read before others have theirs: one whose upstream floods it would otherwise have the
// processor for as long as the scheduler lets it, and a small request waits for each of those.
const turn = 8 << 10

// Next implements source. It may give nothing without having ended: a frame that is not whole yet, an event that is left
// out.
func (m *metered) Next() ([]byte, error) {
	if m.end != nil {
		return nil, m.end
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
	if m.transformer == nil {
		return m.cleared(b), nil
	}
	out, err := m.transformer.Output()
	if err != nil {
		m.end = &upstream.Error{Phase: upstream.Body, Sent: true, Err: err}
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
	if m.flood = m.may.spend(brought, time.Now(), x.keyInFlight()); !m.flood || x.conn == nil || !x.conn.Yield(&x.spot) {
		m.flood = false
		x.spot.Leave()
		runtime.Gosched()
	}
}

func (m *metered) cleared(b []byte) []byte {
	if m.filter == nil {
		return b
	}
	return m.filter.next(b)
}

// atBoundary reports whether an event may be written behind what the client has.
func (m *metered) atBoundary() bool {
	if m.filter != nil {
		return m.filter.whole()
	}
	return m.transformer != nil || m.meter.AtBoundary()
}

// weigh takes as much memory as the meter has come to hold. While it waits, nothing is read from the upstream. A meter that
// cannot have it lets go of what it holds; an answer that has to be put together cannot go on.
func (m *metered) weigh() error {
	n := m.holds()
	if n <= m.weighed+smallAnswer {
		if m.weighed > 0 && n <= m.weighed/4 {
			m.x.memory.give(forAnswer, m.weighed)
			m.weighed = 0
		}
		return nil
	}
	more := n + n/2 - m.weighed
	if m.x.memory.try(forAnswer, more) {
		m.weighed += more
		return nil
	}
	err := m.x.need(forAnswer, n-m.weighed)
	switch {
	case err == nil:
		m.weighed = n
	case m.transformer == nil:
		m.meter.Forget()
		if m.filter != nil {
			m.filter.short = true
		}
	default:
		m.end = err
		return err
	}
	return nil
}

func (m *metered) holds() int64 {
	n := int64(m.meter.Holds())
	if m.filter != nil {
		n += int64(m.filter.holds())
	}
	return n
}

// finish gives what is left when the upstream's body has ended.
func (m *metered) finish() ([]byte, error) {
	m.end = io.EOF
	if m.came > light {
		m.x.spot.Enter()
		defer m.x.spot.Leave()
	}
	var rest []byte
	var err error
	if m.transformer != nil {
		rest, err = m.transformer.Finish()
	}
	if err != nil {
		m.end = &upstream.Error{Phase: upstream.Body, Sent: true, Err: err}
	}
	if m.filter != nil {
		rest = append(m.filter.next(rest), m.filter.rest()...)
	}
	if len(rest) == 0 && err == nil {
		return nil, io.EOF
	}
	return rest, nil
}

// decoded takes gzip off an answer whose upstream compressed it although it was asked not to; some leave out to say so,
// which shows in the first two bytes. What is in another coding is not to be read.
func decoded(a *upstream.Answer, at *spot) source { return &unzipped{answer: a, spot: at} }

// unzipped looks at the first bytes and unzips if they are gzip's.
type unzipped struct {
	answer *upstream.Answer
	spot   *spot
	known  bool
	is     bool
	zip    *gzip.Reader
	buf    []byte
	left   []byte // of the answer, not unzipped yet
	err    error  // that the answer ended with
}

// Next implements source.
func (u *unzipped) Next() ([]byte, error) {
	if !u.known {
		b, err := u.raw()
		if err != nil {
			return nil, err
		}
		u.left, u.known, u.is = b, true, bytes.HasPrefix(b, []byte{0x1f, 0x8b})
		if !u.is {
			return b, nil
		}
	}
	if !u.is {
		return u.raw()
	}
	return u.unzip()
}

func (u *unzipped) unzip() (_ []byte, err error) {
	if u.zip == nil {
		if u.zip, err = gzip.NewReader(u); err != nil {
			return nil, u.fault(err)
		}
		u.buf = make([]byte, 8<<10)
	}
	for {
		n, err := u.zip.Read(u.buf)
		if n > 0 {
			return u.buf[:n], nil
		}
		if err != nil {
			return nil, u.fault(err)
		}
	}
}

// raw gives the answer's next bytes. Others have the slow lane meanwhile.
func (u *unzipped) raw() ([]byte, error) {
	if u.spot.in {
		u.spot.Leave()
		defer u.spot.Enter()
	}
	return u.answer.Next()
}

// Read implements io.Reader for what unzips.
func (u *unzipped) Read(p []byte) (int, error) {
	if len(u.left) == 0 {
		if u.left, u.err = u.raw(); u.err != nil {
			return 0, u.err
		}
	}
	n := copy(p, u.left)
	u.left = u.left[n:]
	return n, nil
}

// fault gives the upstream's own error where there was one: what the decoder makes of it says less.
func (u *unzipped) fault(err error) error {
	switch {
	case err == io.EOF:
		return io.EOF
	case u.err != nil && u.err != io.EOF:
		return u.err
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
