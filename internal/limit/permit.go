package limit

import (
	"context"
	"slices"
	"time"

	"crs/internal/unit"
)

// Permit is an admitted request. Release and Settle may come in either order, from any goroutine.
type Permit struct {
	gate   *Gate
	places []*place
	one    [1]*place // room for the usual number of them
}

// Waited is how long it stood in queues.
func (p *Permit) Waited() (sum time.Duration) {
	for _, at := range p.places {
		sum += at.waited
	}
	return sum
}

// Charge is the full check of a request that has entered, once it has said what it wants. The permit that it gives stands in
// p's place; p holds nothing any more if it gives an error, or another one.
func (p *Permit) Charge(ctx context.Context, ask Ask) (*Permit, error) {
	for i, at := range p.places {
		moved, err := at.charge(ask.Amounts)
		if !moved && err == nil {
			continue
		}
		for _, charged := range p.places[:i] {
			charged.cancel()
		}
		p.Release()
		p.Settle(unit.Amounts{})
		if moved {
			return p.gate.Admit(ctx, ask)
		}
		return nil, err
	}
	return p, nil
}

// Release gives the slots back, at the last byte. Calling it again does nothing.
func (p *Permit) Release() {
	for _, at := range p.places {
		at.release()
	}
}

// Settle puts the truth in the place of the estimate: what was used, and what was charged for it. Only the first call counts.
func (p *Permit) Settle(used unit.Amounts) {
	for _, at := range p.places {
		at.settle(used)
	}
}

// Cancel has it count for nobody.
func (p *Permit) Cancel() {
	for _, at := range slices.Backward(p.places) {
		at.cancel()
	}
}

// place is a request that one holder let in.
type place struct {
	gate   *Gate
	book   *counters
	limits *Limits
	waited time.Duration // set before it is given out
	visits bool          // it has entered, and is counted elsewhere once it is charged

	// The fields below are guarded by the book's lock.
	reserved unit.Amounts
	shared   Seat // in the count of all nodes; nil when there is none
	seat     int  // where in the book's inside it stands
	out      bool
	settled  bool
	charged  moment // when it was; zero before
}

// charge counts p here, where its slot is. moved tells that it is counted elsewhere, and is to be admitted there.
func (p *place) charge(amounts unit.Amounts) (moved bool, err error) {
	b, now := p.book, p.gate.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.visits || p.shared != nil {
		return true, nil
	}
	if refused := b.refuse(now, p.limits); refused != nil {
		return false, refused
	}
	b.charge(now, p, amounts)
	return false, nil
}

func (p *place) release() {
	p.book.mu.Lock()
	defer p.book.mu.Unlock()
	p.leave()
}

// leave is called with the book's lock held.
func (p *place) leave() {
	if p.out {
		return
	}
	if p.visits {
		p.out = true
		p.book.visiting--
		return
	}
	p.book.leave(p)
	if p.shared != nil {
		p.shared.Release()
	}
}

func (p *place) settle(used unit.Amounts) {
	now := p.gate.now()
	p.book.mu.Lock()
	defer p.book.mu.Unlock()
	if p.settled || p.visits {
		return
	}
	p.settled = true
	p.book.settle(now, p, used)
	p.adoptLate()
	if p.shared != nil {
		p.shared.Settle(used)
	}
}

// cancel has it count for nothing: another holder has refused it.
func (p *place) cancel() {
	now := p.gate.now()
	p.book.mu.Lock()
	defer p.book.mu.Unlock()
	p.leave()
	if p.settled || p.visits {
		return
	}
	p.settled = true
	p.book.cancel(now, p)
	p.adoptLate()
	if p.shared != nil {
		p.shared.Cancel()
	}
}
