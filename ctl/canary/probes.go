package canary

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"crs/ctl"
)

// patience is how long an answer may take that is not asked to.
const patience = 20 * time.Second

// reach finds out whether the address leads to the daemon at all. ok says that more can be asked.
func (f *probes) reach(ctx context.Context) (c ctl.Check, ok bool) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	c = f.check("through")
	begun := time.Now()
	_, err := f.ask(ctx, "", nil)
	took := time.Since(begun)
	var no *refused
	switch {
	case err == nil:
		c.Detail = fmt.Sprintf("this daemon answers there in %s", max(took.Round(time.Millisecond), time.Millisecond))
		return c, true
	case ctx.Err() != nil:
		c.Detail, c.Hint = fmt.Sprintf("nothing answered within %s", patience), "does the address lead to this machine, and is its port let through?"
	case errors.As(err, &no) && no.status == http.StatusUnauthorized && stranger(no.text):
		c.Detail, c.Hint = "another crs daemon than this one answers there", "look at that one: run crs doctor on its machine, or name its socket with --socket"
	case errors.As(err, &no) && no.status/100 == 3:
		c.Detail, c.Hint = fmt.Sprintf("the answer is a redirect (%d), which clients do not follow with their keys", no.status), "give clients the address that it leads to; https:// instead of http://, as a rule"
	case errors.As(err, &no) && (no.status == http.StatusUnauthorized || no.status == http.StatusForbidden):
		c.Detail, c.Hint = "something before the daemon refuses requests: "+err.Error(), "have it pass on what clients send: their key is all they have to show"
	case errors.As(err, &no) && (no.status == http.StatusBadGateway || no.status == http.StatusServiceUnavailable || no.status == http.StatusGatewayTimeout):
		c.Detail, c.Hint = "a reverse proxy answers, and does not reach the daemon: "+err.Error(), "compare where it sends requests with what crs status says it listens on"
	case errors.As(err, &no):
		c.Detail, c.Hint = "something else than this daemon answers there: "+err.Error(), "give the address that clients have, with the path that the reverse proxy passes on, such as https://relay.example.com/api"
	default:
		c.Detail, c.Hint = "nothing answers there: "+err.Error(), "does the address lead to this machine, and is its port let through?"
	}
	c.State = ctl.Bad
	return c, false
}

// encryption: keys on their way through a network.
func (f *probes) encryption() ctl.Check {
	c := f.check("encryption")
	ip := net.ParseIP(f.at.Hostname())
	switch {
	case f.at.Scheme == "https":
		c.Detail = "clients' keys are encrypted on their way"
	case f.at.Hostname() == "localhost" || ip != nil && ip.IsLoopback():
		c.Detail = "clients' keys do not leave this machine"
	default:
		c.State, c.Detail = ctl.Warning, "clients' keys, and all that they ask, go there without encryption"
		c.Hint = "put a reverse proxy with a certificate before the daemon, or a network that encrypts"
	}
	return c
}

// fields finds out whether a header field with an underscore in its name arrives.
func (f *probes) fields(ctx context.Context) ctl.Check {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	c := f.check("headers")
	got, err := f.ask(ctx, "", nil)
	switch {
	case err != nil:
		c.State, c.Detail = ctl.Bad, err.Error()
	case !slices.Contains(got.Underscored, underscored):
		c.State, c.Detail = ctl.Bad, "header fields with an underscore in their name do not arrive; Codex says with "+underscored+" which conversation it is, and without it each turn may go to another account"
		c.Hint = "nginx: underscores_in_headers on; in the server block"
	default:
		c.Detail = "header fields with an underscore in their name arrive"
	}
	return c
}

// longPrompt is more than a reverse proxy lets through that nobody told of prompts, and less than any provider takes.
const longPrompt = 4 << 20

// length finds out whether a long request arrives.
func (f *probes) length(ctx context.Context) ctl.Check {
	ctx, stop := context.WithTimeout(ctx, 3*patience)
	defer stop()
	c := f.check("length")
	got, err := f.ask(ctx, "", bytes.Repeat([]byte{' '}, longPrompt))
	var no *refused
	switch {
	case errors.As(err, &no) && no.status == http.StatusRequestEntityTooLarge && strings.Contains(no.text, "limits.body_max"):
		c.State, c.Detail, c.Hint = ctl.Warning, "the daemon itself refuses a request of 4 MiB", "let it take longer ones: limits.body_max"
	case errors.As(err, &no) && no.status == http.StatusRequestEntityTooLarge:
		c.State, c.Detail, c.Hint = ctl.Bad, "a reverse proxy refuses a request of 4 MiB (413); long conversations are longer", "nginx: client_max_body_size 64m;"
	case err != nil:
		c.State, c.Detail, c.Hint = ctl.Bad, "a request of 4 MiB does not arrive: "+err.Error(), "have the reverse proxy take requests of up to 32 MiB"
	case got.Body != longPrompt:
		c.State, c.Detail, c.Hint = ctl.Bad, fmt.Sprintf("of a request of %d bytes, %d arrive", longPrompt, got.Body), "something changes requests on their way: have it leave them alone"
	default:
		c.Detail = "a request of 4 MiB arrives"
	}
	return c
}

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
