package proxyengine

import (
	"cmp"
	"slices"
	"time"
)

// Phase is how far a request has come.
type Phase int32

// The phases.
const (
	Reading   Phase = iota // its body arrives
	Queued                 // it is at the gate, perhaps in the key's queue
	Picking                // it wants an account, perhaps waits for one
	Waiting                // an upstream has it and has not answered
	Streaming              // the answer is on its way
)

// String says it in a word.
func (p Phase) String() string {
	return [...]string{"reading", "queued", "picking", "waiting", "streaming"}[p]
}

// Live is a request in flight, as others may see it.
type Live struct {
	ID        string
	At        time.Time
	KeyID     string
	Key       string
	Model     string
	Stream    bool
	Client    string
	Phase     Phase
	AccountID string
	Account   string
	Attempts  int // that failed
	FirstByte time.Duration
	// Sent is how much of the answer has been written to the client; LastAt when that was last, by the real clock, zero
	// before the first byte.
	Sent   int64
	LastAt time.Time
}

// Live gives the requests in flight, oldest first.
func (e *Engine) Live() []Live {
	all := e.all()
	list := make([]Live, 0, len(all))
	for _, x := range all {
		x.mu.Lock()
		list = append(list, x.seen)
		x.mu.Unlock()
		l := &list[len(list)-1]
		if l.Sent = x.sent.Load(); l.Sent > 0 {
			l.LastAt = time.Unix(0, x.sentAt.Load())
		}
	}
	slices.SortFunc(list, func(a, b Live) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Phases counts the requests in flight by how far they have come.
func (e *Engine) Phases() map[Phase]int {
	n := map[Phase]int{Reading: 0, Queued: 0, Picking: 0, Waiting: 0, Streaming: 0}
	for _, x := range e.all() {
		n[x.phase()]++
	}
	return n
}

// Disconnect ends a request that is in flight, as an operator may want; false when there is none with that id.
func (e *Engine) Disconnect(id string) bool {
	for _, x := range e.all() {
		if x.id == id {
			x.interrupt()
			return true
		}
	}
	return false
}

// setPhase shows how far the exchange has come.
func (x *exchange) setPhase(p Phase) {
	r := &x.record
	x.mu.Lock()
	defer x.mu.Unlock()
	x.seen = Live{
		ID: x.id, At: x.at, KeyID: r.Key, Key: r.KeyName, Model: r.Model, Stream: r.Stream, Client: r.Client, Phase: p,
		AccountID: r.Account, Account: r.AccountName, Attempts: len(r.Attempts), FirstByte: r.FirstByte,
	}
}

func (x *exchange) phase() Phase {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.seen.Phase
}
