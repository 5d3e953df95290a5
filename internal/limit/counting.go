package limit

import (
	"context"
	"errors"

	"crs/internal/unit"
)

// counting is how a gate counts requests: alone, or together with others that let in requests of the same holders. Which it is, is
// chosen in New, and changes in turnTo.
type counting interface {
	// enter and admit are what Gate.Enter and Gate.Admit do, for one holder. Where counting has changed meanwhile, an error of
	// theirs means nothing.
	enter(ctx context.Context, h Holder) (*place, error)
	admit(ctx context.Context, h Holder, estimate unit.Amounts) (*place, error)
	// adopt counts a request that was let in already wherever it is counted besides the gate; nil where it is not. It is called with the
	// lock of the request's book held.
	adopt(p *place) Seat
	// use tells what a holder uses everywhere, where this gate knows of mine.
	use(ctx context.Context, h Holder, mine Use) Use
	// sole reports whether nobody else counts.
	sole() bool
}

// errMoved means that requests are counted otherwise since it was asked.
var errMoved = errors.New("the counts are kept elsewhere now")

// countingWith counts with others, or alone where there are none.
func (g *Gate) countingWith(others Shared) *counting {
	by := counting(&alone{g})
	if others != nil {
		by = &together{g, others}
	}
	return &by
}

// alone is a gate that nobody shares: its counts are all there are.
type alone struct{ gate *Gate }

func (a *alone) enter(ctx context.Context, h Holder) (*place, error) {
	return a.gate.take(ctx, a, h, unit.Amounts{}, false)
}

func (a *alone) admit(ctx context.Context, h Holder, estimate unit.Amounts) (*place, error) {
	return a.gate.take(ctx, a, h, estimate, true)
}

func (*alone) adopt(*place) Seat { return nil }

func (*alone) use(_ context.Context, _ Holder, mine Use) Use { return mine }

func (*alone) sole() bool { return true }
