package ctl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// Client talks to a daemon over its socket. It is safe for concurrent use.
type Client struct {
	socket   string
	http     *http.Client
	patience time.Duration // with calls that a daemon answers at once
}

// patience is more than a daemon needs for that, also while it is being started or restarted.
const patience = time.Minute

// NewClient makes a client for the daemon on the socket at path. It does not connect yet.
func NewClient(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
	return &Client{socket: path, patience: patience, http: &http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// Socket is where the client looks for its daemon.
func (c *Client) Socket() string { return c.socket }

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// call sends in (unless nil) and reads the answer into a new T. The daemon answers at once, or not at all.
func call[T any](ctx context.Context, c *Client, method, path string, in any) (out T, err error) {
	silent := Errorf(Failed, "the daemon on %s is there, and has not answered for %s", c.socket, c.patience).
		WithHint("it may be starting, stand still, or have no file descriptors left: see its log (crs logs); if it does not come back, end it and start it again")
	ctx, stop := context.WithTimeoutCause(ctx, c.patience, silent)
	defer stop()
	out, err = await[T](ctx, c, method, path, in)
	if err != nil && context.Cause(ctx) == error(silent) {
		return out, silent
	}
	return out, err
}

// await is call for what may take the daemon long.
func await[T any](ctx context.Context, c *Client, method, path string, in any) (out T, err error) {
	resp, err := c.send(ctx, method, path, in)
	if err != nil {
		return out, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusNoContent {
		return out, nil
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return out, fmt.Errorf("read the daemon's answer: %w", err)
	}
	return out, nil
}

// send gives the answer if it is a good one; the caller closes its body.
func (c *Client) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encode a request to the daemon: %w", err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://crs/"+Version+path, body)
	if err != nil {
		return nil, fmt.Errorf("make a request to the daemon: %w", err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(err)
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	return nil, readError(resp)
}

// unreachable says what keeps the client from its daemon, and what to do about it.
func (c *Client) unreachable(err error) error {
	const longest = 103 // of what a socket's address holds, on the strictest system
	switch {
	case len(c.socket) > longest:
		return Errorf(BadRequest, "the path of the socket has %d bytes, and a socket's address holds %d: %s", len(c.socket), longest, c.socket).
			WithHint("name a shorter one with --socket or CRS_SOCKET, for the daemon as well")
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return c.unheard()
	case errors.Is(err, fs.ErrPermission):
		return Errorf(NotPermitted, "you may not use the socket %s", c.socket).
			WithHint("the daemon's owner and root may, and members of the group crs: sudo usermod -aG crs $USER, then log in again")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case gone(err):
		return Errorf(NotRunning, "the daemon on %s has gone away", c.socket).WithHint("see whether it is starting again: crs status")
	}
	return Errorf(Failed, "talk to the daemon on %s: %v", c.socket, err)
}

// gone reports whether the daemon ended in the middle of something.
func gone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func readError(resp *http.Response) error {
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	var e envelope
	if err == nil && json.Unmarshal(b, &e) == nil && e.Error != nil {
		return e.Error
	}
	if resp.StatusCode == http.StatusNotFound {
		return Errorf(Unsupported, "the daemon does not know this request").WithHint("it may be older than this crs: compare crs version and crs status")
	}
	return Errorf(Failed, "the daemon answered %d %s", resp.StatusCode, strings.TrimSpace(string(b)))
}
