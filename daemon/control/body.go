package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"crs/ctl"
)

// The most bytes of a body: of one that is read, and of one that is only let go by.
const (
	bodyMost  = 4 << 20
	tableMost = 32 << 20 // with a price table in it
	drainMost = 64 << 20
)

// hurry bounds how long the caller may take to send its body: it keeps a connection, and a handover waits for it.
func hurry(w http.ResponseWriter, r *http.Request) *body {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	b := &body{ReadCloser: r.Body, conn: http.NewResponseController(w)}
	_ = b.conn.SetReadDeadline(time.Now().Add(readPatience))
	r.Body = b
	return b
}

// body is one that must come in time.
type body struct {
	io.ReadCloser
	conn *http.ResponseController
}

// Read implements io.Reader. What comes behind the body has its own time.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.conn.SetReadDeadline(time.Time{})
	}
	return n, err
}

// drain lets what was not read go by before the answer is sent: a caller that sends on would not see why it is refused,
// but a broken connection.
func (b *body) drain() {
	if b != nil {
		_, _ = io.CopyN(io.Discard, b, drainMost)
	}
}

// readUpTo takes a request's JSON. It has the whole body before it decodes it: the caller's time is for sending, and not for what the
// daemon makes of it.
func readUpTo[T any](r *http.Request, most int64) (in T, err error) {
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, most))
	if err != nil {
		return in, unreadable(err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return in, ctl.Errorf(ctl.BadRequest, "malformed request: %v", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return in, ctl.Errorf(ctl.BadRequest, "malformed request: something follows its JSON")
	}
	return in, nil
}

func unreadable(err error) error {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return ctl.Errorf(ctl.BadRequest, "the request has more than %d MiB", large.Limit>>20)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ctl.Errorf(ctl.Failed, "the request did not come within %s", readPatience).WithHint("this machine may be busy: do it again")
	}
	return ctl.Errorf(ctl.BadRequest, "read the request: %v", err)
}
