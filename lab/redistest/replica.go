package redistest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

var (
	written      = regexp.MustCompile(`master_repl_offset:(\d+)`)
	acknowledged = regexp.MustCompile(`slave\d+:\S*state=online,offset=(\d+)`)
)

// InStep waits until so many replicas of s are sent what is written, and have it. That a replica is linked says less: it has what
// there was when it came, and may be sent what came later only seconds after that. All of it is lost if s ends before.
func (s *Server) InStep(t testing.TB, replicas int) {
	t.Helper()
	info := func() string { return fmt.Sprint(s.Do(t, "INFO", "replication")) }
	have := func(least int64) func() bool {
		return func() bool {
			told := offsets(acknowledged, info())
			return len(told) == replicas && (replicas == 0 || slices.Min(told) >= least)
		}
	}
	wait(t, "replicas to have what there is", have(1))
	s.Do(t, "PUBLISH", "step", "") // it is sent to replicas, and stored nowhere
	wait(t, "replicas to have what is new", have(offsets(written, info())[0]))
}

func offsets(pattern *regexp.Regexp, info string) (all []int64) {
	for _, found := range pattern.FindAllStringSubmatch(info, -1) {
		n, _ := strconv.ParseInt(found[1], 10, 64) // digits
		all = append(all, n)
	}
	return all
}
