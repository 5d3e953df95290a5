package oauth

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// LoginLife is how long a login that has begun can be finished.
	LoginLife = 10 * time.Minute
	// LoginTries is how often that may fail.
	LoginTries = 5

	mostLogins = 100       // that are kept, those that are over included
	remembered = time.Hour // how long, so that whoever tries one again is told what became of it
)

// Logins keeps the logins that have begun, each until it is finished or given up, has failed too often, or is too old. What
// T holds of a login is dropped then. Logins is safe for concurrent use.
type Logins[T any] struct {
	now func() time.Time

	mu  sync.Mutex // guards the fields below, and every login
	all map[string]*login[T]
}

type login[T any] struct {
	of          T
	begun, ends time.Time
	failed      int
	try         *Try[T] // the one under way, nil for none
	over        string  // what became of it, "" while it is open
}

// NewLogins makes an empty Logins.
func NewLogins[T any](now func() time.Time) *Logins[T] {
	return &Logins[T]{now: now, all: map[string]*login[T]{}}
}

// NoLogin means that there is no login with this id. It may have been forgotten.
type NoLogin struct{ ID string }

// Error implements error.
func (e *NoLogin) Error() string { return fmt.Sprintf("there is no login %q", e.ID) }

// NotOpen means that a login cannot be finished any more; or not now, when somebody else is about to.
type NotOpen struct {
	ID, Why string
	Busy    bool
}

// Error implements error.
func (e *NotOpen) Error() string { return fmt.Sprintf("login %s %s", e.ID, e.Why) }

// ErrTooManyLogins means that too many have begun and not ended. They end by themselves.
var ErrTooManyLogins = errors.New("too many logins have begun; wait until some have ended, ten minutes at most")

// Begin keeps a login, and gives the id that it is finished by, and when it ends: after ten minutes, or at latest unless
// that is zero.
func (l *Logins[T]) Begin(of T, latest time.Time) (id string, ends time.Time, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.sweep(now)
	if len(l.all) >= mostLogins && !l.forgetOne() {
		return "", time.Time{}, ErrTooManyLogins
	}
	id, ends = newLoginID(), now.Add(LoginLife)
	if !latest.IsZero() && latest.Before(ends) {
		ends = latest
	}
	l.all[id] = &login[T]{of: of, begun: now, ends: ends}
	return id, ends, nil
}

// newLoginID is random, and easy to type.
func newLoginID() string {
	return "login_" + strings.ToLower(rand.Text()[:16])
}

// sweep ends what is too old and forgets what is older still. It is called with mu held, as are all that have no lock of
// their own.
func (l *Logins[T]) sweep(now time.Time) {
	for id, x := range l.all {
		if x.over == "" && x.try == nil && !now.Before(x.ends) {
			x.end("has expired: it could be finished for " + x.ends.Sub(x.begun).Round(time.Second).String())
		}
		if x.over != "" && now.Sub(x.begun) >= remembered {
			delete(l.all, id)
		}
	}
}

// forgetOne makes room by forgetting the oldest login that is over.
func (l *Logins[T]) forgetOne() bool {
	oldest := ""
	for id, x := range l.all {
		if x.over != "" && (oldest == "" || x.begun.Before(l.all[oldest].begun)) {
			oldest = id
		}
	}
	delete(l.all, oldest)
	return oldest != ""
}

func (x *login[T]) end(why string) {
	var nothing T
	x.of, x.over = nothing, why
}

// open finds a login that is not over.
func (l *Logins[T]) open(id string) (*login[T], error) {
	l.sweep(l.now())
	x := l.all[id]
	switch {
	case x == nil:
		return nil, &NoLogin{id}
	case x.over != "":
		return nil, &NotOpen{ID: id, Why: x.over}
	}
	return x, nil
}

// Look gives a login that is open. Whoever tries to finish it at the same time has it too.
func (l *Logins[T]) Look(id string) (of T, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x, err := l.open(id)
	if err != nil {
		return of, err
	}
	return x.of, nil
}

// Drop gives a login up.
func (l *Logins[T]) Drop(id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	x, err := l.open(id)
	if err == nil {
		x.end("was given up")
	}
	return err
}

// Try lends a login to whoever tries to finish it. Nobody else gets it until the try has ended.
func (l *Logins[T]) Try(id string) (*Try[T], error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x, err := l.open(id)
	if err != nil {
		return nil, err
	}
	if x.try != nil {
		return nil, &NotOpen{ID: id, Why: "is being finished at this moment", Busy: true}
	}
	x.try = &Try[T]{Of: x.of, Ends: x.ends, from: l, login: x}
	return x.try, nil
}

// A Try is one attempt to finish a login. Over, Failed or Pause ends it; whatever comes after that does nothing.
type Try[T any] struct {
	Of   T
	Ends time.Time // of the login

	from  *Logins[T]
	login *login[T]
}

// release reports whether the try had not ended before.
func (t *Try[T]) release() bool {
	mine := t.login.try == t
	if mine {
		t.login.try = nil
	}
	return mine
}

// Over ends the login. why says what became of it, after its name: "was used already".
func (t *Try[T]) Over(why string) {
	t.from.mu.Lock()
	defer t.from.mu.Unlock()
	if t.release() {
		t.login.end(why)
	}
}

// Failed counts a try that came to nothing, and gives how many are left. With the last one the login is over.
func (t *Try[T]) Failed() (left int) {
	t.from.mu.Lock()
	defer t.from.mu.Unlock()
	if t.release() && t.login.over == "" {
		if t.login.failed++; t.login.failed == LoginTries {
			t.login.end(fmt.Sprintf("failed %d times", LoginTries))
		}
	}
	return LoginTries - t.login.failed
}

// Pause gives the login back as it was.
func (t *Try[T]) Pause() {
	t.from.mu.Lock()
	defer t.from.mu.Unlock()
	t.release()
}
