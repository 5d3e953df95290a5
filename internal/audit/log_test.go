package audit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"crs/internal/audit"
)

// rows are a store in memory, which can be away.
type rows struct {
	mu   sync.Mutex // guards the fields below
	away error
	lost bool // the answer, and not what was written
	all  []audit.Entry
	keep audit.Limits
}

func (r *rows) AppendAudit(_ context.Context, entries []audit.Entry, keep audit.Limits) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keep = keep; r.away != nil && !r.lost {
		return r.away
	}
	for _, e := range entries {
		if !slices.ContainsFunc(r.all, func(o audit.Entry) bool { return o.ID == e.ID }) {
			r.all = append(r.all, e)
		}
	}
	return r.away
}

func (r *rows) Audit(context.Context, audit.Query) ([]audit.Row, error) {
	return nil, errors.New("nobody asks")
}

func (r *rows) set(away error, lost bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away, r.lost = away, lost
}

func (r *rows) actions() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, e := range r.all {
		all = append(all, e.Action)
	}
	return strings.Join(all, " ")
}

// start starts a log that does not wait long.
func start(t *testing.T, r *rows, change ...func(*audit.Options)) (l *audit.Log, lost func() []string) {
	t.Helper()
	var mu sync.Mutex
	var gone []string
	opt := audit.Options{
		Rows: r, Now: time.Now, Node: "node_1", Keep: time.Hour, Bytes: 1000, Patience: 20 * time.Millisecond, Again: time.Millisecond,
		Lost: func(e audit.Entry) {
			mu.Lock()
			defer mu.Unlock()
			gone = append(gone, e.Action)
		},
	}
	for _, c := range change {
		c(&opt)
	}
	l = audit.Start(opt)
	return l, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return gone
	}
}

func TestWhatIsRecordedIsWrittenWhenRecordReturns(t *testing.T) {
	t.Parallel()
	r := new(rows)
	l, _ := start(t, r, func(o *audit.Options) { o.Patience = time.Minute })
	for n := range 5 {
		l.Record(audit.Entry{Action: fmt.Sprint(n)})
		if got := r.actions(); !strings.HasSuffix(got, fmt.Sprint(n)) {
			t.Errorf("after %d: %s", n, got)
		}
	}
	if e := r.all[0]; e.Node != "node_1" || !strings.HasPrefix(e.ID, "aud_") || time.Since(e.Time) > time.Minute || e.Time.Location() != time.UTC {
		t.Errorf("%+v", e)
	}
	if r.keep.Bytes != 1000 || time.Since(r.keep.Since).Round(time.Minute) != time.Hour {
		t.Errorf("it keeps %+v", r.keep)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestWhatTheStoreDoesNotTakeIsWrittenLater, once, in order; what waits is said.
func TestWhatTheStoreDoesNotTakeIsWrittenLater(t *testing.T) {
	t.Parallel()
	for name, answerLost := range map[string]bool{"it was not written": false, "only its answer was lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := new(rows)
			l, lost := start(t, r)
			r.set(errors.New("full"), answerLost)
			l.Record(audit.Entry{Action: "a"})
			l.Record(audit.Entry{Action: "b"})
			if n, err := l.Health(); n != 2 || err == nil {
				t.Errorf("%d wait, %v", n, err)
			}
			r.set(nil, false)
			l.Record(audit.Entry{Action: "c"})
			if err := l.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if n, err := l.Health(); r.actions() != "a b c" || n != 0 || err != nil || lost() != nil {
				t.Errorf("%s; %d wait, %v; lost: %v", r.actions(), n, err, lost())
			}
		})
	}
}

// TestWhatIsGivenUpIsTold: what is too much, and what cannot be written before the end.
func TestWhatIsGivenUpIsTold(t *testing.T) {
	t.Parallel()
	r := &rows{away: errors.New("away")}
	l, lost := start(t, r, func(o *audit.Options) { o.Patience = time.Nanosecond })
	const many = 1003
	for n := range many {
		l.Record(audit.Entry{Action: fmt.Sprint(n)})
	}
	if got := lost(); !slices.Equal(got, []string{"0", "1", "2"}) {
		t.Errorf("of too many: %v", got)
	}
	if n, _ := l.Health(); n != many-3 {
		t.Errorf("%d wait", n)
	}
	if err := l.Close(t.Context()); err == nil {
		t.Error("it ended well")
	}
	if got := lost(); len(got) != many || got[many-1] != fmt.Sprint(many-1) {
		t.Errorf("at the end: %d", len(got))
	}
}

func TestOfRefusalsTheFirstInAnHourIsWritten(t *testing.T) {
	t.Parallel()
	r := new(rows)
	now := time.Now()
	l, _ := start(t, r, func(o *audit.Options) { o.Patience, o.Now = time.Minute, func() time.Time { return now } })
	refuse := func(uid, action string) {
		l.Record(audit.Entry{Actor: audit.Actor{Kind: audit.User, ID: uid}, Action: action, Outcome: audit.Refused})
	}
	for range 100 {
		refuse("1", "a")
		refuse("1", "b")
		refuse("2", "a")
	}
	if got := r.actions(); got != "a b a" {
		t.Errorf("within an hour: %s", got)
	}
	now = now.Add(time.Hour)
	refuse("1", "a")
	for n := range 5000 {
		refuse(fmt.Sprint("many", n), "c")
	}
	if got := r.actions(); !strings.HasPrefix(got, "a b a a c") || strings.Count(got, "c") > 1000 {
		t.Errorf("%d of many strangers", strings.Count(got, "c"))
	}
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAnEntryIsBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 1<<20)
	e := audit.Entry{Actor: audit.Actor{ID: long, Name: long}, Subject: audit.Subject{ID: long, Name: long}}
	for range 1000 {
		e.Changes = append(e.Changes, audit.Change{Field: long, Before: long, After: long})
	}
	e = e.Bounded()
	size := len(e.Actor.ID) + len(e.Actor.Name) + len(e.Subject.ID) + len(e.Subject.Name)
	for _, c := range e.Changes {
		size += len(c.Field) + len(c.Before) + len(c.After)
	}
	last := e.Changes[len(e.Changes)-1]
	if size > 10<<10 || last.Field != "…" || !strings.HasSuffix(last.After, " more fields") || !utf8.ValidString(e.Changes[0].Before) {
		t.Errorf("%d bytes, the last %+v", size, last)
	}
	small := audit.Entry{Changes: []audit.Change{{Field: "tags", Before: "a", After: "b"}}}
	if got := small.Bounded(); got.Changes[0] != small.Changes[0] || len(got.Changes) != 1 {
		t.Errorf("%+v", got)
	}
}
