package admin

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"crs/ctl"
	"crs/internal/audit"
	"crs/internal/store"
)

// notes are a book for entries.
type notes struct{ all []audit.Entry }

func (n *notes) Record(e audit.Entry) { n.all = append(n.all, e) }

func (*notes) Find(context.Context, audit.Query) ([]audit.Row, error) { return nil, nil }

// TestADeedIsWrittenDownAsItEnded: done, perhaps done, or not at all.
func TestADeedIsWrittenDownAsItEnded(t *testing.T) {
	t.Parallel()
	failure := func(err error) error { return fmt.Errorf("write key 1: %w", &store.Failure{Err: err}) }
	for name, c := range map[string]struct {
		err  error
		void bool
		want audit.Outcome // "" for no entry
	}{
		"done":                                   {nil, false, audit.Done},
		"done, with nothing changed":             {nil, true, ""},
		"the store gave no answer":               {invalid(failure(store.ErrUnavailable)), false, audit.Unknown},
		"the caller left":                        {context.Canceled, false, audit.Unknown},
		"no answer, before anything was done":    {context.DeadlineExceeded, true, ""},
		"the store takes no writes":              {invalid(failure(store.ErrNotWritable)), false, ""},
		"it makes no sense":                      {invalid(errors.New("a key needs a name")), false, ""},
		"it was refused in the contract's words": {ctl.Errorf(ctl.Conflict, "bound"), false, ""},
	} {
		book := new(notes)
		o := New(Options{Audit: book})
		actor := audit.Actor{Kind: audit.User, ID: "7"}
		d := o.begins(As(t.Context(), actor), KeyEdit, "alice")
		d.void = c.void
		d.end(&c.err)
		switch {
		case c.want == "" && len(book.all) == 0:
		case c.want == "" || len(book.all) != 1 || book.all[0].Outcome != c.want:
			t.Errorf("%s: %+v", name, book.all)
		case book.all[0].Actor != actor || book.all[0].Subject != (audit.Subject{Kind: "key", Name: "alice"}):
			t.Errorf("%s: %+v", name, book.all[0])
		}
	}
}

// TestAnErrorInTheContractsWordsIsStillTheOneThatItWas.
func TestAnErrorInTheContractsWordsIsStillTheOneThatItWas(t *testing.T) {
	t.Parallel()
	err := invalid(&store.Failure{Err: store.ErrUnavailable})
	if e := ErrorOf(err); e.Code != ctl.Failed || e.Hint == "" || !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%+v of %v", e, err)
	}
}

func TestWhatDiffersIsSaidFieldByField(t *testing.T) {
	t.Parallel()
	shown := func(rpm int64, tags ...string) facts {
		return factsOf(ctl.Key{ID: "key_1", Name: "alice", State: "active", Tags: tags, Limits: ctl.Limits{RequestsPerMinute: rpm, Multiplier: 1.5}}, "use")
	}
	for name, c := range map[string]struct {
		before, after facts
		want          string
	}{
		"edited":         {shown(5, "a"), shown(0, "a", "b"), "[{limits.rpm 5 0} {tags a a, b}]"},
		"nothing":        {shown(5), shown(5), "[]"},
		"new":            {nil, shown(5, "a"), "[{limits.multiplier  1.5} {limits.rpm  5} {state  active} {tags  a}]"},
		"gone":           {shown(0), nil, "[{limits.multiplier 1.5 } {state active }]"},
		"of one's entry": {facts{"map.x": "y", "map.z": "1"}, facts{"map.x": "y"}, "[{map.z 1 }]"},
	} {
		if got := fmt.Sprint(changed(c.before, c.after)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
