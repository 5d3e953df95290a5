package proxyengine

import (
	"errors"
	"fmt"
	"time"

	"crs/internal/account"
	"crs/internal/oauth"
	"crs/internal/outage"
	"crs/proxyengine/provider"
	"crs/proxyengine/scrub"
	"crs/proxyengine/upstream"
)

// attempt is one account's turn at a request: how it is asked, and what comes of it.
type attempt struct {
	acc      *account.Account
	provider provider.Provider
	upstreamRequest
	answer  *prefetched // for the client; nil when there is none
	verdict provider.Verdict
	// untranslatable means that the account was not asked: the request cannot be put into its words.
	untranslatable *provider.Fault
	fatal          error // ends the request: there is no memory for it
	// reply is the upstream's error, nil when there was none to speak of. words clears what else it says.
	reply *provider.Reply
	words *scrub.Scrubber
	// What the client is told with that error.
	status     int
	retryAfter time.Duration
	evidence   string // for the operator: it may name addresses
	category   string // for the client, when there is no reply
	timeout    bool
	ambiguous  bool // the upstream may have done the work
}

// try asks one account, and once more when its token had to be renewed.
func (x *exchange) try(acc *account.Account) *attempt {
	fresh, err := x.e.opt.Tokens.Fresh(x.life, acc)
	if err != nil {
		return noToken(acc, err)
	}
	got := x.once(fresh)
	if got.verdict.Next != provider.Renew {
		return got
	}
	renewed, err := x.e.opt.Tokens.RenewSoon(x.life, fresh)
	if err != nil {
		return noToken(acc, err)
	}
	return x.once(renewed)
}

// noToken is an account whose token could not be refreshed. Whether it needs a login is already known to the pool.
func noToken(acc *account.Account, err error) *attempt {
	got := &attempt{acc: acc}
	got.failed(account.Failed, unusable, err)
	away, slow := (*outage.Error)(nil), (*oauth.UnderWay)(nil)
	if errors.As(err, &away) || errors.As(err, &slow) { // that nobody could be asked who refreshes is no fault of the account's
		got.verdict.Outcome.Result = account.Unused
	}
	return got
}

// failed notes that there is no answer from the account, why, and what the client may be told of that.
func (a *attempt) failed(result account.Result, category string, err error) {
	a.evidence, a.category = err.Error(), category
	a.verdict = provider.Verdict{Next: provider.TryAnother, Outcome: account.Outcome{Result: result, Evidence: err.Error()}}
}

// What clients are told of an account that gave nothing for them. Why is in the attempt's evidence.
const (
	unusable    = "the relay's account could not be used, and no other account could serve this"
	unreachable = "the provider could not be reached"
	noUse       = "the provider gave no usable answer"
)

// once sends the request to acc and looks at how the answer begins.
func (x *exchange) once(acc *account.Account) *attempt {
	got := &attempt{acc: acc, provider: x.e.providers[acc.Platform]}
	answer, err := x.send(got)
	switch {
	case err != nil:
		got.notSent(err)
	case answer.Status/100 == 2:
		x.begin(got, answer)
	case answer.Status/100 == 3:
		got.redirected(answer)
	default:
		x.judge(got, answer)
	}
	return got
}

// redirected is a redirect. It is never followed: the next one to ask would be given the account's credential and the
// client's request. Somebody set the account up wrongly, such as with http:// for https://, or something stands before the
// provider.
func (a *attempt) redirected(answer *upstream.Answer) {
	answer.Close()
	to := secretless(a.acc, answer.Header.Get("location"))
	a.noAnswer(fmt.Errorf("it answered %d, a redirect to %q: is the account's base URL right?", answer.Status, to))
	a.category = noUse
}

// send puts the request into the account's words and gives the head of its answer.
func (x *exchange) send(got *attempt) (*upstream.Answer, error) {
	if err := x.checkPrice(got.acc); err != nil {
		return nil, err
	}
	err := x.translate(got)
	if err != nil {
		return nil, err
	}
	var out *provider.Outbound
	err = x.heavily(func() (err error) {
		out, err = got.provider.Prepare(got.in, got.want, got.acc)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := x.made(out, got.in.Body); err != nil {
		return nil, err
	}
	if x.presented.holds(out.Target) {
		return nil, fault(provider.BadRequest, "the request's path holds a key")
	}
	via, err := x.e.proxyOf(got.acc)
	if err != nil {
		return nil, err
	}
	call := new(upstream.Call)
	if !x.calling(call) {
		return nil, upstream.ErrCanceled
	}
	answer, err := x.e.opt.Upstream.Do(call, &upstream.Request{
		Owner: got.acc.ID, Endpoint: out.Endpoint, Proxy: via, Method: out.Method, Target: out.Target, Header: out.Header, Body: out.Body,
		Clocks: clocks(x.settings, got.want.Stream, len(got.in.Body)),
	})
	x.waited += call.Waited()
	return answer, err
}

func clocks(s *Settings, stream bool, body int) upstream.Clocks {
	c := upstream.Clocks{Connect: s.Connect, Write: s.Body + time.Duration(body>>16)*time.Second, Stall: s.WriteStall, FirstByte: s.FirstByteJSON, Idle: s.Idle}
	if stream {
		c.FirstByte = s.FirstByte
	}
	return c
}

// proxyOf gives an account's proxy, taken apart once. One that makes no sense is an error: a request never goes round it.
func (e *Engine) proxyOf(acc *account.Account) (*upstream.Proxy, error) {
	if acc.Proxy.Empty() {
		return nil, nil
	}
	if p, ok := e.proxies.Load(acc.Proxy); ok {
		return p.(*upstream.Proxy), nil
	}
	p, err := upstream.ParseProxy(acc.Proxy)
	if err != nil {
		return nil, fmt.Errorf("proxy of account %s: %w", acc.Name, err)
	}
	e.proxies.Store(acc.Proxy, p)
	return p, nil
}

// notSent is a request that no answer came to, or that cannot be made for the account: because of the request, or of the account.
func (a *attempt) notSent(err error) {
	a.noAnswer(err)
	var f *provider.Fault
	if upstream.Unsendable(err) && a.acc.Validate() == nil { // then it is of the client's making
		f = fault(provider.BadRequest, "the request's path or header holds characters that may not stand there")
	}
	if f != nil || errors.As(err, &f) {
		a.untranslatable, a.verdict.Outcome = f, account.Outcome{Result: account.Unused}
	}
}

// noAnswer is a request that failed in transport.
func (a *attempt) noAnswer(err error) {
	if without, ok := errors.AsType[*noMemory](err); ok {
		a.fatal = without.why
	}
	a.failed(account.Failed, unusable, err)
	o := &a.verdict.Outcome
	var e *upstream.Error
	if errors.As(err, &e) {
		a.timeout, a.ambiguous, a.category = e.Timeout, e.Sent, noUse
		if e.Phase == upstream.Dial {
			a.category = unreachable
		}
	}
	o.Asked = e == nil || e.Phase != upstream.Dial // a request can be made so that it is never sent whole
	if a.fatal != nil || errors.Is(err, upstream.ErrCanceled) {
		*o = account.Outcome{Result: account.Unused}
	}
}

// errorBody bounds what is read of an error.
const (
	errorBody = 64 << 10
	errorWait = 10 * time.Second
)

// judge reads an answer that is no success, and has the provider say what it means.
func (x *exchange) judge(got *attempt, answer *upstream.Answer) {
	defer answer.Close()
	answer.SetIdle(errorWait)
	most := errorBody
	if x.memory.drop(forAnswer); !x.memory.try(forAnswer, errorBody) { // until the exchange ends
		most = smallAnswer
	}
	var body []byte
	if readable(answer.Header.Get("content-encoding")) {
		body, _ = readUpTo(decoded(answer, &x.spot), most) // what has come must do
	}
	x.waited += answer.Waited()
	x.judged(got, &provider.Reply{Status: answer.Status, Header: answer.Header, Body: body})
}

// judged is an upstream's error, cleared of what is the operator's before anybody sees it: whatever comes of it, to the
// client, the log or the record, has none of that.
func (x *exchange) judged(got *attempt, reply *provider.Reply) {
	words := scrubberOf(got.acc, reply.Header, x.presented)
	reply.At, reply.Body, reply.Sent = x.e.opt.Now(), words.Body(reply.Body), x.holds
	v := got.provider.Judge(got.want, got.acc, reply)
	x.limitBlame(&v, got.want, got.acc, reply)
	v.NeedsReencoding = v.NeedsReencoding || got.codec != nil
	v.Outcome.Evidence, v.Message = words.Text(v.Outcome.Evidence), words.Text(v.Message)
	got.verdict, got.reply, got.words, got.status, got.evidence = v, reply, words, reply.Status, v.Outcome.Evidence
}

// Errors of answers that begin with 200 and are of no use.
var (
	errEmpty   = errors.New("the answer was empty")
	errWebPage = errors.New("the answer is a web page")
	errNoJSON  = errors.New("the answer is not whole JSON")
	errCoding  = errors.New("the answer is in a coding that was not asked for and cannot be read")
	errAlien   = errors.New("the answer has nothing in it that an answer of its protocol has")
)

// begin reads the start of a success: until it shows content, an error in it can still be answered by another account.
func (x *exchange) begin(got *attempt, answer *upstream.Answer) {
	p := x.prefetch(got, answer)
	protocol := x.route.protocol.Name()
	err := p.read()
	x.waited += answer.Waited()
	failure := p.meter.Failure()
	if err == nil && failure == nil && !p.answers(protocol) {
		err = errAlien
	}
	if err != nil {
		p.drop()
		got.broken(err)
		return
	}
	got.verdict.Outcome.Result = account.Served
	if failure != nil && !p.shown {
		x.judged(got, &provider.Reply{Status: answer.Status, Header: answer.Header, Body: failure, InStream: true})
		if got.verdict.Next != provider.Deliver {
			p.drop()
			return
		}
	}
	p.clear(protocol, got.words, failure != nil)
	got.answer = p
}

// broken is a success that turned out to be none.
func (a *attempt) broken(err error) {
	a.noAnswer(err)
	a.category = noUse
	if !errors.Is(err, upstream.ErrCanceled) {
		a.ambiguous, a.verdict.Outcome.Asked = true, true // it had begun to answer
	}
}
