package proxyengine

import (
	"bytes"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"

	"crs/proxyengine/provider"
	"crs/proxyengine/upstream"
)

// source gives an answer's bytes as the client shall have them.
type source interface {
	// Next gives the next bytes, valid until the next call; io.EOF at the end.
	Next() ([]byte, error)
	// decodes reports whether an encoding was taken off.
	decodes() bool
}

// metered has a meter see everything that comes by, and gives what the client gets for it.
type metered struct {
	source
	meter    provider.Meter
	reshaper provider.Reshaper // the meter, when it has a say in what the client gets
	ended    bool
	failed   error // to give once what came before it has been given
}

// Next implements source. It may give nothing without having ended: a frame that is not whole yet, an event that is left
// out.
func (m *metered) Next() ([]byte, error) {
	switch {
	case m.failed != nil:
		return nil, m.failed
	case m.ended:
		return nil, io.EOF
	}
	b, err := m.source.Next()
	switch {
	case err == io.EOF && m.reshaper != nil:
		return m.finish()
	case err != nil:
		return nil, err
	}
	m.meter.Feed(b)
	if m.reshaper == nil {
		return b, nil
	}
	out, err := m.reshaper.Output()
	if err != nil {
		m.failed = &upstream.Error{Phase: upstream.Body, Sent: true, Err: err}
	}
	return out, nil
}

// finish gives what is left when the upstream's body has ended.
func (m *metered) finish() ([]byte, error) {
	m.ended = true
	rest, err := m.reshaper.Finish()
	if err != nil {
		m.failed = &upstream.Error{Phase: upstream.Body, Sent: true, Err: err}
	}
	return rest, nil
}

// plain is an answer as it comes.
type plain struct{ *upstream.Answer }

func (plain) decodes() bool { return false }

// decoded takes gzip off an answer whose upstream compressed it although it was asked not to; some leave out to say so,
// which shows in the first two bytes. Other encodings pass as they are.
func decoded(a *upstream.Answer) source {
	switch strings.ToLower(a.Header.Get("content-encoding")) {
	case "gzip", "x-gzip":
		return &unzipped{from: &reader{answer: a}, is: true}
	case "", "identity":
		return &unzipped{from: &reader{answer: a}}
	}
	return plain{a}
}

// unzipped looks at the first bytes and unzips if they are gzip's.
type unzipped struct {
	from  *reader
	is    bool
	known bool
	zip   *gzip.Reader
	buf   []byte
}

func (u *unzipped) decodes() bool { return u.is }

// Next implements source.
func (u *unzipped) Next() ([]byte, error) {
	if !u.known {
		b, err := u.from.answer.Next()
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
		return u.from.answer.Next()
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
	left   []byte
	err    error
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if len(r.left) == 0 {
		if r.left, r.err = r.answer.Next(); r.err != nil {
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
