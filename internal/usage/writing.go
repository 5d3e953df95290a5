package usage

// writing is who writes down what a ledger is told: the ledger itself, or its successor. Its methods are called with the ledger's mu
// held.
type writing interface {
	opened(*Record)
	// closed is told of the end of a request, which was open or, where it was refused, never was.
	closed(r *Record, open bool)
	// take gives back what may not be durable there.
	take() []Line
}

// inFiles is a ledger that writes itself.
type inFiles struct{ *Ledger }

func (l inFiles) opened(r *Record) {
	l.append(opened, r)
	l.batch.opened = append(l.batch.opened, r.ID)
}

func (l inFiles) closed(r *Record, open bool) {
	if !open && !r.counts() && l.full() { // refusals come without end while there is no room
		l.dropped++
		return
	}
	l.appendClosed(r)
}

// take gives nothing: what waits stays in its place.
func (inFiles) take() []Line { return nil }

// appendClosed is called with mu held.
func (l *Ledger) appendClosed(r *Record) {
	l.append(closed, r)
	if r.counts() {
		add(l.batch.sums, r, l.days.of(r.End(), l.opt.Zone), &l.names)
	}
}

// bySuccessor is a ledger that was handed over.
type bySuccessor struct{ to Successor }

func (s bySuccessor) opened(r *Record) { s.to.Opened(r.appendJSON(nil)) }

func (s bySuccessor) closed(r *Record, _ bool) { s.to.Closed(r.appendJSON(nil)) }

func (s bySuccessor) take() []Line { return s.to.Return() }
