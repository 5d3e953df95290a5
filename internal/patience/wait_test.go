package patience_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"crs/internal/patience"
)

func TestPauseAndAwaitEndWithWhatComesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if !patience.Pause(t.Context(), time.Hour) || time.Since(began) != time.Hour {
			t.Errorf("a pause of an hour took %s", time.Since(began))
		}
		short, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		began = time.Now()
		if patience.Pause(short, time.Hour) || time.Since(began) != time.Minute {
			t.Errorf("a pause that was cut short took %s", time.Since(began))
		}
		never, soon := make(chan struct{}), make(chan struct{})
		time.AfterFunc(time.Second, func() { close(soon) })
		if patience.Await(short, never, time.Hour) || patience.Await(t.Context(), never, time.Millisecond) || !patience.Await(t.Context(), soon, time.Hour) {
			t.Error("it is not told whether it came")
		}
	})
}

func TestEveryRunsAtOnceAndUntilTheContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 5*time.Second/2)
		defer stop()
		runs := 0
		for range patience.Every(ctx, time.Second) {
			runs++
		}
		for range patience.Every(t.Context(), time.Second) {
			runs++
			break
		}
		if runs != 4 {
			t.Errorf("%d runs in two and a half seconds, and one that was left", runs)
		}
	})
}

func TestWhoIsPokedTwiceHearsItOnce(t *testing.T) {
	t.Parallel()
	c := make(chan struct{}, 1)
	patience.Poke(c)
	patience.Poke(c)
	if <-c; len(c) != 0 || patience.Over(c) {
		t.Error("more than one word was in a channel that was poked, or it counts as closed")
	}
	close(c)
	if !patience.Over(c) {
		t.Error("it is closed")
	}
}
