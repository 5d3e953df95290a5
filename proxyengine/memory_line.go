package proxyengine

import (
	"cmp"
	"container/heap"
)

// heaped is what may stand in a heap that tells it where.
type heaped[T any] interface {
	less(T) bool
	setAt(int) // -1 when it stands in none
}

// ordered is a heap of what knows its place in it.
type ordered[T heaped[T]] []T

func (o ordered[T]) Len() int           { return len(o) }
func (o ordered[T]) Less(i, j int) bool { return o[i].less(o[j]) }

func (o ordered[T]) Swap(i, j int) {
	o[i], o[j] = o[j], o[i]
	o[i].setAt(i)
	o[j].setAt(j)
}

func (o *ordered[T]) Push(x any) {
	x.(T).setAt(len(*o))
	*o = append(*o, x.(T))
}

func (o *ordered[T]) Pop() any {
	var none T
	last := len(*o) - 1
	x := (*o)[last]
	(*o)[last] = none
	*o = (*o)[:last]
	x.setAt(-1)
	return x
}

// reorder puts a holder where it belongs in the line after something of it has changed.
func (b *budget) reorder(h *holder) {
	switch waits := len(h.claims) > 0; {
	case waits && h.at < 0:
		heap.Push(&b.line, h)
	case waits:
		heap.Fix(&b.line, h.at)
	case h.at >= 0:
		heap.Remove(&b.line, h.at)
	}
}

func (h *holder) setAt(at int) { h.at = at }

// less puts the holder in front that gets by with the least that is free.
func (h *holder) less(o *holder) bool {
	return cmp.Or(cmp.Compare(h.needs(), o.needs()), cmp.Compare(h.claims[0].number, o.claims[0].number)) < 0
}

// needs is how much must be free for the holder's next claim, as fits reckons.
func (h *holder) needs() int64 {
	c := h.claims[0]
	return h.counts(c.reservation, c.n) + 2*c.n
}

func (c *claim) setAt(at int) { c.at = at }

// less puts the smallest claim in front, and small exchanges before large ones.
func (c *claim) less(o *claim) bool {
	if x, y := c.reservation.isSmallWith(c.n), o.reservation.isSmallWith(o.n); x != y {
		return x
	}
	return cmp.Or(cmp.Compare(c.n, o.n), cmp.Compare(c.number, o.number)) < 0
}
