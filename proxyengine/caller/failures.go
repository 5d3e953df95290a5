package caller

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Failures counts the requests of each address that present no good key. An address with too many of them within a minute is
// refused more of them for the rest of that minute. What is held is bounded: with too many addresses, the oldest are forgotten.
type Failures struct {
	now  func() time.Time
	most atomic.Int64

	mu   sync.Mutex // guards what follows
	seen map[netip.Addr]*failing
	// order has the addresses as they came; those before first are forgotten.
	order []netip.Addr
	first int
}

type failing struct {
	since   time.Time
	n       int
	blocked bool
}

const (
	window = time.Minute
	// mostAddresses takes about 10 MB.
	mostAddresses = 1 << 16
)

// NewFailures counts from nothing. Set says how many there may be; until then there is no limit.
func NewFailures(now func() time.Time) *Failures {
	return &Failures{now: now, seen: map[netip.Addr]*failing{}}
}

// Set changes how many failures an address may have within a minute; 0 is any number.
func (f *Failures) Set(most int) { f.most.Store(int64(most)) }

// Refused tells how long requests of addr without a good key are still refused; 0 when they are not.
func (f *Failures) Refused(addr netip.Addr) time.Duration {
	now := f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forget(now)
	if one := f.seen[Whole(addr)]; one != nil && one.blocked {
		return window - now.Sub(one.since)
	}
	return 0
}

// Failed counts a request without a good key, and reports whether it was the one after which addr is refused.
func (f *Failures) Failed(addr netip.Addr) (enough bool) {
	most := int(f.most.Load())
	if most == 0 || exempt(addr) {
		return false
	}
	addr = Whole(addr)
	now := f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forget(now)
	one := f.seen[addr]
	if one == nil {
		one = &failing{since: now}
		f.seen[addr] = one
		f.order = append(f.order, addr)
	}
	if one.n++; one.n < most || one.blocked {
		return false
	}
	one.blocked = true
	return true
}

// forget drops what is older than the window, and the oldest when there is no room.
func (f *Failures) forget(now time.Time) {
	for f.first < len(f.order) {
		one := f.seen[f.order[f.first]]
		if now.Sub(one.since) < window && len(f.order)-f.first < mostAddresses {
			break
		}
		delete(f.seen, f.order[f.first])
		f.first++
	}
	if f.first > 1024 && f.first > len(f.order)/2 {
		f.order = append(f.order[:0:0], f.order[f.first:]...)
		f.first = 0
	}
}
