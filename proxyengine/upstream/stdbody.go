package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// stdBody reads on another goroutine, because a net/http body has no deadline: an idle clock that runs out must not
// end the read, only the wait for it.
type stdBody struct {
	call   *Call
	cancel context.CancelCauseFunc
	resp   *http.Response
	idle   time.Duration
	buf    []byte
	got    chan read
	asked  bool // a read is under way, or its end has not been taken
	atEnd  bool
	closed bool
}

type read struct {
	n   int
	err error
}

const stdBuffer = 16 << 10

func newStdBody(call *Call, cancel context.CancelCauseFunc, resp *http.Response, idle time.Duration) *stdBody {
	return &stdBody{call: call, cancel: cancel, resp: resp, idle: idle, buf: make([]byte, stdBuffer), got: make(chan read, 1)}
}

func (b *stdBody) next() ([]byte, error) {
	if b.atEnd {
		return nil, io.EOF
	}
	for {
		r, ok := b.await()
		if !ok {
			return nil, &Error{Phase: Body, Timeout: true, Sent: true, Err: errors.New("no bytes in time")}
		}
		b.atEnd = r.err == io.EOF
		switch {
		case r.n > 0:
			return b.buf[:r.n], nil // an error that came with bytes comes again
		case r.err != nil:
			return nil, b.fault(r.err)
		}
	}
}

// await starts a read, unless one that timed out is still under way, and reports whether it came to an end in time.
func (b *stdBody) await() (r read, ok bool) {
	if !b.asked {
		b.asked = true
		go func() {
			n, err := b.resp.Body.Read(b.buf)
			b.got <- read{n, err}
		}()
	}
	var late <-chan time.Time
	if b.idle > 0 {
		timer := time.NewTimer(b.idle)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case r = <-b.got:
		b.asked = false
		return r, true
	case <-late:
		return read{}, false
	}
}

func (b *stdBody) fault(err error) error {
	if err == io.EOF {
		return io.EOF
	}
	if b.call.Canceled() {
		return ErrCanceled
	}
	return &Error{Phase: Body, Timeout: isTimeout(err), Sent: true, Err: plainStdError(err)}
}

func (b *stdBody) setIdle(d time.Duration) { b.idle = d }

func (b *stdBody) close(reuse bool) {
	if b.closed {
		return
	}
	b.closed = true
	b.call.release()
	if !reuse || !b.atEnd {
		b.cancel(ErrCanceled) // a read that is under way ends, too
	}
	_ = b.resp.Body.Close()
	b.cancel(nil)
}
