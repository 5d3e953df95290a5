package proxyengine

import (
	"fmt"
	"testing"
	"time"
)

// TestVainRequestsArePaced: fifty at once cost nothing, a hundred a second neither, and no wait is longer than a second.
func TestVainRequestsArePaced(t *testing.T) {
	t.Parallel()
	var th throttle
	now := time.Unix(1_800_000_000, 0)
	for i := range vainAtOnce {
		if wait, tell := th.count("a", now); wait != 0 || tell {
			t.Fatalf("number %d waits %s", i+1, wait)
		}
	}
	for i := range 200 {
		want := min(time.Duration(i+1)*vainEvery, longestVain)
		if wait, tell := th.count("a", now); wait != want || tell != (i == 0) {
			t.Fatalf("number %d waits %s, not %s; worth telling: %t", vainAtOnce+i+1, wait, want, tell)
		}
	}
	if wait := th.wait("a", now.Add(longestVain/2)); wait != longestVain/2 {
		t.Errorf("its next request waits %s", wait)
	}
	if wait, _ := th.count("b", now); wait != 0 || th.wait("c", now) != 0 {
		t.Error("other keys wait as well")
	}
	now = now.Add(longestVain + vainAtOnce*vainEvery + 1)
	for i := range 1000 {
		if wait, _ := th.count("a", now.Add(time.Duration(i)*vainEvery)); wait != 0 {
			t.Fatalf("at its pace, number %d waits %s", i+1, wait)
		}
	}
}

// TestAThrottleForgets: what it holds does not grow with the keys that there ever were.
func TestAThrottleForgets(t *testing.T) {
	t.Parallel()
	var th throttle
	now := time.Unix(1_800_000_000, 0)
	for i := range 100_000 {
		th.count(fmt.Sprint(i), now)
		now = now.Add(vainEvery)
	}
	if len(th.of) > 2*fewVain {
		t.Errorf("it holds %d keys", len(th.of))
	}
}
