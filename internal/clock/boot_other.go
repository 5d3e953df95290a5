//go:build !linux

package clock

import "time"

// bootID is not known: a process has a clock of its own.
func bootID() string { return "" }

// machine is the runtime's own clock, which stands still while the machine sleeps.
func machine() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}
