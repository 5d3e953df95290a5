package control

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crs/daemon/admin"
)

func newTestCalls(why string) *calls {
	return &calls{seats: make(chan struct{}, 2), look: time.Millisecond, most: time.Minute, hangs: func() string { return why }}
}

// TestACallThatHangsIsAnswered, and so many at most go on.
func TestACallThatHangsIsAnswered(t *testing.T) {
	t.Parallel()
	r, wakes := newTestCalls("the disk hangs"), make(chan struct{})
	hangs := func(*http.Request) (any, error) { <-wakes; return "late", nil }
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		out, err := r.do(httptest.NewRequest(method, "/", nil), hangs)
		if out != nil || !errors.As(err, new(*busy)) || !strings.Contains(err.Error(), "no answer yet: the disk hangs") {
			t.Errorf("%v, %v", out, err)
		}
		if e := admin.ErrorOf(err); strings.Contains(e.Hint, "may be done yet") != (method == http.MethodPost) {
			t.Errorf("%s: %s", method, e.Hint)
		}
	}
	quick := func(*http.Request) (any, error) { return "quick", nil }
	if _, err := r.do(httptest.NewRequest(http.MethodGet, "/", nil), quick); !errors.As(err, new(*busy)) {
		t.Errorf("a third one: %v", err)
	}
	close(wakes)
	for len(r.seats) > 0 {
		time.Sleep(time.Millisecond)
	}
	if out, err := r.do(httptest.NewRequest(http.MethodGet, "/", nil), quick); out != "quick" || err != nil {
		t.Errorf("when the disk answers again: %v, %v", out, err)
	}
}

// TestACallThatIsOnlySlowIsWaitedFor, as long as it may take.
func TestACallThatIsOnlySlowIsWaitedFor(t *testing.T) {
	t.Parallel()
	r := newTestCalls("")
	slow := func(*http.Request) (any, error) { time.Sleep(20 * r.look); return "slow", nil }
	if out, err := r.do(httptest.NewRequest(http.MethodGet, "/", nil), slow); out != "slow" || err != nil {
		t.Errorf("%v, %v", out, err)
	}
	r.most = time.Millisecond
	wakes := make(chan struct{})
	defer close(wakes)
	endless := func(*http.Request) (any, error) { <-wakes; return nil, nil }
	if _, err := r.do(httptest.NewRequest(http.MethodGet, "/", nil), endless); !errors.As(err, new(*busy)) || !strings.Contains(err.Error(), "takes too long") {
		t.Error(err)
	}
}

// TestACallerThatLeavesIsNotWaitedFor, and one that panics is told as any other that does.
func TestACallerThatLeavesIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	r, wakes := newTestCalls(""), make(chan struct{})
	defer close(wakes)
	gone, leave := context.WithCancel(t.Context())
	leave()
	req := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(gone)
	if _, err := r.do(req, func(*http.Request) (any, error) { <-wakes; return nil, nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	defer func() {
		if p := recover(); p != "oops" {
			t.Errorf("it panicked with %v", p)
		}
	}()
	_, _ = r.do(httptest.NewRequest(http.MethodGet, "/", nil), func(*http.Request) (any, error) { panic("oops") })
}
