package control

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func newTestReads(why string) *reads {
	return &reads{seats: make(chan struct{}, 2), look: time.Millisecond, most: time.Minute, hangs: func() string { return why }}
}

// TestAReadThatHangsIsAnswered, and so many at most go on.
func TestAReadThatHangsIsAnswered(t *testing.T) {
	t.Parallel()
	r, wakes := newTestReads("the disk hangs"), make(chan struct{})
	hangs := func(*http.Request) (any, error) { <-wakes; return "late", nil }
	for range 2 {
		out, err := r.do(httptest.NewRequest(http.MethodGet, "/", nil), hangs)
		if out != nil || !errors.As(err, new(*busy)) || !strings.Contains(err.Error(), "no answer yet: the disk hangs") {
			t.Errorf("%v, %v", out, err)
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

// TestAReadThatIsOnlySlowIsWaitedFor, as long as it may take.
func TestAReadThatIsOnlySlowIsWaitedFor(t *testing.T) {
	t.Parallel()
	r := newTestReads("")
	slow := func(*http.Request) (any, error) { time.Sleep(20 * r.look); return "slow", nil }
	if out, err := r.do(httptest.NewRequest(http.MethodGet, "/", nil), slow); out != "slow" || err != nil {
		t.Errorf("%v, %v", out, err)
	}
	r.most = time.Millisecond
	wakes := make(chan struct{})
	defer close(wakes)
	endless := func(*http.Request) (any, error) { <-wakes; return nil, nil }
	if _, err := r.do(httptest.NewRequest(http.MethodGet, "/", nil), endless); !errors.As(err, new(*busy)) || !strings.Contains(err.Error(), "too long") {
		t.Error(err)
	}
}

// TestACallerThatLeavesAReadIsNotWaitedFor, and one that panics is told as any other that does.
func TestACallerThatLeavesAReadIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	r, wakes := newTestReads(""), make(chan struct{})
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
