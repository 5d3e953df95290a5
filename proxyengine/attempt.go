package proxyengine

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"crs/internal/account"
	"crs/internal/oauth"
	"crs/internal/outage"
	"crs/proxyengine/provider"
	"crs/proxyengine/scrub"
	"crs/proxyengine/upstream"
)

// attempt is what came of asking one account.
type attempt struct {
	account string
	// held is an answer for the client; nil when there is none.
	held    *held
	verdict provider.Verdict
	// unsaid means that the account was not asked: the request cannot be put into its words.
	unsaid *provider.Fault
	// lack ends the request: there is no memory for it.
	lack error
	// reply is the upstream's answer, nil when there was none to speak of.
	reply *provider.Reply
	// words clears what else the answer says.
	words     *scrub.Scrubber
	evidence  string // for the operator: it may name addresses
	category  string // for the client, when there is no reply
	timeout   bool
	ambiguous bool // the upstream may have done the work
}

// clear reports whether a header's value has nothing of the operator's in it.
func (a *attempt) clear(value string) bool { return a.words.Text(value) == value }

func (a *attempt) status() int {
	if a.reply == nil {
		return 0
	}
	return a.reply.Status
}

// says is what the upstream's error says to people.
func (a *attempt) says() string {
	return cmp.Or(a.verdict.Message, "the provider answered "+strconv.Itoa(a.status()))
}

// try asks one account, and once more when its token had to be renewed.
func (x *exchange) try(acc *account.Account) attempt {
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
func noToken(acc *account.Account, err error) attempt {
	result := account.Failed
	away, slow := (*outage.Error)(nil), (*oauth.UnderWay)(nil)
	if errors.As(err, &away) || errors.As(err, &slow) { // that nobody could be asked who refreshes is no fault of the account's
		result = account.Unused
	}
	return attempt{
		account: acc.ID, evidence: err.Error(), category: unusable,
		verdict: provider.Verdict{Next: provider.TryAnother, Outcome: account.Outcome{Result: result, Evidence: err.Error()}},
	}
}

// once sends the request to acc and looks at how the answer begins.
func (x *exchange) once(acc *account.Account) attempt {
	p := x.e.providers[acc.Platform]
	s, err := x.sayFor(acc)
	if err != nil {
		return x.unsaid(acc, err)
	}
	answer, err := x.send(p, s, acc)
	if err != nil {
		return x.unsaid(acc, err)
	}
	switch answer.Status / 100 {
	case 2:
		return x.begin(p, s, acc, answer)
	case 3:
		return x.elsewhere(acc, answer)
	}
	return x.judge(p, s, acc, answer)
}

// elsewhere is a redirect. It is never followed: the next one to ask would be given the account's credential and the
// client's request. Somebody set the account up wrongly, such as with http:// for https://, or something stands before the
// provider.
func (x *exchange) elsewhere(acc *account.Account, answer *upstream.Answer) attempt {
	answer.Close()
	to := secretless(acc, answer.Header.Get("location"))
	got := x.noAnswer(acc, fmt.Errorf("it answered %d, a redirect to %q: is the account's base URL right?", answer.Status, to))
	got.category = noUse
	return got
}

// send prepares the request and gives the head of its answer.
func (x *exchange) send(p provider.Provider, s said, acc *account.Account) (*upstream.Answer, error) {
	var out *provider.Outbound
	err := x.heavily(func() (err error) {
		out, err = p.Prepare(s.in, s.want, acc)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := x.made(out, s.in.Body); err != nil {
		return nil, err
	}
	if x.presented.holds(out.Target) {
		return nil, fault(fasthttp.StatusBadRequest, provider.BadRequest, "the request's path holds a key")
	}
	via, err := x.e.proxyOf(acc)
	if err != nil {
		return nil, err
	}
	call := new(upstream.Call)
	if !x.calling(call) {
		return nil, upstream.ErrCanceled
	}
	answer, err := x.e.opt.Upstream.Do(call, &upstream.Request{
		Owner: acc.ID, Endpoint: out.Endpoint, Proxy: via, Method: out.Method, Target: out.Target, Header: out.Header, Body: out.Body,
		Clocks: clocks(x.settings, s.want.Stream, len(s.in.Body)),
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

// unsaid is a request that cannot be made for an account: because of the request, or because of the account.
func (x *exchange) unsaid(acc *account.Account, err error) attempt {
	got := x.noAnswer(acc, err)
	var f *provider.Fault
	if upstream.Unsendable(err) && acc.Validate() == nil { // then it is of the client's making
		f = fault(fasthttp.StatusBadRequest, provider.BadRequest, "the request's path or header holds characters that may not stand there")
	}
	if f != nil || errors.As(err, &f) {
		got.unsaid, got.verdict.Outcome = f, account.Outcome{Result: account.Unused}
	}
	return got
}

// What clients are told of an account that gave nothing for them. Why is in the attempt's evidence.
const (
	unusable    = "the relay's account could not be used, and no other account could serve this"
	unreachable = "the provider could not be reached"
	noUse       = "the provider gave no usable answer"
)

// noAnswer is a request that failed in transport.
func (x *exchange) noAnswer(acc *account.Account, err error) attempt {
	var without *lack
	if errors.As(err, &without) {
		return attempt{account: acc.ID, evidence: err.Error(), lack: without.why, verdict: provider.Verdict{Outcome: account.Outcome{Result: account.Unused}}}
	}
	got := attempt{account: acc.ID, evidence: err.Error(), category: unusable}
	got.verdict = provider.Verdict{Next: provider.TryAnother, Outcome: account.Outcome{Result: account.Failed, Evidence: err.Error()}}
	var e *upstream.Error
	if errors.As(err, &e) {
		got.timeout, got.ambiguous, got.category = e.Timeout, e.Sent, noUse
		if e.Phase == upstream.Dial {
			got.category = unreachable
		}
	}
	got.verdict.Outcome.Asked = e == nil || e.Phase != upstream.Dial // a request can be made so that it is never sent whole
	if errors.Is(err, upstream.ErrCanceled) {
		got.verdict.Outcome = account.Outcome{Result: account.Unused}
	}
	return got
}

// errorBody bounds what is read of an error.
const (
	errorBody = 64 << 10
	errorWait = 10 * time.Second
)

// judge reads an answer that is no success, and has the provider say what it means.
func (x *exchange) judge(p provider.Provider, s said, acc *account.Account, answer *upstream.Answer) attempt {
	defer answer.Close()
	answer.SetIdle(errorWait)
	most := errorBody
	if x.weight.drop(forAnswer); !x.weight.try(forAnswer, errorBody) { // until the exchange ends
		most = smallAnswer
	}
	var body []byte
	if readable(answer.Header.Get("content-encoding")) {
		body, _ = readUpTo(decoded(answer, &x.spot), most) // what has come must do
	}
	x.waited += answer.Waited()
	reply := &provider.Reply{At: x.e.opt.Now(), Status: answer.Status, Header: answer.Header, Body: body}
	return x.judged(p, s, acc, reply)
}

// judged is an upstream's error, cleared of what is the operator's before anybody sees it: whatever comes of it, to the
// client, the log or the record, has none of that.
func (x *exchange) judged(p provider.Provider, s said, acc *account.Account, reply *provider.Reply) attempt {
	words := scrubberOf(acc, reply.Header, x.presented)
	reply.Body, reply.Sent = words.Body(reply.Body), x.holds
	v := p.Judge(s.want, acc, reply)
	x.fair(&v, s.want, acc, reply)
	v.NeedsReencoding = v.NeedsReencoding || s.codec != nil
	v.Outcome.Evidence, v.Message = words.Text(v.Outcome.Evidence), words.Text(v.Message)
	return attempt{account: acc.ID, verdict: v, reply: reply, evidence: v.Outcome.Evidence, words: words}
}

// broken is a success that turned out to be none.
func (x *exchange) broken(acc *account.Account, err error) attempt {
	got := x.noAnswer(acc, err)
	got.category = noUse
	if !errors.Is(err, upstream.ErrCanceled) {
		got.ambiguous, got.verdict.Outcome.Asked = true, true // it had begun to answer
	}
	return got
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
func (x *exchange) begin(p provider.Provider, s said, acc *account.Account, answer *upstream.Answer) attempt {
	meter := s.meter(p.Meter(s.want, acc, answer.Header), &x.intent)
	h := x.newHeld(answer, meter, clocks(x.settings, s.want.Stream, 0).FirstByte)
	h.flows = h.flows || x.e.service(s.want.Service).Flows
	h.src.clearing = x.clearing(acc, h)
	err := h.read()
	x.waited += answer.Waited()
	failure := meter.Failure()
	if err == nil && failure == nil && !h.answers(x.route.protocol.Name()) {
		err = errAlien
	}
	if err != nil {
		h.drop()
		return x.broken(acc, err)
	}
	got := attempt{account: acc.ID, held: h}
	got.verdict.Outcome = account.Outcome{Result: account.Served}
	if failure != nil && !h.shown {
		got = x.judged(p, s, acc, &provider.Reply{At: x.e.opt.Now(), Status: answer.Status, Header: answer.Header, Body: failure, InStream: true})
		if got.verdict.Next != provider.Deliver {
			h.drop()
			return got
		}
		got.held = h
	}
	h.clear(x.route.protocol.Name(), got.words, failure != nil)
	x.commit(p, s, h, got.verdict.Outcome)
	return got
}

// commit makes an answer the client's: from here on nothing is tried again, so the request's body can go.
func (x *exchange) commit(p provider.Provider, s said, h *held, outcome account.Outcome) {
	s.in = nil
	x.provider, x.said, x.answer, x.meter, x.outcome = p, s, h.answer, h.meter, outcome
	x.in.Body = nil
	x.releaseBody()
	x.weight.drop(forTranslation)
	x.record.Status, x.record.FirstByte = h.answer.Status, x.elapsed()
	if outcome.Result == account.Served {
		x.lease.Healthy(p.Windows(h.answer.Header, x.e.opt.Now()))
	}
	x.streaming()
	x.reached(Streaming)
}
