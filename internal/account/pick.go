package account

import (
	"fmt"
	"slices"
	"time"
)

// Want is what a request needs of an account.
type Want struct {
	// Service is what is to be done, such as anthropic/messages; one that ends in @NAME is served by some platforms only.
	Service string
	Model   string
	Family  string // the model's family, as far as quotas know families
	Client  string // the program that asks, such as claude-code; "" when it is not known
	// Session is the conversation, scoped by key; "" when there is none. Hard: it must stay on its account.
	Session string
	Hard    bool
	// NoStickyUpdate marks a request beside the conversation, such as counting tokens: it goes where the conversation is, and does
	// not move it.
	NoStickyUpdate bool
	// Account or Group, an id, is what the key is bound to.
	Account string
	Group   string
	// Permissions are the words for the platforms that the key may use; empty means every one.
	Permissions []string
	// Tried are the ids of accounts that have failed this request.
	Tried []string
	// Key is the id of the key that asks.
	Key string
	// Waited is how long the request has stood in the queue already, for accounts that did not serve it: what it may wait is for all
	// of them together.
	Waited time.Duration
}

// Reason is why an account was not eligible.
type Reason uint8

// The reasons. Eligible comes first: it is none.
const (
	Eligible Reason = iota
	WrongService
	NotBound
	NotInGroup
	NotPermitted
	OwnClientsOnly
	WrongModel
	IsDisabled
	SubscriptionOver
	IsBlocked
	LoginNeeded
	TokenDead
	Resting
	ProbeUnderWay
	NoFreeSlot
	AlreadyTried
	OtherSession
	LacksModel
)

// String says it in words that fit behind an account's name.
func (r Reason) String() string {
	return [...]string{
		Eligible:         "eligible",
		WrongService:     "its platform does not serve this",
		NotBound:         "the key is bound to another account",
		NotInGroup:       "it is not in the key's group",
		NotPermitted:     "the key is not permitted to use its platform",
		OwnClientsOnly:   "it serves only its provider's own clients",
		WrongModel:       "it does not serve this model",
		IsDisabled:       "disabled",
		SubscriptionOver: "its subscription has ended",
		IsBlocked:        "blocked by the provider",
		LoginNeeded:      "it needs a login",
		TokenDead:        "its token has ended and cannot be refreshed",
		Resting:          "cooling",
		ProbeUnderWay:    "cooling; another request is finding out whether it is back",
		NoFreeSlot:       "every slot is taken",
		AlreadyTried:     "it has failed this request already",
		OtherSession:     "the conversation must stay on another account",
		LacksModel:       "its provider was asked a moment ago, and does not have this model for this",
	}[r]
}

// Passing reports whether the reason may be gone in a moment, so that a conversation should come back afterwards.
func (r Reason) Passing() bool { return r == NoFreeSlot || r == ProbeUnderWay || r == AlreadyTried }

// why an account came first.
type why uint8

const (
	bySession why = iota + 1
	byBinding
	byRank
	bySpill // its session's account could not take it just now
)

func (w why) String() string {
	return [...]string{"", "the conversation is on it", "the key is bound to it", "first in rank", "the conversation's own account could not take it just now"}[w]
}

// shelf is the accounts of one priority for one service. first is where to begin looking: it moves on when there are
// more accounts than one look takes in.
type priorityGroup struct {
	priority int
	entries  []*entry
	first    int
}

// look is how many accounts of a shelf are compared, from the first eligible one on, before the best of them is taken. It
// bounds what a pick costs among a thousand accounts; up to this many, the best of all is found.
const look = 16

// pick finds the best eligible account. Serving, conversations, failover and explain all come here. It changes nothing.
// visit, if not nil, is told of every account that was looked at.
func pick(now time.Time, shelves []*priorityGroup, bound *entry, w *Want, visit func(*entry, Reason)) (*entry, why) {
	spill := false
	if bound != nil {
		r := bound.reason(now, w)
		if visit != nil {
			visit(bound, r)
		}
		if r == Eligible {
			return bound, bySession
		}
		if w.Hard {
			return nil, 0
		}
		spill = r.Passing()
	}
	for _, s := range shelves {
		if best := s.best(now, bound, w, visit); best != nil {
			return best, whyOf(w, spill)
		}
	}
	return nil, 0
}

func whyOf(w *Want, spill bool) why {
	switch {
	case spill:
		return bySpill
	case w.Account != "":
		return byBinding
	}
	return byRank
}

// best is the first in rank among the eligible accounts of the shelf.
func (s *priorityGroup) best(now time.Time, seen *entry, w *Want, visit func(*entry, Reason)) *entry {
	var best *entry
	compared := 0
	for i := 0; i < len(s.entries) && compared < look; i++ {
		e := s.entries[(s.first+i)%len(s.entries)]
		if e == seen {
			continue
		}
		r := e.reason(now, w)
		if visit != nil {
			visit(e, r)
		}
		if r == Eligible && (best == nil || e.before(best, now)) {
			best = e
		}
		if best != nil {
			compared++
		}
	}
	return best
}

// reason is Eligible, or the first thing that stands against e.
func (e *entry) reason(now time.Time, w *Want) Reason {
	a := e.acc
	switch {
	case !e.platform.offers(w.Service):
		return WrongService
	case w.Account != "" && a.ID != w.Account:
		return NotBound
	case w.Group != "" && !slices.Contains(a.Groups, w.Group):
		return NotInGroup
	case len(w.Permissions) > 0 && !slices.Contains(w.Permissions, e.platform.Permission):
		return NotPermitted
	case e.ownClient != "" && w.Client != e.ownClient && !a.AnyClient:
		return OwnClientsOnly
	case !e.serves(w.Service, w.Model):
		return WrongModel
	case a.Disabled:
		return IsDisabled
	case e.Parked == StateBlocked:
		return IsBlocked
	case e.Parked == StateNeeds:
		return LoginNeeded
	case !a.SubscriptionEnds.IsZero() && !now.Before(a.SubscriptionEnds):
		return SubscriptionOver
	case a.Credential.Dead(now):
		return TokenDead
	case slices.Contains(w.Tried, a.ID):
		return AlreadyTried
	}
	return e.availability(now, w)
}

// probeFor is how long one request may keep others from finding out whether a rest is over: whoever sent it, its answer may be
// long in coming.
const probeFor = 15 * time.Second

func (e *entry) probed(now time.Time) bool {
	return e.probe != nil && now.Sub(e.probe.at).Abs() < probeFor
}

func (e *entry) serves(service, name string) bool { return e.platform.Serves(e.acc, service, name) }

func (e *entry) availability(now time.Time, w *Want) Reason {
	about := w.asked()
	for i := range e.Rests {
		r := &e.Rests[i]
		switch over := !now.Before(r.open()); {
		case !r.holds(about), over && r.narrow():
		case r.Lacks:
			return LacksModel
		case !over:
			return Resting
		case e.probed(now):
			return ProbeUnderWay
		}
	}
	if e.full(now) {
		return NoFreeSlot
	}
	return Eligible
}

// before ranks two accounts of one priority: one with quota to spare before one that has all but used it up, then the
// less loaded, then the one whose quota comes back sooner (what it has left is lost soonest), then the least recently
// used.
func (e *entry) before(o *entry, now time.Time) bool {
	if a, b := e.nearlyOut(now), o.nearlyOut(now); a != b {
		return b
	}
	if a, b := e.load(now), o.load(now); a != b {
		return a < b
	}
	if a, b := e.nextReset(now), o.nextReset(now); !a.Equal(b) {
		return b.IsZero() || !a.IsZero() && a.Before(b)
	}
	return e.used < o.used
}

// load is in thousandths of what the account takes; one without a limit counts as one that takes 32.
func (e *entry) load(now time.Time) int {
	most := e.acc.MaxConcurrency
	if most == 0 {
		most = 32
	}
	return (len(e.leases) + e.foreign(now)) * 1000 / most
}

const nearly = 0.98

func (e *entry) nearlyOut(now time.Time) bool {
	return slices.ContainsFunc(e.Windows, func(w Window) bool { return w.Used >= nearly && now.Before(w.ResetsAt) })
}

// nextReset is zero when no gauge tells.
func (e *entry) nextReset(now time.Time) time.Time {
	var next time.Time
	for i := range e.Windows {
		if at := e.Windows[i].ResetsAt; now.Before(at) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// detail adds what a reason alone does not say.
func (e *entry) detail(now time.Time, r Reason, w *Want) (until time.Time, text string) {
	switch r {
	case Resting, ProbeUnderWay, LacksModel:
		for i := range e.Rests {
			if rest := &e.Rests[i]; rest.holds(w.asked()) && rest.Until.After(until) {
				until, text = rest.Until, rest.told()
			}
		}
	case IsBlocked, LoginNeeded:
		text = e.Evidence
	case SubscriptionOver:
		until = e.acc.SubscriptionEnds
	case NoFreeSlot:
		text = fmt.Sprintf("%d of %d", len(e.leases)+e.foreign(now), e.acc.MaxConcurrency)
	case OwnClientsOnly:
		text = "open it with --any-client"
	case WrongModel:
		text = e.modelDetail(w)
	}
	return until, text
}

func (e *entry) modelDetail(w *Want) string {
	own := e.platform.own(e.acc, w.Service, w.Model)
	switch {
	case e.platform.closed(e.acc, own) && e.platform.has(own, e.acc.Upstream(w.Model)):
		return "an API key does not open it at the provider; it takes an account with a file of credentials"
	case !slices.Contains(e.platform.Services, w.Service):
		return "served in translation only, for models that its map names; add one: crs account edit " + e.acc.Name + " --map " + w.Model + "=MODEL"
	case len(e.acc.Models) == 0:
		return "the model is another provider's"
	}
	return fmt.Sprintf("models: %v", e.acc.Models)
}
