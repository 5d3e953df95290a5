package proxyengine

import (
	"cmp"
	"container/heap"
)

// line is the keys that wait for memory, the one in front that gets by with the least that is free. It is a heap.
type line []*holder

// moved puts a holder where it belongs after something of it has changed.
func (l *line) moved(h *holder) {
	switch waits := len(h.claims) > 0; {
	case waits && h.at < 0:
		heap.Push(l, h)
	case waits:
		heap.Fix(l, h.at)
	case h.at >= 0:
		heap.Remove(l, h.at)
	}
}

// needs is how much must be free for the holder's next claim, as fits reckons.
func (h *holder) needs() int64 {
	c := h.claims[0]
	return h.counts(c.weight, c.n) + 2*c.n
}

// Len implements heap.Interface.
func (l line) Len() int { return len(l) }

// Less implements heap.Interface.
func (l line) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(l[i].needs(), l[j].needs()), cmp.Compare(l[i].claims[0].number, l[j].claims[0].number)) < 0
}

// Swap implements heap.Interface.
func (l line) Swap(i, j int) {
	l[i], l[j] = l[j], l[i]
	l[i].at, l[j].at = i, j
}

// Push implements heap.Interface.
func (l *line) Push(x any) {
	h := x.(*holder)
	h.at = len(*l)
	*l = append(*l, h)
}

// Pop implements heap.Interface.
func (l *line) Pop() any {
	last := len(*l) - 1
	h := (*l)[last]
	(*l)[last] = nil
	*l = (*l)[:last]
	h.at = -1
	return h
}

// claims are those of one key, the smallest in front and small exchanges before large ones. It is a heap.
type claims []*claim

// Len implements heap.Interface.
func (q claims) Len() int { return len(q) }

// Less implements heap.Interface.
func (q claims) Less(i, j int) bool {
	a, b := q[i], q[j]
	if x, y := a.weight.isSmallWith(a.n), b.weight.isSmallWith(b.n); x != y {
		return x
	}
	return cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(a.number, b.number)) < 0
}

// Swap implements heap.Interface.
func (q claims) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].at, q[j].at = i, j
}

// Push implements heap.Interface.
func (q *claims) Push(x any) {
	c := x.(*claim)
	c.at = len(*q)
	*q = append(*q, c)
}

// Pop implements heap.Interface.
func (q *claims) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	c.at = -1
	return c
}
