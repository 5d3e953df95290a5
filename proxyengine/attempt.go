package proxyengine

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"crs/internal/account"
	"crs/proxyengine/protocol/gemini"
	"crs/proxyengine/provider"
	"crs/proxyengine/upstream"
)

// attempt is what came of asking one account.
type attempt struct {
	account string
	// held is an answer for the client; nil when there is none.
	held    *held
	verdict provider.Verdict
	// unsaid means that the account was not asked: the request cannot be put into its words.
	unsaid error
	// reply is the upstream's answer, nil when there was none to speak of.
	reply     *provider.Reply
	evidence  string
	timeout   bool
	ambiguous bool // the upstream may have done the work
}

func (a *attempt) status() int {
	if a.reply == nil {
		return 0
	}
	return a.reply.Status
}

// says is what the upstream's error says to people.
func (a *attempt) says() string {
	return cmp.Or(a.verdict.Message, "the upstream answered "+strconv.Itoa(a.status()))
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
	renewed, err := x.e.opt.Tokens.Renew(x.life, fresh)
	if err != nil {
		return noToken(acc, err)
	}
	return x.once(renewed)
}

// noToken is an account whose token could not be refreshed. Whether it needs a login is already known to the pool.
func noToken(acc *account.Account, err error) attempt {
	return attempt{
		account: acc.ID, evidence: err.Error(),
		verdict: provider.Verdict{Next: provider.TryAnother, Outcome: account.Outcome{Result: account.Failed, Evidence: err.Error()}},
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
	if answer.Status/100 != 2 {
		return x.judge(p, s, acc, answer)
	}
	return x.begin(p, s, acc, answer)
}

// send prepares the request and gives the head of its answer.
func (x *exchange) send(p provider.Provider, s said, acc *account.Account) (*upstream.Answer, error) {
	out, err := p.Prepare(s.in, s.want, acc)
	if err != nil {
		return nil, err
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
	c := upstream.Clocks{Connect: s.Connect, Write: s.Body + time.Duration(body>>16)*time.Second, FirstByte: s.FirstByteJSON, Idle: s.Idle}
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
	if errors.As(err, &f) {
		got.unsaid, got.verdict.Outcome = f, account.Outcome{Result: account.Unused}
	}
	return got
}

// noAnswer is a request that failed in transport.
func (x *exchange) noAnswer(acc *account.Account, err error) attempt {
	got := attempt{account: acc.ID, evidence: err.Error()}
	got.verdict = provider.Verdict{Next: provider.TryAnother, Outcome: account.Outcome{Result: account.Failed, Evidence: err.Error()}}
	var e *upstream.Error
	if errors.As(err, &e) {
		got.timeout, got.ambiguous = e.Timeout, e.Sent
	}
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
	body, _ := readUpTo(decoded(answer), errorBody) // what has come must do
	x.waited += answer.Waited()
	reply := &provider.Reply{At: x.e.opt.Now(), Status: answer.Status, Header: answer.Header, Body: body}
	return x.judged(p, s, acc, reply)
}

func (x *exchange) judged(p provider.Provider, s said, acc *account.Account, reply *provider.Reply) attempt {
	v := p.Judge(s.want, acc, reply)
	v.Foreign = v.Foreign || s.codec != nil
	// An upstream may quote the credential that it refuses.
	v.Outcome.Evidence = strings.ReplaceAll(v.Outcome.Evidence, acc.Credential.Secret.Reveal(), acc.Credential.Secret.String())
	return attempt{account: acc.ID, verdict: v, reply: reply, evidence: v.Outcome.Evidence}
}

// broken is a success that turned out to be none.
func (x *exchange) broken(acc *account.Account, err error) attempt {
	got := x.noAnswer(acc, err)
	if !errors.Is(err, upstream.ErrCanceled) {
		got.ambiguous = true // it had begun to answer
	}
	return got
}

// Errors of answers that begin with 200 and are of no use.
var (
	errEmpty   = errors.New("the answer was empty")
	errWebPage = errors.New("the answer is a web page")
	errNoJSON  = errors.New("the answer is not whole JSON")
)

// begin reads the start of a success: until it shows content, an error in it can still be answered by another account.
func (x *exchange) begin(p provider.Provider, s said, acc *account.Account, answer *upstream.Answer) attempt {
	meter := s.meter(p.Meter(s.want, acc, answer.Header), &x.intent)
	h := newHeld(answer, meter, clocks(x.settings, s.want.Stream, 0).FirstByte, x.settings)
	h.flows = h.flows || s.want.Service == gemini.GenerateArray
	err := h.read()
	x.waited += answer.Waited()
	if err != nil {
		h.drop()
		return x.broken(acc, err)
	}
	got := attempt{account: acc.ID, held: h}
	got.verdict.Outcome = account.Outcome{Result: account.Served}
	if failure := meter.Failure(); failure != nil && !h.shown {
		got = x.judged(p, s, acc, &provider.Reply{At: x.e.opt.Now(), Status: answer.Status, Header: answer.Header, Body: failure, InStream: true})
		if got.verdict.Next != provider.Deliver {
			h.drop()
			return got
		}
		got.held = h
	}
	x.commit(p, s, h, got.verdict.Outcome)
	return got
}

// commit makes an answer the client's: from here on nothing is tried again, so the request's body can go.
func (x *exchange) commit(p provider.Provider, s said, h *held, outcome account.Outcome) {
	s.in = nil
	x.provider, x.said, x.answer, x.meter, x.outcome = p, s, h.answer, h.meter, outcome
	x.in.Body = nil
	x.body.release()
	x.record.Status, x.record.FirstByte = h.answer.Status, x.elapsed()
	if outcome.Result == account.Served {
		x.lease.Healthy(p.Windows(h.answer.Header, x.e.opt.Now()))
	}
	x.streaming()
	x.reached(Streaming)
}
