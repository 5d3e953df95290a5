package ctl_test

import (
	"testing"
	"time"

	"crs/ctl"
)

func TestASceneIsWhatItsUpdatesAddUpTo(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	flight := func(n int64, id string, sent int64) ctl.Flight {
		return ctl.Flight{N: n, Live: ctl.Live{ID: id}, Sent: sent}
	}
	var s ctl.Scene
	s.Apply(&ctl.Update{At: at, Sent: []int64{1, 2}, Landed: []int64{9}, Removed: []string{"x"}}) // of what is not known
	s.Apply(&ctl.Update{
		At: at, All: true, Status: &ctl.Status{Keys: 7}, Flights: []ctl.Flight{flight(1, "a", 10), flight(2, "b", 0)},
		Accounts: []ctl.Account{{ID: "x", State: "ready"}, {ID: "y"}},
	})
	s.Apply(&ctl.Update{At: at.Add(time.Second), Sent: []int64{1, 55, 2, 66, 3}, Accounts: []ctl.Account{{ID: "x", State: "cooling"}}})
	s.Apply(&ctl.Update{At: at.Add(2 * time.Second), Flights: []ctl.Flight{flight(3, "c", 1)}, Landed: []int64{2}, Removed: []string{"y"}})
	if len(s.Flights) != 2 || s.Flights[1].Sent != 55 || !s.Flights[1].LastAt.Equal(at.Add(time.Second)) || s.Flights[3].ID != "c" {
		t.Errorf("flights: %+v", s.Flights)
	}
	if len(s.Accounts) != 1 || s.Accounts["x"].State != "cooling" || s.Status.Keys != 7 || !s.At.Equal(at.Add(2*time.Second)) {
		t.Errorf("%+v", s)
	}
	s.Apply(&ctl.Update{At: at, All: true}) // another daemon
	if len(s.Flights) != 0 || len(s.Accounts) != 0 {
		t.Errorf("what is left of the one before: %+v", s)
	}
}
