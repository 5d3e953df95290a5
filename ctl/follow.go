package ctl

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
)

// caughtUp is how many rows are read at most of what came while a new process took over.
const caughtUp = 1000

// followOn follows one process after the other: path is where a row and what comes after it is to be had, after nil the first ones. id tells
// rows that come twice apart.
func followOn[T any](ctx context.Context, c *Client, doing string, path func(last *T) string, id func(*T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var last *T
		pid, seen := c.pid(ctx), map[string]bool{}
		for again := true; again; {
			again = false
			for row, err := range follow[T](ctx, c, path(last), doing) {
				if next := c.successor(ctx, err, pid); next != 0 {
					pid, again = next, true
					break
				}
				if err == nil {
					if seen[id(&row)] {
						continue
					}
					if len(seen) > 2*caughtUp {
						clear(seen)
					}
					last, seen[id(&row)] = &row, true
				}
				if !yield(row, err) {
					return
				}
			}
		}
	}
}

// successor is the process that serves in the place of the one that an error tells the end of; 0 where there is none.
func (c *Client) successor(ctx context.Context, ended error, pid int) int {
	if pid == 0 || CodeOf(ended) != NotRunning {
		return 0
	}
	if next := c.pid(ctx); next != pid {
		return next
	}
	return 0
}

// pid is that of the daemon; 0 where it does not say.
func (c *Client) pid(ctx context.Context) int {
	s, err := c.Status(ctx)
	if err != nil {
		return 0
	}
	return s.PID
}

// follow gives what comes line by line, until ctx ends or the daemon goes away: then it gives one error and ends.
func follow[T any](ctx context.Context, c *Client, path, doing string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		resp, err := c.send(ctx, http.MethodGet, path, nil)
		if err != nil {
			yield(none, err)
			return
		}
		defer func() { _ = resp.Body.Close() }()
		for dec := json.NewDecoder(resp.Body); ; {
			var row T
			switch err := dec.Decode(&row); {
			case ctx.Err() != nil:
				return
			case gone(err):
				yield(row, Errorf(NotRunning, "the daemon has gone away"))
				return
			case err != nil:
				yield(row, fmt.Errorf("%s: %w", doing, err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}
