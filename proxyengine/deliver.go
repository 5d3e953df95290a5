package proxyengine

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"crs/internal/account"
	"crs/proxyengine/provider"
	"crs/proxyengine/upstream"
)

// deliver starts an answer on its way to the client. It ends in delivery.WriteTo, after the handler has returned.
func (x *exchange) deliver(h *held) {
	x.ctx.SetStatusCode(h.answer.Status)
	x.forwardHeader(h)
	length := -1
	if h.whole {
		length = len(h.buf)
	}
	if h.stream {
		setUnbuffered(&x.ctx.Response.Header)
	}
	x.ctx.SetBodyStream(&delivery{x: x, held: h}, length)
}

// setUnbuffered asks whatever lies before the relay to pass a stream on as it comes.
func setUnbuffered(h *fasthttp.ResponseHeader) {
	h.Set("cache-control", "no-cache")
	h.Set("x-accel-buffering", "no")
}

// forwardHeader passes on what is about the answer. What is about the account (its quota, its organization) is not the
// client's business, unless the key has that account to itself.
func (x *exchange) forwardHeader(from *held) {
	h, header := &x.ctx.Response.Header, from.answer.Header
	own := x.key.Policy.Account != ""
	for _, f := range header {
		if (answerField(f.Name) || own && quotaField(f.Name)) && x.clear(&f, header) {
			h.Add(f.Name, f.Value)
		}
	}
	if from.src.reshaper != nil {
		h.SetContentType(from.contentType())
	}
	h.Set("x-crs-request-id", x.id)
}

// clear reports whether a field of a success has nothing of the operator's in it. What fields usually say is told at a glance; a
// client's own state is not looked into, for it must come back as it was.
func (x *exchange) clear(f *provider.Field, header provider.Header) bool {
	acc := x.lease.Account()
	switch {
	case strings.Contains(f.Value, acc.Credential.Secret.Reveal()):
		return false
	case hasPrefixFold(f.Name, "x-codex-turn-state"), ordinary(f.Value):
		return true
	}
	return scrubberOf(acc, header, x.presented).Text(f.Value) == f.Value
}

// ordinary reports whether a value is a type of content, a number, a date, a word, or an id as providers give them to requests. What
// is longer than those may be something else in hexadecimal.
func ordinary(value string) bool {
	if len(value) > longestID {
		return false
	}
	id, named := strings.CutPrefix(value, "req_")
	switch {
	case value == "true", value == "false", strings.HasPrefix(value, "application/json"), strings.HasPrefix(value, "text/event-stream"):
		return true
	case named:
		return strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
	}
	return len(value) != len("123456789012") && strings.Trim(value, "0123456789abcdef-") == ""
}

// longestID is how long a UUID is.
const longestID = 36

func answerField(name string) bool {
	var buf [64]byte
	switch string(provider.Lower(&buf, name)) {
	case "content-type", "request-id", "x-request-id", "retry-after", "retry-after-ms", "x-should-retry", "openai-processing-ms",
		"openai-version", "openai-model", "x-models-etag", "x-codex-turn-state", "x-reasoning-included":
		return true
	}
	return false
}

// quotaField reports whether a field tells of an account's quota.
func quotaField(name string) bool {
	return hasPrefixFold(name, "anthropic-ratelimit-") || hasPrefixFold(name, "x-ratelimit-") || hasPrefixFold(name, "x-codex-")
}

// pass gives the client an upstream's error as it came, or what it says in the client's own protocol, and closes the
// exchange.
func (x *exchange) pass(got *attempt, status int, retryAfter time.Duration) {
	defer x.close()
	r := got.reply
	x.ctx.SetStatusCode(status)
	h := &x.ctx.Response.Header
	for _, f := range r.Header {
		if answerField(f.Name) && !hasPrefixFold(f.Name, "content-type") && got.clear(f.Value) {
			h.Set(f.Name, f.Value)
		}
	}
	contentType, body := r.Header.Get("content-type"), r.Body
	switch {
	case got.verdict.NeedsReencoding:
		contentType, body = x.route.protocol.Fault(&provider.Fault{Status: status, Kind: kindOfStatus(status), Message: got.says(), Request: x.id})
	case r.InStream, !got.clear(contentType):
		contentType = "application/json"
	}
	h.SetContentType(contentType)
	if retryAfter > 0 {
		h.Set("retry-after", strconv.Itoa(int((retryAfter+time.Second-1)/time.Second)))
	}
	h.Set("x-crs-request-id", x.id)
	x.ctx.SetBody(body)
	x.record.Status, x.record.FirstByte = status, x.elapsed()
	x.record.Error = "upstream: " + x.evidence(r)
	x.log(slog.LevelInfo, "upstream refused the request", "account", x.record.AccountName, "status", status)
}

// evidence is the short form of an upstream's error.
func (x *exchange) evidence(r *provider.Reply) string {
	const most = 300
	text := strconv.Itoa(r.Status) + " " + string(r.Body[:min(len(r.Body), most)])
	if len(r.Body) > most {
		text += "…"
	}
	return text
}

// delivery writes an answer to the client, on the connection's own goroutine. fasthttp closes it exactly once, whatever
// becomes of the connection.
type delivery struct {
	x    *exchange
	held *held
	due  time.Time // when the client must have taken what is being written
	// all: the client was written every event there is. Many leave then, and do not wait for the end of the connection.
	all bool
}

var _ fasthttp.BodyWriterTo = (*delivery)(nil)

// Read is not used: SupportsBodyWriteTo says so.
func (*delivery) Read([]byte) (int, error) { return 0, io.EOF }

// SupportsBodyWriteTo has fasthttp call WriteTo.
func (*delivery) SupportsBodyWriteTo() bool { return true }

// CloseWithError ends the exchange.
func (d *delivery) CloseWithError(err error) error {
	if err != nil && d.x.record.Error == "" && !d.all {
		d.x.record.Error = "the connection to the client broke"
	}
	d.held.free()
	d.x.close()
	return nil
}

// WriteTo writes what was held back, and then everything that comes, as it comes.
func (d *delivery) WriteTo(w io.Writer) (int64, error) {
	n, err := d.start(w, d.held.buf)
	d.held.free()
	if rest := d.held.rest; rest != nil && err == nil {
		d.held.rest = nil
		var m int64
		m, err = d.start(w, rest)
		n += m
	}
	if d.held.whole || err != nil {
		return n, d.lost(err)
	}
	for {
		b, err := d.held.src.Next()
		if err == io.EOF {
			d.ended()
			return n, nil
		}
		if err != nil {
			return n, d.brokenOff(w, err)
		}
		if len(b) == 0 {
			continue
		}
		m, err := d.write(w, b)
		n += m
		if err != nil {
			return n, d.lost(err)
		}
	}
}

// start writes a part of what was held back.
func (d *delivery) start(w io.Writer, b []byte) (n int64, err error) {
	if d.held.whole || d.held.flows {
		return d.write(w, b)
	}
	for piece := range slices.Chunk(b, turn) {
		m, err := d.write(w, d.held.letGo(piece))
		if n += m; err != nil {
			return n, err
		}
	}
	return n, nil
}

// write gives the client a while to take b. The deadline is not moved for every event: a timer costs more than an event.
func (d *delivery) write(w io.Writer, b []byte) (int64, error) {
	now := time.Now()
	if d.x.ended.Own == 0 {
		d.x.firstOut(now)
	}
	if stall := d.x.settings.WriteStall; stall > 0 {
		if d.due.Sub(now) < stall*3/4 {
			d.due = now.Add(stall)
			if err := d.x.ctx.SetWriteDeadline(d.due); err != nil {
				return 0, err
			}
			if d.x.gone() { // its leaving had set another deadline
				return 0, errGone
			}
		}
	}
	n, err := w.Write(b)
	d.x.sent.Add(int64(n))
	d.x.sentAt.Store(now.UnixNano())
	return int64(n), err
}

// lost is a client that cannot be written to any more.
func (d *delivery) lost(err error) error {
	if err == nil {
		return nil
	}
	x, level := d.x, slog.LevelInfo
	if errors.Is(err, os.ErrDeadlineExceeded) && !x.gone() {
		x.record.Error = "the client did not take the answer within " + x.settings.WriteStall.String() + " (timeouts.write_stall)"
	} else {
		level = x.deserted()
	}
	x.log(level, x.record.Error, "phase", Streaming.String(), "after", x.elapsed(), "account", x.record.AccountName)
	d.drain()
	return err
}

// ended looks at an answer that came to its end: an error event in it, behind content, was delivered, and still says
// something about the account.
func (d *delivery) ended() {
	x := d.x
	d.all = d.hasAll()
	failure := d.held.meter.Failure()
	if failure == nil || x.outcome.Result != account.Served {
		return
	}
	reply := &provider.Reply{At: x.e.opt.Now(), Status: x.record.Status, Header: d.held.answer.Header, Body: failure, InStream: true}
	got := x.judged(x.provider, x.said, x.lease.Account(), reply)
	x.outcome, x.record.Error = got.verdict.Outcome, "error within the answer: "+got.evidence
	x.log(slog.LevelWarn, "error within the answer", "account", x.record.AccountName, "error", got.evidence)
}

// hasAll reports whether a stream is complete, with what the client was written.
func (d *delivery) hasAll() bool { return d.held.stream && d.held.meter.Complete() }

// drain reads an answer that nobody takes any more to its end, for the figures there, if that is wanted.
func (d *delivery) drain() {
	if d.held.whole || !d.x.drainOn() {
		return
	}
	for {
		if _, err := d.held.src.Next(); err != nil {
			return
		}
	}
}

func brokenOff(err error) *provider.Fault {
	var sent *upstream.Error
	var without *lack
	switch {
	case errors.As(err, &without):
		return fault(fasthttp.StatusBadGateway, provider.BadGateway, "the relay had no memory for the rest of the answer (limits.body_budget)")
	case errors.Is(err, upstream.ErrCanceled):
		return fault(fasthttp.StatusBadGateway, provider.BadGateway, "the relay was shut down")
	case errors.As(err, &sent) && sent.Timeout:
		return fault(fasthttp.StatusBadGateway, provider.BadGateway, "the provider's answer broke off: it timed out").Because(err)
	}
	return fault(fasthttp.StatusBadGateway, provider.BadGateway, "the provider's answer broke off").Because(err)
}

// brokenOff is an answer that ended before its end. The client is told in its own protocol when it stands between two
// events; in the middle of one it can only be cut off, which it then sees.
func (d *delivery) brokenOff(w io.Writer, err error) error {
	x := d.x
	if x.gone() && ofLeaving(err) {
		return d.left(err)
	}
	f := brokenOff(err)
	f.Request = x.id
	if x.record.Error = f.Error(); f.Cause != nil {
		x.outcome = account.Outcome{Result: account.Failed, Evidence: x.record.Error, Asked: true}
	}
	x.log(slog.LevelWarn, "answer broke off", "account", x.record.AccountName, "error", err.Error())
	if !d.held.stream || !d.held.src.atBoundary() {
		return err
	}
	_, err = d.write(w, x.route.protocol.FaultEvent(f))
	return err
}

// ofLeaving reports whether an error may have come of the client's leaving.
func ofLeaving(err error) bool {
	var without *lack
	return errors.Is(err, upstream.ErrCanceled) || errors.As(err, &without)
}

// left is a client that left before the upstream ended its answer. It may have had all of it.
func (d *delivery) left(err error) error {
	if !d.hasAll() {
		return d.lost(err)
	}
	d.ended()
	return err
}
