package store

import "slices"

// ChangeSet is what was written to a store that several nodes share, by any of them.
type ChangeSet struct {
	// Docs are as they are now.
	Docs []Doc
	// Gone are documents that are not there any more; they have a kind and an id only.
	Gone []Doc
	// Whole means that Docs are all there are: messages were missed, so everything was read again.
	Whole bool
}

// Of gives what the news say of one kind.
func (n *ChangeSet) Of(kind Kind) ChangeSet {
	other := func(d Doc) bool { return d.Kind != kind }
	return ChangeSet{Docs: slices.DeleteFunc(slices.Clone(n.Docs), other), Gone: slices.DeleteFunc(slices.Clone(n.Gone), other), Whole: n.Whole}
}
