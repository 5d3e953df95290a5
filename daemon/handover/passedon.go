package handover

// followSuccessor keeps whom the successor has handed over to. One of an older version does not say.
func (l *Link) followSuccessor() {
	for {
		next := int(l.next.Load())
		if err := l.successor.Call("Heir.Successor", next, &next); err != nil || l.isLost() {
			return
		}
		l.next.Store(int64(next))
	}
}

// PassedOn is the process that the successor has handed over to; 0 when there is none.
func (l *Link) PassedOn() int { return int(l.next.Load()) }

// PassedOn tells the old process that this one has handed over to another one, or with 0 that it serves again. When this one
// ends, the old process must not take back what is another's by then.
func (h *Successor) PassedOn(to int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next = to
	close(h.passed)
	h.passed = make(chan struct{})
}

func (h *Successor) successorOtherThan(known int) int {
	for {
		h.mu.Lock()
		next, passed := h.next, h.passed
		h.mu.Unlock()
		if next != known {
			return next
		}
		select {
		case <-passed:
		case <-h.life.Done():
			return known
		}
	}
}
