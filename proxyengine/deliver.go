package proxyengine

import (
	"cmp"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"crs/internal/account"
	"crs/proxyengine/provider"
	"crs/proxyengine/upstream"
)

// deliver makes what an account gave the client's answer: from here on nothing is tried again.
func (x *exchange) deliver(got *attempt) *response {
	if got.answer == nil {
		return x.pass(got)
	}
	x.commit(got)
	h := got.answer
	r := &response{status: h.answer.Status, header: x.fieldsOf(h), stream: &stream{length: -1}}
	if h.whole {
		r.stream.length = len(h.buf)
	}
	if h.stream {
		r.header = append(r.header, unbuffered()...)
	}
	if h.transformer != nil {
		r.contentType = h.contentType()
	}
	d := &delivery{prefetched: h}
	r.stream.write, r.stream.end = d.writeTo, d.end
	return r
}

// commit hands the answer over to the exchange.
func (x *exchange) commit(got *attempt) {
	got.in = nil
	x.memory.drop(forTranslation)
	x.served, x.outcome = got, got.verdict.Outcome
	header := got.answer.answer.Header
	x.record.Status, x.record.FirstByte = got.answer.answer.Status, x.elapsed()
	if x.outcome.Result == account.Served {
		x.lease.Healthy(got.provider.Windows(header, x.e.opt.Now()))
	}
	x.streaming()
	x.setPhase(Streaming)
}

// fieldsOf are those about the answer. What is about the account (its quota, its organization) is not the client's business, unless the
// key has that account to itself.
func (x *exchange) fieldsOf(h *prefetched) (fields provider.Header) {
	header := h.answer.Header
	own := x.key.Policy.Account != ""
	for _, f := range header {
		if (answerField(f.Name) || own && quotaField(f.Name)) && x.clear(&f, header) {
			fields = append(fields, f)
		}
	}
	return append(fields, provider.Field{Name: "x-crs-request-id", Value: x.id})
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

// pass gives the client an upstream's error as it came, or what it says in the client's own protocol.
func (x *exchange) pass(got *attempt) *response {
	clear := func(value string) bool { return got.words.Text(value) == value }
	reply := got.reply
	r := &response{status: got.status, contentType: reply.Header.Get("content-type"), retryAfter: got.retryAfter, body: reply.Body}
	for _, f := range reply.Header {
		replaced := hasPrefixFold(f.Name, "content-type") || r.retryAfter > 0 && strings.EqualFold(f.Name, "retry-after")
		if answerField(f.Name) && !replaced && clear(f.Value) {
			r.header = append(r.header, f)
		}
	}
	r.header = append(r.header, provider.Field{Name: "x-crs-request-id", Value: x.id})
	switch {
	case got.verdict.NeedsReencoding:
		says := cmp.Or(got.verdict.Message, "the provider answered "+strconv.Itoa(reply.Status))
		r.contentType, r.body = x.route.protocol.Fault(&provider.Fault{Status: r.status, Kind: kindOfStatus(r.status), Message: says, Request: x.id})
	case reply.InStream, !clear(r.contentType):
		r.contentType = "application/json"
	}
	x.record.Status, x.record.FirstByte = r.status, x.elapsed()
	x.record.Error = "upstream: " + evidence(reply)
	x.log(slog.LevelInfo, "upstream refused the request", "account", x.record.AccountName, "status", r.status)
	return r
}

// evidence is the short form of an upstream's error.
func evidence(r *provider.Reply) string {
	const most = 300
	text := strconv.Itoa(r.Status) + " " + string(r.Body[:min(len(r.Body), most)])
	if len(r.Body) > most {
		text += "…"
	}
	return text
}

// delivery writes an answer to the client.
type delivery struct {
	*prefetched
	due time.Time // when the client must have taken what is being written
	// all: the client was written every event there is. Many leave then, and do not wait for the end of the connection.
	all bool
}

// end ends the exchange.
func (d *delivery) end(err error) {
	if err != nil && d.x.record.Error == "" && !d.all {
		d.x.record.Error = "the connection to the client broke"
	}
	d.x.close()
}

// writeTo writes what was held back, and then everything that comes, as it comes.
func (d *delivery) writeTo(w io.Writer) (int64, error) {
	n, err := d.start(w, d.buf)
	d.free()
	if rest := d.rest; rest != nil && err == nil {
		d.rest = nil
		var m int64
		m, err = d.start(w, rest)
		n += m
	}
	if d.whole || err != nil {
		return n, d.lost(err)
	}
	for {
		b, err := d.Next()
		if err == io.EOF {
			d.cameToEnd()
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
	if d.whole || d.flows {
		return d.write(w, b)
	}
	for piece := range slices.Chunk(b, turn) {
		m, err := d.write(w, d.letGo(piece))
		if n += m; err != nil {
			return n, err
		}
	}
	return n, nil
}

// write gives the client a while to take b. The deadline is not moved for every event: a timer costs more than an event.
func (d *delivery) write(w io.Writer, b []byte) (int64, error) {
	now := time.Now()
	if d.x.ended.Own == 0 { // its first byte
		d.x.ended.Own = max(now.Sub(d.x.began)-d.x.waited, 1)
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

// cameToEnd looks at an answer that did to its end: an error event in it, behind content, was delivered, and still says
// something about the account.
func (d *delivery) cameToEnd() {
	x := d.x
	d.all = d.hasAll()
	failure := d.meter.Failure()
	if failure == nil || x.outcome.Result != account.Served {
		return
	}
	got := x.served
	x.judged(got, &provider.Reply{Status: x.record.Status, Header: d.answer.Header, Body: failure, InStream: true})
	x.outcome, x.record.Error = got.verdict.Outcome, "error within the answer: "+got.evidence
	x.log(slog.LevelWarn, "error within the answer", "account", x.record.AccountName, "error", got.evidence)
}

// hasAll reports whether a stream is complete, with what the client was written.
func (d *delivery) hasAll() bool { return d.stream && d.meter.Complete() }

// drain reads an answer that nobody takes any more to its end, for the figures there, if that is wanted.
func (d *delivery) drain() {
	if d.whole || !d.x.drainOn() {
		return
	}
	for {
		if _, err := d.Next(); err != nil {
			return
		}
	}
}

// breakFault is what the client is told of an answer that broke off.
func breakFault(err error) *provider.Fault {
	var sent *upstream.Error
	var without *noMemory
	switch {
	case errors.As(err, &without):
		return fault(provider.BadGateway, "the relay had no memory for the rest of the answer (limits.body_budget)")
	case errors.Is(err, upstream.ErrCanceled):
		return fault(provider.BadGateway, "the relay was shut down")
	case errors.As(err, &sent) && sent.Timeout:
		return fault(provider.BadGateway, "the provider's answer broke off: it timed out").Because(err)
	}
	return fault(provider.BadGateway, "the provider's answer broke off").Because(err)
}

// brokenOff is an answer that ended before its end. The client is told in its own protocol when it stands between two
// events; in the middle of one it can only be cut off, which it then sees.
func (d *delivery) brokenOff(w io.Writer, err error) error {
	x := d.x
	if x.gone() && ofLeaving(err) {
		return d.left(err)
	}
	f := breakFault(err)
	f.Request = x.id
	if x.record.Error = f.Error(); f.Cause != nil {
		x.outcome = account.Outcome{Result: account.Failed, Evidence: x.record.Error, Asked: true}
	}
	x.log(slog.LevelWarn, "answer broke off", "account", x.record.AccountName, "error", err.Error())
	if !d.stream || !d.atBoundary() {
		return err
	}
	_, err = d.write(w, x.route.protocol.FaultEvent(f))
	return err
}

// ofLeaving reports whether an error may have come of the client's leaving.
func ofLeaving(err error) bool {
	var without *noMemory
	return errors.Is(err, upstream.ErrCanceled) || errors.As(err, &without)
}

// left is a client that left before the upstream ended its answer. It may have had all of it.
func (d *delivery) left(err error) error {
	if !d.hasAll() {
		return d.lost(err)
	}
	d.cameToEnd()
	return err
}
