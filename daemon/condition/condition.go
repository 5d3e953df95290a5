// Package condition finds what is wrong with a daemon, or worth knowing of it: a row for each kind. Status, doctor, the dashboard, alerts
// and metrics show what these rows find.
package condition

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"crs/ctl"
	"crs/internal/account"
	"crs/internal/key"
	"crs/internal/limit"
)

// Kind is a condition that there can be.
type Kind struct {
	Code     string
	Severity string // one of ctl's
	// Seen is set where whoever operates a daemon sees it anyway: no alert is sent.
	Seen bool
	// Find gives where it holds; nothing while all is well.
	Find func(*View) []Found
}

// Found is one place where a condition holds.
type Found struct {
	Subject  string // the name of the account, key or platform that it is about; "" for the daemon itself
	Sentence string // without its full stop
	Hint     string
}

// View is what is looked at, all at one moment.
type View struct {
	Now      time.Time
	Accounts []account.Status
	Waiting  int // requests that wait for an account's slot
	Keys     int
	// Budgets are keys with what they have spent; nil where there are too many to look at.
	Budgets []Budget
	KeyName func(id string) string
}

// Budget is a key and what it uses.
type Budget struct {
	Key *key.Key
	Use limit.Use
}

// Watch finds the conditions that hold, and remembers since when. Its methods may be called from any goroutine.
type Watch struct {
	kinds []Kind
	view  func() *View

	mu    sync.Mutex // guards since
	since map[place]time.Time
}

// place is where a condition holds.
type place struct{ code, subject string }

// NewWatch makes a Watch of what view shows. own are the kinds that are about the daemon itself, the worst first.
func NewWatch(own []Kind, view func() *View) *Watch {
	kinds := slices.Concat(own, serviceKinds(), accountKinds(), keyKinds())
	slices.SortStableFunc(kinds, func(a, b Kind) int { return cmp.Compare(rank(a.Severity), rank(b.Severity)) })
	return &Watch{kinds: kinds, view: view}
}

// rank is 0 for the worst.
func rank(severity string) int {
	return slices.Index([]string{ctl.SeverityFailed, ctl.SeverityWarning, ctl.SeverityNote}, severity)
}

// Now are the conditions that hold, the worst first. It is never nil.
func (w *Watch) Now() []ctl.Condition {
	v, all := w.view(), []ctl.Condition{}
	for i := range w.kinds {
		k := &w.kinds[i]
		for _, f := range k.sorted(v) {
			all = append(all, ctl.Condition{Code: k.Code, Severity: k.Severity, Subject: f.Subject, Sentence: f.Sentence, Hint: f.Hint})
		}
	}
	w.date(all, v.Now.UTC())
	return all
}

func (k *Kind) sorted(v *View) []Found {
	found := k.Find(v)
	slices.SortStableFunc(found, func(a, b Found) int { return strings.Compare(a.Subject, b.Subject) })
	return found
}

// Alerts are those of them that somebody has to be told of.
func (w *Watch) Alerts() []ctl.Condition {
	seen := map[string]bool{}
	for i := range w.kinds {
		k := &w.kinds[i]
		seen[k.Code] = k.Seen || k.Severity == ctl.SeverityNote
	}
	return slices.DeleteFunc(w.Now(), func(c ctl.Condition) bool { return seen[c.Code] })
}

// date says since when each of them is seen, and forgets those that are over.
func (w *Watch) date(all []ctl.Condition, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := make(map[place]time.Time, len(all))
	for i := range all {
		at := place{all[i].Code, all[i].Subject}
		began, known := w.since[at]
		if !known {
			began = now
		}
		seen[at], all[i].Since = began, began
	}
	w.since = seen
}

// Codes tells of each kind whether it holds anywhere.
func (w *Watch) Codes() map[string]bool {
	all := make(map[string]bool, len(w.kinds))
	for i := range w.kinds {
		all[w.kinds[i].Code] = false
	}
	for _, c := range w.Now() {
		all[c.Code] = true
	}
	return all
}

// holds is a Find about the daemon as a whole.
func holds(is func(*View) bool, sentence, hint string) func(*View) []Found {
	return func(v *View) []Found {
		if is(v) {
			return []Found{{Sentence: sentence, Hint: hint}}
		}
		return nil
	}
}

// Own is a kind about the daemon itself. sentence gives "" while all is well; mend, if not nil, says what to do about the error behind
// it, before the hint.
func Own(code, severity string, sentence func() string, hint string, mend func() string) Kind {
	return Kind{Code: code, Severity: severity, Find: func(*View) []Found {
		said := sentence()
		switch {
		case said == "":
			return nil
		case mend != nil:
			return []Found{{Sentence: said, Hint: mend() + "; " + hint}}
		}
		return []Found{{Sentence: said, Hint: hint}}
	}}
}
