package patience_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"crs/internal/patience"
)

func TestWithin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		other := errors.New("other")
		if err := patience.Within(time.Second, func() error { return other }); !errors.Is(err, other) {
			t.Errorf("what gives an answer: %v", err)
		}
		woken, done := make(chan struct{}), false
		err := patience.Within(time.Second, func() error { <-woken; done = true; return nil })
		if !errors.Is(err, patience.ErrHangs) || done {
			t.Errorf("what gives none: %v", err)
		}
		close(woken)
		if synctest.Wait(); !done {
			t.Error("it was not done when there was an answer")
		}
	})
}
