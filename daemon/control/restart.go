package control

import (
	"context"
	"errors"
	"time"

	"crs/internal/patience"
)

// Freeze waits for the changes that are being made, and has further ones wait until Thaw or Leave.
func (h *Handler) Freeze(ctx context.Context) error {
	for !h.changes.TryLock() {
		if !patience.Pause(ctx, time.Millisecond) {
			return errors.New("a change over the control socket is still under way")
		}
	}
	return nil
}

// Thaw lets changes through again.
func (h *Handler) Thaw() { h.changes.Unlock() }

// Leave refuses changes from now on, or takes that back.
func (h *Handler) Leave(left bool) { h.left.Store(left) }

// EndStreams ends the answers that have no end of their own. Whoever wants more of them asks again.
func (h *Handler) EndStreams() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stop()
	h.streams, h.stop = context.WithCancel(context.Background())
}

// ending ends when an answer without an end must end.
func (h *Handler) ending() context.Context {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.streams
}
