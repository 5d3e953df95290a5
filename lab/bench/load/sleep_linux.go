package load

import (
	"syscall"
	"time"
)

// sleepUntil is exact to some 60 µs. A timer of the runtime's would be late by up to a millisecond on an idle machine.
func sleepUntil(at time.Time) {
	for left := time.Until(at); left > 0; left = time.Until(at) {
		ts := syscall.NsecToTimespec(int64(left))
		_ = syscall.Nanosleep(&ts, nil) // a signal only has it sleep again
	}
}
