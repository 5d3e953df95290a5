package redistest

import (
	"testing"
	"time"
)

// SetTime has a server's clock be set by so much, as far as nodes can tell: no test can set it, so what is moved is what they have
// noted beside it.
func (s *Server) SetTime(t testing.TB, by time.Duration) { s.move(t, by, "shift", "calendar") }

// Advance has time pass, as far as nodes can tell: they have been told of it all along.
func (s *Server) Advance(t testing.TB, by time.Duration) {
	s.move(t, by, "shift", "calendar", "beat")
}

func (s *Server) move(t testing.TB, by time.Duration, fields ...any) {
	t.Helper()
	script := "for i = 2, #ARGV do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[1]) end"
	s.Do(t, append([]any{"EVAL", script, 1, "crs:{doc}:store", by.Milliseconds()}, fields...)...)
}
