package redis

import (
	"testing"

	"crs/internal/account"
	"crs/internal/outage"
)

// TestNewsThatAreDroppedWhileTheyAreToldAreForgottenOnce: no others are forgotten in their place.
func TestNewsThatAreDroppedWhileTheyAreToldAreForgottenOnce(t *testing.T) {
	t.Parallel()
	n := &Node{scripts: newScripts(), owed: newPending(), out: newOutbox(), wake: make(chan struct{}, 1)}
	n.away.Store(new(outage.Error))
	publish := func(i int) { Accounts{n}.Publish(account.StateUpdate{Until: int64(i)}) }
	for i := range mostOwed {
		publish(i)
	}
	underWay := n.packNews()
	publish(mostOwed)
	for _, want := range []int{mostOwed / 10, mostOwed/10 + mostNews} {
		underWay[0].done(nil)
		if first := n.owed.news[0].Until; first != int64(want) {
			t.Errorf("the next to be told is %d, want %d", first, want)
		}
		underWay = n.packNews()
	}
}
