package handover

import (
	"context"
	"fmt"
)

// Goodbye tells the successor that nothing is in flight here any more. Everything that it was told is durable when it returns.
func (l *Link) Goodbye(ctx context.Context) error {
	l.leaving.Lock()
	defer l.leaving.Unlock()
	stop := context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.idle.Broadcast()
	})
	defer stop()
	l.mu.Lock()
	for len(l.queue)+len(l.sent)+len(l.heard) > 0 && !l.isLost() && ctx.Err() == nil {
		l.idle.Wait()
	}
	l.mu.Unlock()
	if err := l.call(ctx, "Goodbye", &None{}, new(None)); err != nil {
		return fmt.Errorf("end the handover: %w", err)
	}
	l.dismissed = true
	return l.successor.Close()
}

// Dismissed reports whether the successor has been told that all is done: what was its, stays its, and that it is lost means nothing. It
// waits for a Goodbye that is under way.
func (l *Link) Dismissed() bool {
	l.leaving.Lock()
	defer l.leaving.Unlock()
	return l.dismissed
}
