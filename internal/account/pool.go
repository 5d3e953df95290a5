package account

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// Pool lends accounts to requests.
type Pool struct {
	changed func(Change) // nil for nobody

	mu        sync.Mutex // guards the fields below, and every entry
	shared    Shared     // nil when there is no other node
	entrusted bool       // shared is the process that this one has handed over to
	opt       Options    // its times and bounds may change; the rest stays as it was made
	entries   map[string]*entry
	shelves   map[shelfKey][]*shelf // by priority; use shelved
	untidy    bool                  // the shelves are to be arranged before they are used again
	sticky    map[sessionKey]binding
	talks     map[string]*talks // by key
	line      line
	picks     uint64
}

// Apply changes the times and bounds of opt; what the pool was made with otherwise stays.
func (p *Pool) Apply(opt Options) {
	p.mu.Lock()
	defer p.mu.Unlock()
	opt.Now, opt.Platforms, opt.Random = p.opt.Now, p.opt.Platforms, p.opt.Random
	opt.Shared, opt.RefuseAway = p.opt.Shared, p.opt.RefuseAway
	p.opt = opt
}

// shelfKey is what narrows the accounts down before any is looked at.
type shelfKey struct{ service, group, account string }

// NewPool makes an empty pool.
func NewPool(opt Options) *Pool {
	return &Pool{
		changed: opt.Changed, shared: opt.Shared, opt: opt,
		entries: map[string]*entry{}, shelves: map[shelfKey][]*shelf{}, sticky: map[sessionKey]binding{}, talks: map[string]*talks{},
	}
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
	p.untidy = true
	p.serveWaiting(nil)
}

// thawAuth ends what a fresh credential may have mended.
func (e *entry) thawAuth() {
	if e.Parked == StateNeeds {
		e.Parked, e.Evidence, e.ParkedAt = "", "", time.Time{}
	}
	e.Rests = slices.DeleteFunc(e.Rests, func(r Rest) bool { return r.Denied })
}

// Drop takes an account out. Leases of it go on to their end.
func (p *Pool) Drop(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.entries, id)
	p.untidy = true
}

// shelved gives the accounts that w may use, by priority. It is called with mu held.
func (p *Pool) shelved(w *Want) []*shelf {
	if p.untidy {
		p.arrange()
		p.untidy = false
	}
	return p.shelves[shelfKey{service: w.Service, group: groupOf(w), account: w.Account}]
}

// arrange sorts the accounts onto shelves. It runs once after an operator has changed something, not for each request,
// and not for each account that is loaded.
func (p *Pool) arrange() {
	sorted := make([]*entry, 0, len(p.entries))
	for _, e := range p.entries {
		sorted = append(sorted, e)
	}
	slices.SortFunc(sorted, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.acc.Priority, b.acc.Priority), cmp.Compare(a.acc.Name, b.acc.Name))
	})
	clear(p.shelves)
	for _, e := range sorted {
		for _, service := range e.platform.all() {
			p.shelve(shelfKey{service: service}, e)
			p.shelve(shelfKey{service: service, account: e.acc.ID}, e)
			for _, group := range e.acc.Groups {
				p.shelve(shelfKey{service: service, group: group}, e)
			}
		}
	}
}

func (p *Pool) shelve(key shelfKey, e *entry) {
	list := p.shelves[key]
	if n := len(list); n == 0 || list[n-1].priority != e.acc.Priority {
		list = append(list, &shelf{priority: e.acc.Priority})
	}
	last := list[len(list)-1]
	last.entries = append(last.entries, e)
	p.shelves[key] = list
}

// Pick lends the best account there is for w. When every suitable one is only out of slots, it waits for a while. It
// gives *NoneReady, or ctx's error when that ends while it waits.
func (p *Pool) Pick(ctx context.Context, w *Want) (*Lease, error) {
	for {
		began := time.Now()
		l, err := p.ask(ctx, w)
		if !errors.Is(err, ErrElsewhere) {
			return l, err
		}
		w.Waited += time.Since(began)
	}
}

func (p *Pool) ask(ctx context.Context, w *Want) (*Lease, error) {
	p.mu.Lock()
	if p.shared != nil {
		p.mu.Unlock()
		return p.pickShared(ctx, w)
	}
	lease, full := p.try(w)
	if lease != nil {
		p.mu.Unlock()
		return lease, nil
	}
	wait := p.opt.Wait - w.Waited
	if !full || wait <= 0 {
		defer p.mu.Unlock()
		return nil, p.noneReady(w, 0)
	}
	waiter := p.enqueue(w)
	p.mu.Unlock()
	return p.await(ctx, waiter, wait)
}

// try picks and lends. full tells that an account would do if it had a slot. It is called with mu held.
func (p *Pool) try(w *Want) (lease *Lease, full bool) {
	now := p.opt.Now()
	shelves := p.shelved(w)
	bound := p.boundTo(w, now)
	l := &Lease{pool: p, about: w.asked()}
	best, reason := pick(now, shelves, bound, w, func(e *entry, r Reason) {
		full = full || r == NoFreeSlot
		l.saw(e, r)
	})
	if best == nil {
		return nil, full
	}
	p.turnShelves(shelves, true)
	p.hold(l, offer{best, reason}, w, now)
	p.stick(w, best, reason, now)
	return l, false
}

// turnShelves has the next pick begin elsewhere, where one look does not take in a whole shelf.
func (p *Pool) turnShelves(shelves []*shelf, picked bool) {
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
	return slices.ContainsFunc(e.Rests, func(r Rest) bool { return r.holds(w.asked()) && !r.narrow() })
}
