package daemon_test

import (
	"os"
	"path/filepath"
	"testing"

	"crs/ctl"
	"crs/lab/crstest"
)

// serves has a node serve requests of a key, and counts them.
type serves struct {
	key    string
	served int64
}

func (s *serves) ask(t *testing.T, b *crstest.Box) {
	t.Helper()
	eventually(t, "the node serves", func() bool { return b.Post(s.key, crstest.Hello).Status == 200 })
	s.served++
	eventually(t, "every request is counted, and has been copied to the log", func() bool {
		u, err := b.Usage(t.Context(), ctl.UsageQuery{})
		return err == nil && u.Total.Requests >= s.served && int64(answered(b)) >= s.served
	})
}

func (s *serves) once(t *testing.T, b *crstest.Box) {
	t.Helper()
	if u, err := b.Usage(t.Context(), ctl.UsageQuery{}); err != nil || u.Total.Requests != s.served {
		t.Errorf("%d requests are counted of %d, %v", u.Total.Requests, s.served, err)
	}
}

func begin(t *testing.T, n []*crstest.Box) *serves {
	t.Helper()
	n[0].Account("up")
	s := &serves{key: n[0].Key("me")}
	for range 3 {
		s.ask(t, n[len(n)-1])
	}
	return s
}

// TestALedgerIsCountedOnceWhateverIsLost: the node's name, the ledger's own note of it, and the marks that Redis has of ledgers.
func TestALedgerIsCountedOnceWhateverIsLost(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]struct{ node, note, marks, said bool }{
		"the name":              {node: true},
		"the marks":             {marks: true, said: true},
		"both":                  {node: true, marks: true, said: true},
		"the name and the note": {node: true, note: true, said: true},
		"all":                   {node: true, note: true, marks: true, said: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, n := nodes(t, 2)
			b := n[1]
			s := begin(t, n)
			b.Halt()
			if lost.node {
				lose(t, b, "node")
			}
			if lost.note {
				lose(t, b, "ledger/counted.json")
			}
			if lost.marks {
				server.Do(t, "DEL", "crs:{usage}:marks", "crs:{log}:marks")
			}
			b.Boot()
			s.ask(t, b)
			s.once(t, b)
			if is, err := b.Status(t.Context()); err != nil || is.Has("usage_withheld") != lost.said {
				t.Errorf("it says %+v, %v", is.Conditions, err)
			}
			b.Halt()
			b.Boot()
			s.ask(t, b)
			s.once(t, b)
		})
	}
}

func TestMarksThatAreLostWhileANodeRunsCountNothingTwice(t *testing.T) {
	t.Parallel()
	server, n := nodes(t, 1)
	s := begin(t, n)
	server.Do(t, "DEL", "crs:{usage}:marks", "crs:{log}:marks")
	s.ask(t, n[0])
	s.once(t, n[0])
	if is, err := n[0].Status(t.Context()); err != nil || !is.Has("usage_withheld") {
		t.Errorf("it says %+v, %v", is.Conditions, err)
	}
}

func lose(t *testing.T, b *crstest.Box, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(b.Dir, name)); err != nil {
		t.Fatal(err)
	}
}
