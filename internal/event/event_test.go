package event_test

import (
	"sync"
	"testing"

	"crs/internal/event"
)

func TestASlowWatcherLosesTheOldestAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	var bus event.Bus[int]
	bus.Publish(0) // nobody sees it
	slow, quick := bus.Watch(3), bus.Watch(100)
	for i := 1; i <= 10; i++ {
		bus.Publish(i)
	}
	for want := 8; want <= 10; want++ {
		if got := <-slow.Events(); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
	if n := slow.Missed(); n != 7 || slow.Missed() != 0 {
		t.Errorf("missed %d", n)
	}
	for want := 1; want <= 10; want++ {
		if got := <-quick.Events(); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
	slow.Close()
	slow.Close()
	if !bus.Watched() {
		t.Error("closing one watcher twice ended the other")
	}
	quick.Close()
	if bus.Watched() {
		t.Error("somebody still watches")
	}
}

func TestManyPublishersAndWatchers(t *testing.T) {
	t.Parallel()
	var bus event.Bus[int]
	var wg sync.WaitGroup
	for range 4 {
		w := bus.Watch(1)
		wg.Go(func() {
			for range 100 {
				<-w.Events()
			}
			w.Close()
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for {
		select {
		case <-done:
			return
		default:
			bus.Publish(1)
		}
	}
}
