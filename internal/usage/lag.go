package usage

import "time"

// Lag is how far a ledger is behind.
type Lag struct {
	Open      int // requests that are open in it
	Unwritten int // bytes that are not durable
	// Disk and Rollups are the age of the oldest entry that is not durable, or not added up in the store.
	Disk, Rollups time.Duration
	// DiskFails tells that the last attempt failed, or that it is overdue: a disk may also give no answer. RollupsFail tells that the
	// last one failed.
	DiskFails, RollupsFail bool
}

// overdue is how much later than it should be an entry becomes durable on a disk that is busy.
const overdue = 3 * time.Second

// Lag tells how far the ledger is behind. It waits neither for a disk nor for a store.
func (l *Ledger) Lag() Lag {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Lag{Open: len(l.held), Unwritten: len(l.batch.lines), DiskFails: l.lost != nil, RollupsFail: l.lag.late != nil}
	oldest := time.Time{}
	if len(l.batch.lines) > 0 {
		oldest = l.batch.since
	}
	if w := l.lag.writing; w != nil {
		s.Unwritten += len(w.lines)
		oldest = w.since
	}
	s.Disk = ageOf(oldest)
	s.DiskFails = s.DiskFails || s.Disk > l.opt.Commit+overdue
	for _, since := range []time.Time{l.lag.givenSince, l.lag.owedSince, oldest} {
		s.Rollups = max(s.Rollups, ageOf(since))
	}
	return s
}

// Late is why the store did not take the last figures, or nil.
func (l *Ledger) Late() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lag.late
}

func ageOf(since time.Time) time.Duration {
	if since.IsZero() {
		return 0
	}
	return time.Since(since)
}

// lag is what Lag is told of. It is guarded by the ledger's mu, which is never held while a disk or a store works.
type lag struct {
	writing *batch // the batch that is being written; nil when none is
	// owedSince is when the oldest entry was made that is durable and not on its way into the roll-ups, givenSince of those
	// that are on their way; zero when there are none.
	owedSince, givenSince time.Time
	late                  error // why the last adding up failed
}

// durable notes that a batch has been written. It is called with mu held.
func (g *lag) durable(b *batch) {
	g.writing = nil
	if g.owedSince.IsZero() {
		g.owedSince = b.since
	}
}

// giving notes that everything that is durable is given to the store now, together with what it has not taken yet.
func (l *Ledger) giving() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lag.givenSince.IsZero() {
		l.lag.givenSince = l.lag.owedSince
	}
	l.lag.owedSince = time.Time{}
}

// taken notes whether the store has taken all that it was given.
func (l *Ledger) taken(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lag.late = err; err == nil {
		l.lag.givenSince = time.Time{}
	}
}
