package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"crs/internal/usage"
	"crs/lab/simulator/provider"
)

// Bill is what the simulator charged an account: the answers it sent whole.
type Bill struct {
	Requests int64        `json:"requests"`
	Tokens   usage.Tokens `json:"tokens"`
}

// recorder remembers what was seen and counts what is in flight.
type recorder struct {
	now   func() time.Time
	limit int // how many requests are kept; 0 keeps none

	mu       sync.Mutex // guards the fields below
	seen     int
	running  int
	kept     []*Request // in order of arrival; up to twice the limit, so that dropping the oldest is rare
	accounts map[string]*account
	waiters  []*waiter
}

// account is what is counted for one account.
type account struct {
	inFlight, most int
	bill           Bill
}

func newRecorder(now func() time.Time, limit int) *recorder {
	return &recorder{now: now, limit: limit, accounts: map[string]*account{}}
}

// visit is one request on the books, from its arrival to its end.
type visit struct {
	request *Request // nil when nothing is recorded
	account *account // nil when it is no inference
	ended   bool
	billed  bool
}

// arrive puts c on the books.
func (r *recorder) arrive(c *provider.Call, st *provider.Step) visit {
	v := visit{request: r.describe(c, st)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen++
	r.running++
	if v.request != nil {
		r.keep(v.request)
	}
	if c.Inference {
		v.account = r.account(c.Account)
		v.account.enter()
		r.account("").enter()
	}
	r.wake()
	return v
}

// describe copies what is kept of a request, because its bytes do not outlive the answer.
func (r *recorder) describe(c *provider.Call, st *provider.Step) *Request {
	if r.limit == 0 {
		return nil
	}
	sum := sha256.Sum256(c.Body)
	return &Request{
		Method: c.Method, Path: c.Path, Query: c.Query, Header: c.Header,
		BodySHA256: hex.EncodeToString(sum[:]), BodyLen: len(c.Body),
		Credential: c.Credential, Account: c.Account, Model: c.Prompt.Model,
		At: c.At, Step: st.Name, Outcome: Running,
	}
}

// keep adds q and drops the oldest. With mu held.
func (r *recorder) keep(q *Request) {
	if len(r.kept) >= 2*r.limit {
		n := copy(r.kept, r.kept[len(r.kept)-r.limit:])
		clear(r.kept[n:])
		r.kept = r.kept[:n]
	}
	r.kept = append(r.kept, q)
}

// account finds or opens the count of name; "" is everybody's. With mu held.
func (r *recorder) account(name string) *account {
	a := r.accounts[name]
	if a == nil {
		a = &account{}
		r.accounts[name] = a
	}
	return a
}

func (a *account) enter() {
	a.inFlight++
	a.most = max(a.most, a.inFlight)
}

// end closes v. It may be called again with a worse outcome, when the last bytes turn out not to have been sent.
func (r *recorder) end(v *visit, c *provider.Call, outcome Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !v.ended {
		v.ended = true
		r.running--
		if v.account != nil {
			v.account.inFlight--
			r.account("").inFlight--
		}
	}
	if v.account != nil && v.billed != (outcome == Served) {
		v.billed = !v.billed
		v.account.bill.charge(c.Reply.Tokens, v.billed)
	}
	if v.request != nil {
		v.request.Outcome, v.request.EndedAt = outcome, r.now()
		v.request.Status, v.request.EventsSent = c.Status, c.Sent
	}
	r.wake()
}

// charge adds an answer to b, or takes it back.
func (b *Bill) charge(t usage.Tokens, add bool) {
	if add {
		b.Requests++
		b.Tokens = b.Tokens.Add(t)
		return
	}
	b.Requests--
	b.Tokens = b.Tokens.Add(usage.Tokens{
		Input: -t.Input, Output: -t.Output, Reasoning: -t.Reasoning,
		CacheRead: -t.CacheRead, CacheWrite: -t.CacheWrite, CacheWrite1h: -t.CacheWrite1h,
	})
}
