package account

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Candidate is one account, and whether it was eligible for a request. Rank is 1 for the first choice and counts on for
// accounts that would have done too; 0 for those that would not.
type Candidate struct {
	ID       string
	Name     string
	Platform string
	Rank     int
	Reason   Reason
	Until    time.Time // of what passes
	Detail   string
}

// NoneReady means that no account can serve the request.
type NoneReady struct {
	// Counts are how many accounts each reason holds for.
	Counts map[Reason]int
	// RetryAt is when the first of those that merely rest will be back, RetryAfter how long that is from now on; zero
	// when none will by itself.
	RetryAt    time.Time
	RetryAfter time.Duration
	Waited     time.Duration

	pool *Pool
	want Want
}

// Accounts is how many accounts there are.
func (e *NoneReady) Accounts() int {
	n := 0
	for _, count := range e.Counts {
		n += count
	}
	return n
}

// Sights looks at every account. It costs more than the refusal itself did: with many accounts and many refusals, not
// every one can be told at length.
func (e *NoneReady) Sights() []Candidate {
	e.pool.mu.Lock()
	defer e.pool.mu.Unlock()
	return e.pool.sights(&e.want)
}

// Error implements error: how many there are, and what stands against them.
func (e *NoneReady) Error() string {
	if len(e.Counts) == 0 {
		return "there are no accounts; add one with: crs account add"
	}
	parts := make([]string, 0, len(e.Counts))
	for reason, n := range e.Counts {
		parts = append(parts, fmt.Sprintf("%d: %s", n, reason))
	}
	slices.Sort(parts)
	slices.Reverse(parts)
	text := fmt.Sprintf("none of %d accounts can serve this (%s)", e.Accounts(), strings.Join(parts, ", "))
	if !e.RetryAt.IsZero() {
		text += "; the next is back at " + e.RetryAt.UTC().Format(time.RFC3339)
	}
	return text
}

// Model reports whether accounts would do but for the model.
func (e *NoneReady) Model() bool { return e.only(WrongModel) }

// Lacking reports whether accounts would do, but were found not to have the model.
func (e *NoneReady) Lacking() bool {
	return e.Counts[LacksModel] > 0 && e.only(LacksModel, WrongModel, OwnClientsOnly, NotPermitted)
}

// OwnClients reports whether every account that serves such requests serves only its provider's own clients.
func (e *NoneReady) OwnClients() bool { return e.only(OwnClientsOnly) }

// Permissions are what the key may use, when accounts would do but for that; else nil.
func (e *NoneReady) Permissions() []string {
	if e.only(NotPermitted) {
		return e.want.Permissions
	}
	return nil
}

// Unserved reports whether there is an account for such requests at all: one whose platform serves them.
func (e *NoneReady) Unserved() bool { return e.only(WrongService) }

// Passing reports whether something that stands against an account may be over in a moment.
func (e *NoneReady) Passing() bool {
	for reason := range e.Counts {
		if reason.Passing() {
			return true
		}
	}
	return false
}

// only reports whether one of some reasons is all that stands against the accounts that are meant for such requests.
func (e *NoneReady) only(these ...Reason) bool {
	n := 0
	for reason, count := range e.Counts {
		switch {
		case slices.Contains(these, reason):
			n += count
		case reason == WrongService, reason == NotBound, reason == NotInGroup:
		default:
			return false
		}
	}
	return n > 0
}

// noneReady is called with mu held.
func (p *Pool) noneReady(w *Want, waited time.Duration) *NoneReady {
	now := p.opt.Now()
	n := &NoneReady{Counts: map[Reason]int{}, Waited: waited, pool: p, want: *w}
	n.want.Tried = slices.Clone(w.Tried)
	bound := p.boundTo(w, now)
	for _, e := range p.entries {
		r := e.sight(now, w, bound)
		n.Counts[r]++
		if r == Resting {
			if until, _ := e.detail(now, r, w); n.RetryAt.IsZero() || until.Before(n.RetryAt) {
				n.RetryAt = until
			}
		}
	}
	if !n.RetryAt.IsZero() {
		n.RetryAfter = max(n.RetryAt.Sub(now), time.Second)
	}
	return n
}

// sight is reason, seen with what a conversation that must stay allows.
func (e *entry) sight(now time.Time, w *Want, bound *entry) Reason {
	r := e.reason(now, w)
	if r == Eligible && w.Hard && bound != nil && e != bound {
		return OtherSession
	}
	return r
}

// Explain tells for every account whether it would serve w now, in the order in which they would be used.
func (p *Pool) Explain(w *Want) (sights []Candidate, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	best, reason := pick(p.opt.Now(), p.ranked(w), p.boundTo(w, p.opt.Now()), w, nil)
	sights = p.sights(w)
	if best != nil {
		i := slices.IndexFunc(sights, func(s Candidate) bool { return s.ID == best.acc.ID })
		first := sights[i]
		copy(sights[1:], sights[:i]) // a conversation's account comes before those that outrank it
		sights[0] = first
	}
	rank := 0
	for i := range sights {
		if sights[i].Reason == Eligible {
			rank++
			sights[i].Rank = rank
		}
	}
	return sights, reason.String()
}

// sights looks at every account, those that would do first and in rank. It is called with mu held.
func (p *Pool) sights(w *Want) []Candidate {
	now := p.opt.Now()
	bound := p.boundTo(w, now)
	all := make([]*entry, 0, len(p.entries))
	reasons := make(map[*entry]Reason, len(p.entries))
	for _, e := range p.entries {
		all = append(all, e)
		reasons[e] = e.sight(now, w, bound)
	}
	slices.SortFunc(all, func(a, b *entry) int {
		return cmp.Or(
			cmp.Compare(min(reasons[a], 1), min(reasons[b], 1)),
			cmp.Compare(a.acc.Priority, b.acc.Priority),
			ranked(a, b, now),
			cmp.Compare(a.acc.Name, b.acc.Name))
	})
	sights := make([]Candidate, len(all))
	for i, e := range all {
		until, detail := e.detail(now, reasons[e], w)
		sights[i] = Candidate{ID: e.acc.ID, Name: e.acc.Name, Platform: e.acc.Platform, Reason: reasons[e], Until: until, Detail: detail}
	}
	return sights
}

func ranked(a, b *entry, now time.Time) int {
	switch {
	case a.before(b, now):
		return -1
	case b.before(a, now):
		return 1
	}
	return 0
}

// Passed tells which accounts the pick of this lease looked at and passed over, at most the first few, and how many it
// looked at in all.
func (l *Lease) Passed() (passed []Candidate, looked int) {
	for _, s := range l.passed[:l.kept] {
		passed = append(passed, Candidate{ID: s.acc.ID, Name: s.acc.Name, Platform: s.acc.Platform, Reason: s.reason})
	}
	return passed, l.looked
}
