package key

import (
	"context"
	"errors"
	"strings"
	"time"

	"crs/internal/document"
	"crs/internal/store"
)

// Reason is why a presented key is refused.
type Reason string

// The reasons.
const (
	Missing  Reason = "missing"
	Unknown  Reason = "unknown"
	Disabled Reason = "disabled"
	Deleted  Reason = "deleted"
	Expired  Reason = "expired"
)

// Reasons are all of them.
func Reasons() []Reason { return []Reason{Missing, Unknown, Disabled, Deleted, Expired} }

// Invalid is a key that does not open anything. Key is nil unless it is known.
type Invalid struct {
	Reason Reason
	Key    *Key
}

// Error implements error. It never shows what was presented.
func (e *Invalid) Error() string {
	switch e.Reason {
	case Missing:
		return "no key was given: send your cr_… key as x-api-key, Authorization: Bearer, x-goog-api-key, api-key or ?key="
	case Unknown:
		return "this key is not known here"
	case Expired:
		return "this key expired on " + e.Key.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return "this key is " + string(e.Reason)
}

// Verify finds the key that was presented. Its time begins with this call if it counts from the first use. Any error but
// *Invalid is the store's.
func (r *Ring) Verify(ctx context.Context, presented string) (*Key, error) {
	if presented == "" {
		return nil, &Invalid{Reason: Missing}
	}
	if len(presented) > maxPresented || !strings.HasPrefix(presented, Prefix) {
		return nil, &Invalid{Reason: Unknown}
	}
	k := r.keys.Find(document.Sum(digestOf(presented)))
	switch {
	case k == nil:
		return nil, &Invalid{Reason: Unknown}
	case k.Deleted():
		return nil, &Invalid{Reason: Deleted, Key: k}
	case k.Disabled:
		return nil, &Invalid{Reason: Disabled, Key: k}
	}
	if k.ActivateFor > 0 && k.ActivatedAt.IsZero() {
		return r.activate(ctx, k)
	}
	if k.Expired(r.now()) {
		return nil, &Invalid{Reason: Expired, Key: k}
	}
	return k, nil
}

// activate begins a key's time. When two requests are first at once, one of them sees that the other has done it.
func (r *Ring) activate(ctx context.Context, k *Key) (*Key, error) {
	begun := *k
	begun.ActivatedAt = r.now().UTC()
	begun.ExpiresAt = begun.ActivatedAt.Add(k.ActivateFor)
	done, err := r.keys.Save(ctx, begun)
	switch {
	case errors.As(err, new(*store.Conflict)):
		return r.Get(k.ID)
	case errors.Is(err, store.ErrUnavailable):
		return k, nil // its time begins when that can be written down
	}
	return done, err
}
