package usage

import "testing"

// nobody is a successor that is told nothing.
type nobody struct{ told []byte }

func (n *nobody) Opened(b []byte) { n.told = b }
func (*nobody) Closed([]byte)     {}
func (*nobody) Return() []Line    { return nil }

// TestALateHandingOverChangesNothing: the disk lets it go on when the ledger has been taken back, and maybe handed over to another.
func TestALateHandingOverChangesNothing(t *testing.T) {
	t.Parallel()
	late, other := new(nobody), new(nobody)
	for name, l := range map[string]*Ledger{"taken back": {}, "handed over to another": {writing: bySuccessor{other}, yielded: true, away: true}} {
		was, away := l.yielded, l.away
		if err := l.yield(late); err != errTakenBack || l.giveFiles(late) {
			t.Errorf("%s: %v", name, err)
		}
		if l.yielded != was || l.away != away {
			t.Errorf("%s: the files are the successor's: %t, %t", name, l.yielded, l.away)
		}
	}
}
