package store

import "context"

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
	of := ChangeSet{Whole: n.Whole}
	for _, d := range n.Docs {
		if d.Kind == kind {
			of.Docs = append(of.Docs, d)
		}
	}
	for _, d := range n.Gone {
		if d.Kind == kind {
			of.Gone = append(of.Gone, d)
		}
	}
	return of
}

// Feed is a store that other nodes write to as well.
type Feed interface {
	// Follow gives to take, within a second, what was written since the store was opened, until ctx ends. How the store
	// does it tells health: nil when it could be asked, what is wrong when it could not; each only when it changes.
	Follow(ctx context.Context, take func(ChangeSet), health func(error))
}
