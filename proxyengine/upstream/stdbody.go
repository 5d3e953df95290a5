package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// stdBody reads on a goroutine of its own, because a net/http body has no deadline: an idle clock that runs out must not
// end the read, only the wait for it. The goroutine ends with the body.
type stdBody struct {
	call   *Call
	cancel context.CancelCauseFunc
	resp   *http.Response
	idle   time.Duration
	timer  *time.Timer

	ask     chan struct{}
	got     chan read
	asked   bool
	atEnd   bool
	once    sync.Once
	buf     []byte
	release chan struct{}
}

type read struct {
	n   int
	err error
}

const stdBuffer = 16 << 10

func newStdBody(call *Call, cancel context.CancelCauseFunc, resp *http.Response, idle time.Duration) *stdBody {
	b := &stdBody{
		call: call, cancel: cancel, resp: resp, idle: idle,
		ask: make(chan struct{}), got: make(chan read, 1), release: make(chan struct{}),
		buf: make([]byte, stdBuffer),
	}
	go b.reader()
	return b
}

func (b *stdBody) reader() {
	defer func() { _ = b.resp.Body.Close() }()
	for {
		select {
		case <-b.ask:
			n, err := b.resp.Body.Read(b.buf)
			b.got <- read{n, err}
		case <-b.release:
			return
		}
	}
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

// await starts a read, unless one that timed out is still under way.
func (b *stdBody) await() (read, bool) {
	if !b.asked {
		b.ask <- struct{}{}
		b.asked = true
	}
	if b.idle == 0 {
		r := <-b.got
		b.asked = false
		return r, true
	}
	if b.timer == nil {
		b.timer = time.NewTimer(b.idle)
	} else {
		b.timer.Reset(b.idle)
	}
	select {
	case r := <-b.got:
		b.timer.Stop()
		b.asked = false
		return r, true
	case <-b.timer.C:
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
	b.once.Do(func() {
		b.call.release()
		if !reuse || !b.atEnd {
			b.cancel(ErrCanceled)
		}
		close(b.release)
		if b.atEnd {
			b.cancel(nil)
		}
	})
}
