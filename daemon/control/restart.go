package control

import (
	"context"
	"errors"
	"time"
)

// Freeze waits for the changes that are being made, and has further ones wait until Thaw or Leave.
func (h *Handler) Freeze(ctx context.Context) error {
	for !h.changes.TryLock() {
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return errors.New("a change over the control socket is still under way")
		}
	}
	return nil
}

// Thaw lets changes through again.
func (h *Handler) Thaw() { h.changes.Unlock() }

// Leave refuses changes from now on, or takes that back.
func (h *Handler) Leave(left bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left = left
}

func (h *Handler) hasLeft() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.left
}

// EndStreams ends the answers that have no end of their own. Whoever wants more of them asks again.
func (h *Handler) EndStreams() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.stopping)
	h.stopping = make(chan struct{})
}

// ending is closed when an answer without an end must end.
func (h *Handler) ending() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stopping
}
