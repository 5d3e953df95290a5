package document

import "crypto/sha256"

// index finds documents. There may be a hundred thousand, of which each garbage collection would follow every pointer: so its
// maps have none, and there is one to each document.
type index[T any] struct {
	held   []*T    // nil at a place that is free
	free   []int32 // places
	byID   map[textSum]int32
	byName map[textSum]int32
	bySum  map[Sum]int32
}

// Sum stands for what documents are found by, besides their id and name.
type Sum [sha256.Size]byte

// textSum stands for a text.
type textSum [16]byte

func sumOf(text string) textSum {
	sum := sha256.Sum256([]byte(text))
	return textSum(sum[:])
}

func newIndex[T any](room int) index[T] {
	return index[T]{
		held: make([]*T, 0, room), byID: make(map[textSum]int32, room), byName: make(map[textSum]int32, room), bySum: map[Sum]int32{},
	}
}

// id gives the document with an id, nil when there is none. name, ref (either) and sum do likewise.
func (x *index[T]) id(id string) *T { return at(x, x.byID, sumOf(id)) }

func (x *index[T]) name(name string) *T { return at(x, x.byName, sumOf(name)) }

func (x *index[T]) ref(ref string) *T {
	sum := sumOf(ref)
	if t := at(x, x.byID, sum); t != nil {
		return t
	}
	return at(x, x.byName, sum)
}

func (x *index[T]) sum(s Sum) *T { return at(x, x.bySum, s) }

func at[T any, K comparable](x *index[T], by map[K]int32, key K) *T {
	if at, ok := by[key]; ok {
		return x.held[at]
	}
	return nil
}

// add takes in a document whose id is not known.
func (x *index[T]) add(t *T, h Head) {
	at := int32(len(x.held))
	if n := len(x.free); n > 0 {
		at, x.free = x.free[n-1], x.free[:n-1]
		x.held[at] = t
	} else {
		x.held = append(x.held, t)
	}
	x.byID[sumOf(h.ID)], x.byName[sumOf(h.Name)] = at, at
	if h.Sum != (Sum{}) {
		x.bySum[h.Sum] = at
	}
}

// remove takes out what add has taken in. Another document may have its name or sum by now, which stay that one's.
func (x *index[T]) remove(h Head) {
	id, name := sumOf(h.ID), sumOf(h.Name)
	at := x.byID[id]
	x.held[at] = nil
	x.free = append(x.free, at)
	delete(x.byID, id)
	if x.byName[name] == at {
		delete(x.byName, name)
	}
	if x.bySum[h.Sum] == at {
		delete(x.bySum, h.Sum)
	}
}
