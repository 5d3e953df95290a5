package oauth_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crs/internal/oauth"
)

// watch is a clock that a test moves.
type watch struct{ at time.Time }

func (w *watch) now() time.Time { return w.at }

func newLogins() (*oauth.Logins[string], *watch) {
	w := &watch{time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	return oauth.NewLogins[string](w.now), w
}

func begin(t *testing.T, l *oauth.Logins[string], of string) string {
	t.Helper()
	id, _, err := l.Begin(of, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func try(t *testing.T, l *oauth.Logins[string], id string) *oauth.Try[string] {
	t.Helper()
	x, err := l.Try(id)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// closed wants a login that cannot be finished, and why.
func closed(t *testing.T, l *oauth.Logins[string], id, why string) {
	t.Helper()
	_, tried := l.Try(id)
	_, looked := l.Look(id)
	for _, err := range []error{tried, looked, l.Drop(id)} {
		var not *oauth.NotOpen
		if !errors.As(err, &not) || not.Busy || err.Error() != "login "+id+" "+why {
			t.Errorf("%v, want that it %s", err, why)
		}
	}
}

func TestALoginIsUsedOnce(t *testing.T) {
	t.Parallel()
	l, _ := newLogins()
	id := begin(t, l, "a")
	if x := try(t, l, id); x.Of != "a" {
		t.Errorf("%q", x.Of)
	} else {
		x.Over("was used already")
		x.Failed() // has ended: nothing happens
	}
	closed(t, l, id, "was used already")
}

func TestALoginLastsTenMinutes(t *testing.T) {
	t.Parallel()
	l, w := newLogins()
	id, ends, err := l.Begin("a", time.Time{})
	if err != nil || !ends.Equal(w.at.Add(10*time.Minute)) {
		t.Fatal(ends, err)
	}
	w.at = ends.Add(-time.Nanosecond)
	try(t, l, id).Pause()
	w.at = ends
	closed(t, l, id, "has expired: it could be finished for 10m0s")
	w.at = ends.Add(time.Hour)
	var none *oauth.NoLogin
	if _, err := l.Try(id); !errors.As(err, &none) {
		t.Errorf("an hour later: %v", err)
	}
}

func TestALoginEndsEarlierWhenItsProviderSaysSo(t *testing.T) {
	t.Parallel()
	l, w := newLogins()
	id, ends, err := l.Begin("a", w.at.Add(5*time.Minute))
	if err != nil || !ends.Equal(w.at.Add(5*time.Minute)) {
		t.Fatal(ends, err)
	}
	if _, late, _ := l.Begin("b", w.at.Add(time.Hour)); !late.Equal(w.at.Add(10 * time.Minute)) {
		t.Errorf("%v", late)
	}
	w.at = ends
	closed(t, l, id, "has expired: it could be finished for 5m0s")
}

func TestATryThatBeganInTimeMayEndLater(t *testing.T) {
	t.Parallel()
	l, w := newLogins()
	id := begin(t, l, "a")
	x := try(t, l, id)
	w.at = w.at.Add(11 * time.Minute)
	begin(t, l, "b") // looks for what is too old
	if x.Failed() != 4 {
		t.Error("it was not counted")
	}
	closed(t, l, id, "has expired: it could be finished for 10m0s")
}

func TestTheFifthFailureEndsALogin(t *testing.T) {
	t.Parallel()
	l, _ := newLogins()
	id := begin(t, l, "a")
	for want := 4; want >= 0; want-- {
		try := try(t, l, id)
		if left := try.Failed(); left != want {
			t.Errorf("%d tries are left, want %d", left, want)
		}
		if left := try.Failed(); left != want {
			t.Errorf("a try was counted twice: %d are left", left)
		}
		if want > 0 {
			paused, err := l.Try(id)
			if err != nil {
				t.Fatal(err)
			}
			paused.Pause() // does not count
		}
	}
	closed(t, l, id, "failed 5 times")
}

func TestOneTryAtATime(t *testing.T) {
	t.Parallel()
	l, _ := newLogins()
	id := begin(t, l, "a")
	var begun, busy atomic.Int64
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			_, err := l.Try(id)
			var not *oauth.NotOpen
			switch {
			case err == nil:
				begun.Add(1)
			case errors.As(err, &not) && not.Busy:
				busy.Add(1)
			}
		})
	}
	wait.Wait()
	if begun.Load() != 1 || busy.Load() != 19 {
		t.Errorf("%d tries at once, %d were told to wait", begun.Load(), busy.Load())
	}
	if of, err := l.Look(id); of != "a" || err != nil {
		t.Errorf("it cannot be looked at meanwhile: %q, %v", of, err)
	}
}

func TestALoginThatIsGivenUpDuringATryIsOver(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*oauth.Try[string]){
		"paused": (*oauth.Try[string]).Pause, "failed": func(x *oauth.Try[string]) { x.Failed() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, _ := newLogins()
			id := begin(t, l, "a")
			x := try(t, l, id)
			if err := l.Drop(id); err != nil {
				t.Fatal(err)
			}
			end(x)
			closed(t, l, id, "was given up")
		})
	}
}

func TestTheNumberOfLoginsIsBounded(t *testing.T) {
	t.Parallel()
	l, w := newLogins()
	var ids []string
	for i := range 100 {
		ids = append(ids, begin(t, l, fmt.Sprint(i)))
		w.at = w.at.Add(time.Second)
	}
	if _, _, err := l.Begin("one more", time.Time{}); !errors.Is(err, oauth.ErrTooManyLogins) {
		t.Errorf("%v", err)
	}
	for _, i := range []int{7, 3} {
		try(t, l, ids[i]).Over("was used already")
	}
	begin(t, l, "in the place of the third")
	var none *oauth.NoLogin
	if _, err := l.Try(ids[3]); !errors.As(err, &none) {
		t.Errorf("the oldest that was over is still known: %v", err)
	}
	closed(t, l, ids[7], "was used already")
	try(t, l, ids[0]).Pause()
}

func TestIDsOfLoginsAreUnlikeEachOther(t *testing.T) {
	t.Parallel()
	l, _ := newLogins()
	a, b := begin(t, l, "a"), begin(t, l, "b")
	if a == b || len(a) != len("login_")+16 || !strings.HasPrefix(a, "login_") || a[:12] == b[:12] {
		t.Errorf("%s, %s", a, b)
	}
	var none *oauth.NoLogin
	if _, err := l.Try("login_other"); !errors.As(err, &none) || err.Error() != `there is no login "login_other"` {
		t.Errorf("%v", err)
	}
}
