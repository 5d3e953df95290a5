package redistest

import "testing"

// TestWhatTheSuiteRunsOn says it, with go test -v.
func TestWhatTheSuiteRunsOn(t *testing.T) {
	t.Parallel()
	t.Log(Kind())
	if got := Start(t).Do(t, "PING"); got != "PONG" {
		t.Errorf("answered %v", got)
	}
}

func TestAClusterTakesKeysOnEachNode(t *testing.T) {
	t.Parallel()
	c := StartCluster(t, 1)
	for _, s := range c.Primaries {
		if n := s.Do(t, "CLUSTER", "COUNTKEYSINSLOT", 0); n != int64(0) {
			t.Errorf("%v keys", n)
		}
	}
	if len(c.Replicas) != 3 {
		t.Errorf("%d replicas", len(c.Replicas))
	}
}

func TestARestartedServerHasWhatItSaved(t *testing.T) {
	t.Parallel()
	s := Start(t)
	s.Do(t, "SET", "a", "1")
	s.Save(t)
	s.Kill(t)
	s.Restart(t)
	if got := s.Do(t, "GET", "a"); got != "1" {
		t.Errorf("it has %v", got)
	}
	s.Lose(t)
	s.Kill(t)
	s.Restart(t)
	if got := s.Do(t, "GET", "a"); got != nil {
		t.Errorf("it still has %v", got)
	}
}
