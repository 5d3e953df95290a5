package audit

import (
	"sync"
	"time"
)

// refusals has only the first of an actor's refusals be written, of each action in an hour: who may do nothing must not be able to push
// out of the log what others have done.
type refusals struct {
	mu   sync.Mutex // guards seen
	seen map[refusal]time.Time
}

type refusal struct {
	kind       ActorKind
	id, action string
}

const (
	refusalEvery = time.Hour
	mostRefusals = 1000 // that are remembered
)

// first reports whether a refusal is to be written.
func (r *refusals) first(e *Entry, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := refusal{e.Actor.Kind, e.Actor.ID, e.Action}
	if last, ok := r.seen[of]; ok && now.Sub(last).Abs() < refusalEvery {
		return false
	}
	for old, at := range r.seen {
		if now.Sub(at).Abs() >= refusalEvery {
			delete(r.seen, old)
		}
	}
	if len(r.seen) >= mostRefusals {
		return false
	}
	if r.seen == nil {
		r.seen = map[refusal]time.Time{}
	}
	r.seen[of] = now
	return true
}
