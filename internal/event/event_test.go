package event_test

import (
	"slices"
	"sync"
	"testing"

	"crs/internal/event"
)

func publish(bus *event.Bus[int], events ...int) {
	for _, e := range events {
		bus.Publish(&e)
	}
}

func TestASlowWatcherLosesTheOldestAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	var bus event.Bus[int]
	publish(&bus, 0) // nobody sees it
	slow, quick := bus.Watch(3), bus.Watch(100)
	defer slow.Close()
	defer quick.Close()
	publish(&bus, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	<-slow.More()
	if got, missed := slow.Take(nil); !slices.Equal(got, []int{8, 9, 10}) || missed != 7 {
		t.Errorf("the slow one got %v and missed %d", got, missed)
	}
	<-quick.More()
	if got, missed := quick.Take(nil); len(got) != 10 || !slices.IsSorted(got) || missed != 0 {
		t.Errorf("the quick one got %v and missed %d", got, missed)
	}
}

func TestWhatIsTakenIsGone(t *testing.T) {
	t.Parallel()
	var bus event.Bus[int]
	w := bus.Watch(3)
	defer w.Close()
	if got, missed := w.Take([]int{0}); !slices.Equal(got, []int{0}) || missed != 0 {
		t.Errorf("of nothing it got %v and missed %d", got, missed)
	}
	for round, events := range [][]int{{1, 2}, {3}, {4, 5, 6, 7, 8}, {9}, {10, 11, 12}, {13, 14, 15, 16}} {
		publish(&bus, events...)
		<-w.More()
		want := events[max(0, len(events)-3):]
		if got, missed := w.Take(nil); !slices.Equal(got, want) || missed != int64(len(events)-len(want)) {
			t.Errorf("round %d: got %v and missed %d of %v", round, got, missed, events)
		}
	}
	select {
	case <-w.More():
		t.Error("there is said to be more")
	default:
	}
}

func TestAClosedWatcherIsToldNothing(t *testing.T) {
	t.Parallel()
	var bus event.Bus[int]
	gone, still := bus.Watch(3), bus.Watch(3)
	gone.Close()
	gone.Close()
	publish(&bus, 1)
	if got, _ := gone.Take(nil); len(got) != 0 {
		t.Errorf("after it was closed it got %v", got)
	}
	if got, _ := still.Take(nil); len(got) != 1 {
		t.Errorf("closing one watcher twice ended the other: it got %v", got)
	}
	still.Close()
}

func TestToPublishNeedsNoMemory(t *testing.T) {
	var bus event.Bus[[64]string]
	w := bus.Watch(8)
	defer w.Close()
	e := new([64]string)
	for range 8 {
		bus.Publish(e)
	}
	if n := testing.AllocsPerRun(100, func() { bus.Publish(e) }); n > 0 {
		t.Errorf("an event takes %v allocations", n)
	}
}

func TestManyPublishersAndWatchers(t *testing.T) {
	t.Parallel()
	const publishers, events = 4, 2000
	var bus event.Bus[int]
	var watching, publishing sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		w := bus.Watch(7)
		watching.Go(func() {
			defer w.Close()
			var got, missed int64
			count := func() {
				list, m := w.Take(nil)
				got, missed = got+int64(len(list)), missed+m
			}
			for over := false; !over; {
				select {
				case <-w.More():
				case <-done:
					over = true
				}
				count()
			}
			if got+missed != publishers*events {
				t.Errorf("got %d and missed %d of %d", got, missed, publishers*events)
			}
		})
	}
	for range publishers {
		publishing.Go(func() {
			for i := range events {
				bus.Publish(&i)
			}
		})
	}
	publishing.Wait()
	close(done)
	watching.Wait()
}
