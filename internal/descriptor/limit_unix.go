//go:build unix

package descriptor

import (
	"math"

	"golang.org/x/sys/unix"
)

// unlimited is what counts as no limit: more than any kernel gives a process.
const unlimited = math.MaxInt32

// Limit is how many descriptors this process may have open. The Go runtime has raised it as far as it may when the process
// started; the limit is raised again here, should somebody have lowered it since.
func Limit() int {
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &l) == nil && uint64(l.Cur) < uint64(l.Max) {
		l.Cur = l.Max
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &l) // what cannot be raised stays
	}
	return LimitNow()
}

// LimitNow is how many descriptors this process may have open as it is.
func LimitNow() int {
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &l) != nil {
		return unlimited
	}
	return int(min(uint64(l.Cur), unlimited))
}
