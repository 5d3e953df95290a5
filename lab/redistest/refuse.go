package redistest

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Refusals are the ways in which a real server refuses to be written while it can be read, by the word that its errors begin with.
func Refusals() []string { return []string{"MISCONF", "NOREPLICAS", "OOM", "READONLY"} }

// Refuse has a real server refuse writes in one of these ways, and gives what ends that.
func (s *Server) Refuse(t testing.TB, how string) (heal func()) {
	t.Helper()
	switch how {
	case "MISCONF":
		return s.failToSave(t)
	case "NOREPLICAS":
		return s.set(t, "min-replicas-to-write", "1", "0")
	case "OOM":
		return s.set(t, "maxmemory", "1", "0")
	case "READONLY":
		s.Do(t, "REPLICAOF", "127.0.0.1", "1") // nobody is there, so it keeps what it has
		return func() { s.Do(t, "REPLICAOF", "NO", "ONE") }
	}
	t.Fatalf("no server refuses writes with %s", how)
	return nil
}

func (s *Server) set(t testing.TB, parameter, broken, whole string) (heal func()) {
	t.Helper()
	s.Do(t, "CONFIG", "SET", parameter, broken)
	return func() { s.Do(t, "CONFIG", "SET", parameter, whole) }
}

// failToSave has a snapshot fail: a directory is where its file would be moved to.
func (s *Server) failToSave(t testing.TB) (heal func()) {
	t.Helper()
	dump := filepath.Join(s.dir, "dump.rdb")
	_ = os.Rename(dump, dump+".kept")
	if err := os.MkdirAll(filepath.Join(dump, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	forget := s.set(t, "save", "3600 1", "") // without a rule for snapshots it does not mind that one failed
	s.Do(t, "BGSAVE")
	for end := time.Now().Add(patience); s.ping() == nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the snapshot does not fail")
		}
	}
	return func() {
		forget()
		_ = os.RemoveAll(dump)
		_ = os.Rename(dump+".kept", dump)
	}
}
