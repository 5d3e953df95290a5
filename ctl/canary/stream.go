package canary

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"crs/ctl"
)

const (
	beats = 6
	beat  = 250 * time.Millisecond
)

// buffering finds out whether events come as they are sent, or all at the end. It asks twice before it says so: this machine
// may have been busy with something else.
func (f *probes) buffering(ctx context.Context) ctl.Check {
	c := f.check("buffering")
	var err error
	for try := range 2 {
		gap := time.Duration(1+2*try) * f.Beat
		var s stream
		if s, err = f.stream(ctx, beats, 0, gap, patience); err != nil {
			break
		}
		if sent := gap * (beats - 1); s.last.Sub(s.first) >= sent/2 {
			c.Detail = "streams come as they are sent"
			return c
		}
	}
	c.State = ctl.Bad
	if err != nil {
		c.Detail, c.Hint = "a stream does not arrive: "+err.Error(), "what refuses or cuts it is before the daemon: its own log says more"
		return c
	}
	c.Detail = "streams are held back and come in one piece when they have ended: people wait for the first word until the last is there"
	c.Hint = "nginx: proxy_buffering off; gzip off; and no proxy_ignore_headers X-Accel-Buffering; others: have text/event-stream passed on as it comes"
	return c
}

// silence finds out whether something cuts an answer that pauses, as it does while a model thinks: before its first byte, and
// after it.
func (f *probes) silence(ctx context.Context) ctl.Check {
	c := f.check("silence")
	if f.Silence <= 0 {
		c.State, c.Detail, c.Hint = ctl.Skipped, "whether something cuts answers that pause takes as long to find out as they pause", "crs doctor --through "+f.URL+" --wait 70s"
		return c
	}
	first, within := make(chan error, 1), make(chan error, 1)
	go func() { _, err := f.stream(ctx, 1, f.Silence, 0, f.Silence+patience); first <- err }()
	go func() { _, err := f.stream(ctx, 2, 0, f.Silence, f.Silence+patience); within <- err }()
	begins, pauses := <-first, <-within
	switch {
	case begins != nil:
		c.State, c.Detail = ctl.Bad, fmt.Sprintf("an answer that begins after %s is cut: %s", f.Silence, begins)
	case pauses != nil:
		c.State, c.Detail = ctl.Bad, fmt.Sprintf("a stream that pauses for %s is cut: %s", f.Silence, pauses)
	default:
		c.Detail = fmt.Sprintf("answers may pause for %s", f.Silence)
		return c
	}
	c.Hint = "models think for minutes; nginx: proxy_read_timeout 15m; others: the same for the time between two reads"
	return c
}

// stream is one that arrived whole.
type stream struct{ first, last time.Time }

// stream asks for events, the first after a while, the others with gaps between. limit is how long the whole may take.
func (f *probes) stream(ctx context.Context, events int, first, gap, limit time.Duration) (s stream, err error) {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	query := url.Values{"events": {strconv.Itoa(events)}, "first": {first.String()}, "gap": {gap.String()}}
	begun := time.Now()
	resp, err := f.send(ctx, query.Encode(), nil)
	if err != nil {
		return s, cutAfter(begun, ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return s, fmt.Errorf("the answer is %d after %s", resp.StatusCode, time.Since(begun).Round(time.Second))
	}
	n := 0
	for lines := bufio.NewReader(resp.Body); n < events; {
		line, err := lines.ReadString('\n')
		if strings.HasPrefix(line, "data:") {
			n++
			s.last = time.Now()
			if n == 1 {
				s.first = s.last
			}
		}
		if err != nil && n < events {
			return s, cutAfter(begun, ctx, err)
		}
	}
	return s, nil
}

func cutAfter(begun time.Time, ctx context.Context, err error) error {
	took := time.Since(begun).Round(time.Second)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("it had not come after %s", took)
	}
	return fmt.Errorf("it broke off after %s (%w)", took, plain(err))
}
