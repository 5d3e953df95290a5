package redis

import (
	"context"
	"time"

	"crs/internal/limit"
	"crs/internal/unit"
)

// Amend moves what Redis knows that a holder was charged, by amendments of it. The name tells this from other times, for a holder that
// is amended twice by the same one is amended once.
func (n *Node) Amend(ctx context.Context, h limit.Holder, name string, all []limit.Amendment) error {
	at := n.opt.Now()
	sum := limit.In(all, at, n.opt.Zone)
	list := lookingBack(h.Limits)
	spans := limit.Spans(at, n.opt.Zone)
	for _, w := range limit.Windows() {
		if !w.Slides() {
			list = append(list, limit.Per(unit.Cost, w, sum.In(unit.Cost, w)))
		}
	}
	args := append(append([]any{name}, rules(list)...), n.spans()...)
	for _, s := range spans {
		args = append(args, s.Begins[2].Unix())
	}
	now := time.Now()
	figures := make([]figure, len(all))
	for i := range all {
		p := all[i].Past(at)
		figures[i] = figure{now.Add(-p.Age), p.Used}
	}
	_, err := n.ask(ctx, n.scripts.amend, keySlot(h.ID), n.keys.ofKey(h.ID), append(args, figuresBy(figures, now)...)...)
	return err
}

// lookingBack are the limits of costs in windows that roll-ups know of.
func lookingBack(l *limit.Limits) (list []limit.Rule) {
	for _, r := range sliding(l) {
		if r.Unit == unit.Cost && time.Duration(r.Window)*time.Second >= time.Hour {
			list = append(list, r)
		}
	}
	return list
}

// Recount has what Redis knows that a holder was charged begin anew with what the roll-ups know: nobody can tell whether it was amended.
func (n *Node) Recount(ctx context.Context, h limit.Holder) error {
	n.Reread()
	args, err := n.knownOf(ctx, h)
	if err != nil {
		return err
	}
	_, err = n.ask(ctx, n.scripts.recount, keySlot(h.ID), n.keys.ofKey(h.ID), args...)
	return err
}
