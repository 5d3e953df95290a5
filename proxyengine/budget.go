package proxyengine

import (
	"container/heap"
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// budget is the memory that everything shares which grows with a request or an answer. Each exchange has a reservation in it.
//
// A key may hold as much as is left for all others: alone half of it, beside one more a third, so that there is always room
// for a key that holds nothing. Whoever fits goes ahead, and who needs least is next; of what becomes free behind a claim
// that was passed by often enough, half is kept for it.
type budget struct {
	mu    sync.Mutex // guards everything below, and every reservation and holder
	size  int64
	least int64 // what the largest body needs: a key's only exchange may have that much, if it is there
	taken int64
	stuck int64 // what those hold who wait: when that is everything, nobody will give anything back

	holders map[string]*holder // the keys that hold something or wait
	line    ordered[*holder]   // those with claims
	oldest  list.List          // all claims
	kept    int64              // what is kept for the oldest of them
	granted int64              // by how much claims were passed by, so far
	number  int64              // of the last claim
	by      [purposes]int64
}

// purpose is what memory is held for.
type purpose uint8

// The purposes.
const (
	forBody        purpose = iota // the request's body, from its first byte until nothing is sent any more
	forDecoder                    // what takes a body's encoding off
	forTranslation                // the request in another protocol's words, and what was made to get there
	forAnswer                     // what of an answer waits for its client
	purposes
)

// small is up to where an exchange is counted apart: a key whose large requests fill its share still has room for small
// ones.
const small = 64 << 10

// holder is what one key has of the budget.
type holder struct {
	key          string
	reservations int   // how many hold something or wait
	taken        int64 // by all of them
	small        int64 // by those that are small
	stuck        int64 // by those that wait
	claims       ordered[*claim]
	at           int // in the line; -1 when it is in none
}

// claim is a reservation that waits for n bytes.
type claim struct {
	reservation *reservation
	of          purpose
	n           int64
	number      int64 // in the order in which they came
	since       int64 // the budget's granted then
	ready       chan struct{}
	at          int           // among its key's; -1 when it waits no more
	age         *list.Element // among all
}

func newBudget(size, least int64) *budget {
	return &budget{size: size, least: least, holders: map[string]*holder{}}
}

// errNoRoom means that there was no memory within the time that may be waited for it.
var errNoRoom = errors.New("no room in the body budget")

// grant is called with mu held, as all that follow.
func (b *budget) grant(w *reservation, of purpose, n int64) bool {
	if w.closed || n <= 0 {
		return n <= 0
	}
	b.attach(w)
	if !b.fits(w, n) && !b.fitsFreed(w, n) {
		b.detach(w)
		return false
	}
	b.add(w, of, n)
	if b.oldest.Len() > 0 {
		b.granted += n
	}
	return true
}

// fitsFreed is fits once what is kept is let go, if w is the last that could give anything back: who it is kept for waits for
// that.
func (b *budget) fitsFreed(w *reservation, n int64) bool {
	if b.kept == 0 || b.stuck+w.taken < b.taken {
		return false
	}
	b.kept = 0
	return b.fits(w, n)
}

// fits reports whether w may have n bytes more.
func (b *budget) fits(w *reservation, n int64) bool {
	h, free := w.holder, b.size-b.taken-b.keptFrom(w)
	if h.counts(w, n)+n <= free-n {
		return true
	}
	only := h.taken == w.taken && w.taken+n <= b.least && b.least > b.size/2
	return only && (n <= free || b.taken == w.taken)
}

// keptFrom is how much of what is free is not for w. Nothing is kept from a key for one of its own, which may wait for it.
func (b *budget) keptFrom(w *reservation) int64 {
	if b.kept > 0 && b.oldest.Front().Value.(*claim).reservation.holder == w.holder {
		return 0
	}
	return b.kept
}

// counts is what the key's share must hold beside n bytes for w.
func (h *holder) counts(w *reservation, n int64) int64 {
	if w.isSmallWith(n) {
		return h.small
	}
	return h.taken
}

func (w *reservation) isSmallWith(n int64) bool { return !w.large && w.taken+n <= small }

func (b *budget) attach(w *reservation) {
	if w.holder != nil {
		return
	}
	h := b.holders[w.key]
	if h == nil {
		h = &holder{key: w.key, at: -1}
		b.holders[w.key] = h
	}
	h.reservations++
	w.holder = h
}

// detach forgets a reservation that holds nothing.
func (b *budget) detach(w *reservation) {
	h := w.holder
	if h == nil || w.taken > 0 || w.claim != nil {
		return
	}
	w.holder, w.large = nil, false
	if h.reservations--; h.reservations > 0 {
		return
	}
	delete(b.holders, h.key)
}

func (b *budget) add(w *reservation, of purpose, n int64) {
	h := w.holder
	if w.isSmallWith(n) {
		h.small += n
	} else if !w.large {
		h.small -= w.taken
		w.large = true
	}
	w.taken += n
	w.by[of] += n
	h.taken += n
	b.taken += n
	b.by[of] += n
	b.kept = min(b.kept, max(0, b.size-b.taken))
	b.moved(w, n)
}

func (b *budget) giveBack(w *reservation, of purpose, n int64) {
	if n <= 0 {
		return
	}
	h := w.holder
	if !w.large {
		h.small -= n
	}
	w.taken -= n
	w.by[of] -= n
	h.taken -= n
	b.taken -= n
	b.by[of] -= n
	b.moved(w, -n)
	b.detach(w)
	b.keepFor(n)
	b.admit()
}

// moved keeps the line in order after w's reservation has changed by n.
func (b *budget) moved(w *reservation, n int64) {
	h := w.holder
	if w.claim != nil {
		h.stuck += n
		b.stuck += n
		heap.Fix(&h.claims, w.claim.at)
	}
	b.reorder(h)
}

// join puts a claim in line.
func (b *budget) join(w *reservation, of purpose, n int64) *claim {
	b.attach(w)
	b.number++
	c := &claim{reservation: w, of: of, n: n, number: b.number, since: b.granted, ready: make(chan struct{})}
	c.age = b.oldest.PushBack(c)
	w.claim = c
	w.holder.stuck += w.taken
	b.stuck += w.taken
	heap.Push(&w.holder.claims, c)
	b.reorder(w.holder)
	return c
}

// leave takes a claim out of the line.
func (b *budget) leave(c *claim) {
	h := c.reservation.holder
	if b.oldest.Front() == c.age {
		b.kept = 0
	}
	b.oldest.Remove(c.age)
	c.reservation.claim = nil
	h.stuck -= c.reservation.taken
	b.stuck -= c.reservation.taken
	heap.Remove(&h.claims, c.at)
	b.reorder(h)
}

// hopeless reports whether nobody is left to give back what w would wait for: everything is held by those who wait
// themselves, or all that its key holds is, and that is the key's share.
func (b *budget) hopeless(w *reservation, n int64) bool {
	h := w.holder
	if h == nil || w.taken == 0 {
		return false
	}
	return b.stuck+w.taken >= b.taken || h.stuck+w.taken >= h.taken && h.counts(w, n)+n > b.size/2
}

func (b *budget) await(ctx context.Context, c *claim, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	err := errNoRoom
	select {
	case <-c.ready:
		return nil
	case <-timer.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.at < 0 { // its turn came just as it gave up
		b.giveBack(c.reservation, c.of, min(c.n, c.reservation.by[c.of]))
		return err
	}
	b.leave(c)
	b.detach(c.reservation)
	b.admit()
	return err
}

// admit serves claims while there is room: the oldest if room was kept for it, and who needs least.
func (b *budget) admit() {
	for b.oldest.Len() > 0 {
		c := b.oldest.Front().Value.(*claim)
		if b.kept == 0 || !b.turnOf(c) {
			c = b.line[0].claims[0]
			if !b.fits(c.reservation, c.n) {
				return
			}
		}
		b.leave(c)
		b.add(c.reservation, c.of, c.n)
		b.granted += c.n
		close(c.ready)
	}
}

// turnOf reports whether the claim for which something is kept can be served with that.
func (b *budget) turnOf(c *claim) bool {
	kept := b.kept
	if kept >= c.n && b.taken+c.n <= b.size {
		return true
	}
	b.kept = 0
	defer func() { b.kept = kept }()
	return b.fits(c.reservation, c.n)
}

// keepFor keeps half of what has become free for the oldest claim, once as much as it needs went to others that came
// later. One whose key has its share already goes behind all others instead.
func (b *budget) keepFor(freed int64) {
	front := b.oldest.Front()
	if front == nil {
		return
	}
	c := front.Value.(*claim)
	switch h := c.reservation.holder; {
	case b.granted-c.since < c.n:
	case h.counts(c.reservation, c.n)+c.n > b.size/2:
		c.since, b.kept = b.granted, 0
		b.oldest.MoveToBack(front)
	default:
		b.kept = min(c.n, b.kept+(freed+1)/2, max(0, b.size-b.taken))
	}
}

// resize changes how much there is, and how much of it the largest body needs.
func (b *budget) resize(size, least int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.size, b.least = size, least
	b.admit()
}

func (b *budget) used() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.taken
}

func (b *budget) state() (size int64, waiting int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.size, b.oldest.Len()
}
