// Package load makes requests: as fast as they are answered, many at once and held, or at a steady rate whatever the
// answers do. It is raw HTTP/1.1 on sockets, so that it leaves the processors to what is measured, and it checks every
// answer.
package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// Want is what every answer must be; another answer fails the run.
type Want struct {
	// Length of the body in bytes, without framing.
	Length int64
	// End is how the body ends.
	End string
}

// answer is what came back.
type answer struct {
	status int
	length int64
	end    []byte // the last bytes of the body
}

func (w *Want) check(a *answer) error {
	switch {
	case a.status != 200:
		return fmt.Errorf("the answer was %d: %q", a.status, a.end)
	case a.length != w.Length:
		return fmt.Errorf("the answer had %d bytes, not %d; its end: %q", a.length, w.Length, a.end)
	case !bytes.HasSuffix(a.end, []byte(w.End)):
		return fmt.Errorf("the answer ended in %q, not in %q", a.end, w.End)
	}
	return nil
}

// conn is one keep-alive connection.
type conn struct {
	net.Conn
	br     *bufio.Reader
	end    [128]byte
	answer answer
	// events are told of as they come; nil for nobody.
	events func(n int)
	last   byte // of the body, to see an event's end that was cut in two
}

func dial(ctx context.Context, addr string, buffer int) (*conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return newConn(c, buffer), nil
}

func newConn(c net.Conn, buffer int) *conn { return &conn{Conn: c, br: bufio.NewReaderSize(c, buffer)} }

// slack is how long an answer may take at most; the benchmark itself waits for none that long.
const slack = 5 * time.Minute

// do sends a request and reads its answer to the end. The answer is good until the next one.
func (c *conn) do(request []byte) (*answer, error) {
	if err := c.SetDeadline(time.Now().Add(slack)); err != nil {
		return nil, err
	}
	if _, err := c.Write(request); err != nil {
		return nil, err
	}
	return c.read()
}

var errHead = errors.New("the head of the answer is not HTTP/1.1")

// read reads one answer.
func (c *conn) read() (*answer, error) {
	c.answer, c.last = answer{end: c.end[:0]}, 0
	line, err := c.line()
	if err != nil {
		return nil, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return nil, errHead
	}
	if c.answer.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return nil, errHead
	}
	length, err := c.header()
	if err != nil {
		return nil, err
	}
	if length < 0 {
		err = c.chunks()
	} else {
		err = c.take(length)
	}
	return &c.answer, err
}

func (c *conn) line() ([]byte, error) {
	line, err := c.br.ReadSlice('\n')
	return bytes.TrimRight(line, "\r\n"), err
}

// header gives the body's length, -1 for one in chunks.
func (c *conn) header() (length int64, err error) {
	for {
		line, err := c.line()
		if err != nil || len(line) == 0 {
			return length, err
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("content-length")):
			if length, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return 0, errHead
			}
		case bytes.EqualFold(name, []byte("transfer-encoding")):
			length = -1
		}
	}
}

func (c *conn) chunks() error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(line), 16, 64)
		if err != nil {
			return fmt.Errorf("bad chunk: %w", err)
		}
		if err := c.take(size); err != nil {
			return err
		}
		if _, err := c.line(); err != nil || size == 0 {
			return err
		}
	}
}

// take reads n bytes of the body.
func (c *conn) take(n int64) error {
	for n > 0 {
		if _, err := c.br.Peek(1); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		b, _ := c.br.Peek(int(min(n, int64(c.br.Buffered()))))
		c.see(b)
		_, _ = c.br.Discard(len(b))
		n -= int64(len(b))
	}
	return nil
}

func (c *conn) see(b []byte) {
	c.answer.length += int64(len(b))
	if c.events != nil {
		n := bytes.Count(b, []byte("\n\n"))
		if c.last == '\n' && b[0] == '\n' {
			n++
		}
		if c.last = b[len(b)-1]; n > 0 {
			c.events(n)
		}
	}
	end := c.answer.end
	if len(b) >= len(c.end) {
		end, b = end[:0], b[len(b)-len(c.end):]
	} else if over := len(end) + len(b) - len(c.end); over > 0 {
		end = end[:copy(end, end[over:])]
	}
	c.answer.end = append(end, b...)
}
