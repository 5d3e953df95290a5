package account

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"crs/internal/patience"
)

// Pool lends accounts to requests.
type Pool struct {
	changed func(Change) // nil for nobody

	home lending // how accounts are lent while this process is not handed over

	mu      sync.Mutex // guards the fields below, and every entry
	lending lending    // how they are lent now; see turnTo
	opt     Options    // its times and bounds may change; the rest stays as it was made
	entries map[string]*entry
	ranks   map[rankKey][]*priorityGroup // by priority; use shelved
	dirty   bool                         // the shelves are to be arranged before they are used again
	sticky  map[sessionKey]binding
	talks   map[string]*talks // by key
	line    line
	picks   uint64
}

// Apply changes the times and bounds of opt; what the pool was made with otherwise stays.
func (p *Pool) Apply(opt Options) {
	p.mu.Lock()
	defer p.mu.Unlock()
	opt.Now, opt.Platforms, opt.Random = p.opt.Now, p.opt.Platforms, p.opt.Random
	p.opt = opt
}

// rankKey is what narrows the accounts down before any is looked at.
type rankKey struct{ service, group, account string }

// NewPool makes an empty pool.
func NewPool(opt Options) *Pool {
	p := &Pool{
		changed: opt.Changed, opt: opt,
		entries: map[string]*entry{}, ranks: map[rankKey][]*priorityGroup{}, sticky: map[sessionKey]binding{}, talks: map[string]*talks{},
	}
	p.home = &alone{p}
	if opt.Shared != nil {
		p.home = &together{p, opt.Shared}
	}
	p.lending = p.home
	return p
}

// Set puts an account in, or the new version of one. How it is doing stays, unless its credential is another one: then
// what was held against the old one is forgotten.
func (p *Pool) Set(a *Account) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entries[a.ID]
	if e == nil {
		e = new(entry)
		p.entries[a.ID] = e
	}
	if e.acc != nil && e.acc.Credential.Generation != a.Credential.Generation {
		e.thawAuth()
	}
	platform := p.opt.Platforms[a.Platform]
	e.acc, e.platform, e.ownClient = a, &platform, ""
	if a.Credential.Subscription() {
		e.ownClient = platform.OwnClient
	}
	p.dirty = true
	p.lending.serve(nil)
}

// thawAuth ends what a fresh credential may have mended.
func (e *entry) thawAuth() {
	if e.Parked == StateNeeds {
		e.Parked, e.Evidence, e.ParkedAt = "", "", time.Time{}
	}
	e.Rests = slices.DeleteFunc(e.Rests, func(r Cooldown) bool { return r.Denied })
}

// Drop takes an account out. Leases of it go on to their end.
func (p *Pool) Drop(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.entries, id)
	p.dirty = true
}

// shelved gives the accounts that w may use, by priority. It is called with mu held.
func (p *Pool) ranked(w *Want) []*priorityGroup {
	if p.dirty {
		p.rebuild()
		p.dirty = false
	}
	return p.ranks[rankKey{service: w.Service, group: groupOf(w), account: w.Account}]
}

// arrange sorts the accounts onto shelves. It runs once after an operator has changed something, not for each request,
// and not for each account that is loaded.
func (p *Pool) rebuild() {
	sorted := slices.SortedFunc(maps.Values(p.entries), func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.acc.Priority, b.acc.Priority), cmp.Compare(a.acc.Name, b.acc.Name))
	})
	clear(p.ranks)
	for _, e := range sorted {
		for _, service := range e.platform.all() {
			p.insert(rankKey{service: service}, e)
			p.insert(rankKey{service: service, account: e.acc.ID}, e)
			for _, group := range e.acc.Groups {
				p.insert(rankKey{service: service, group: group}, e)
			}
		}
	}
}

func (p *Pool) insert(key rankKey, e *entry) {
	list := p.ranks[key]
	if n := len(list); n == 0 || list[n-1].priority != e.acc.Priority {
		list = append(list, &priorityGroup{priority: e.acc.Priority})
	}
	last := list[len(list)-1]
	last.entries = append(last.entries, e)
	p.ranks[key] = list
}

// Pick lends the best account there is for w. When every suitable one is only out of slots, it waits for a while. It
// gives *NoneReady, or ctx's error when that ends while it waits.
func (p *Pool) Pick(ctx context.Context, w *Want) (*Lease, error) {
	began := time.Now()
	l, x, err := p.look(ctx, w, nil, began)
	for x != nil {
		patience.Await(ctx, x.look, x.most)
		l, x, err = p.look(ctx, w, x, began)
	}
	return l, err
}

// look lends an account. Where only a slot is missing, the request gets a place in the line, x, and looks again after its pause.
func (p *Pool) look(ctx context.Context, w *Want, x *waiter, began time.Time) (*Lease, *waiter, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if x != nil && (x.lent != nil || ctx.Err() != nil) {
		l, err := p.came(ctx, x)
		return l, nil, err
	}
	l, again, err := p.try(ctx, w, x)
	left := time.Duration(0)
	if again > 0 {
		left = p.opt.Wait - w.Waited - time.Since(began)
	}
	switch {
	case left > 0:
		return nil, p.queue(x, w, began, min(left, again)), nil
	case l == nil && err == nil:
		err = p.noneReady(w, x.waited())
	}
	p.endWait(x, l)
	return l, nil, err
}

// try has the account lent as accounts are lent now, and anew if that has changed meanwhile. It is called with mu held, which is
// free while others are asked.
func (p *Pool) try(ctx context.Context, w *Want, x *waiter) (l *Lease, again time.Duration, err error) {
	x.setLooks(true)
	defer x.setLooks(false)
	for {
		by := p.lending
		l, again, err = by.try(ctx, w)
		if l != nil || by == p.lending {
			return l, again, err
		}
	}
}

// rotate has the next pick begin elsewhere, where one look does not take in a whole shelf.
func (p *Pool) rotate(shelves []*priorityGroup, picked bool) {
	for _, s := range shelves {
		if picked && len(s.entries) > look {
			s.first = (s.first + 1) % len(s.entries)
		}
	}
}

// groupOf leaves the group out where the account says more.
func groupOf(w *Want) string {
	if w.Account != "" {
		return ""
	}
	return w.Group
}

// hold makes l a lease of the account. It is called with mu held.
func (p *Pool) hold(l *Lease, of offer, w *Want, now time.Time) {
	e := of.entry
	p.picks++
	e.used, e.UsedAt = p.picks, now
	l.entry, l.acc, l.why, l.at, l.seat = e, e.acc, of.why, now, len(e.leases)
	e.leases = append(e.leases, l)
	if e.probing(w) {
		e.probe = l
	}
}

// probing reports whether a request that was let in finds out whether a rest is over.
func (e *entry) probing(w *Want) bool {
	return slices.ContainsFunc(e.Rests, func(r Cooldown) bool { return r.holds(w.asked()) && !r.narrow() })
}
