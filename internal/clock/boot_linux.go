package clock

import (
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// bootID is another one each time the machine is started.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// machine goes on while the machine sleeps, which the runtime's own clock does not. It is the same for all processes.
func machine() func() time.Duration {
	return func() time.Duration {
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
			panic("read the clock since boot: " + err.Error()) // every kernel since 2.6.39 has it
		}
		return time.Duration(ts.Nano())
	}
}
