package process

import (
	"fmt"
	"syscall"
)

// attributes put a child into a process group of its own, so that an interrupt from the terminal reaches only the
// benchmark, which ends its children in order; and have the kernel end a child that is left behind.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// endGroup ends what is left of a child's group.
func endGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// RaiseFiles lets this process and its children have as many files open as they may, which must be at least least.
func RaiseFiles(least uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("read the limit of open files: %w", err)
	}
	if limit.Max < least {
		return fmt.Errorf("only %d files may be open at once, and it takes %d: raise the limit (ulimit -Hn)", limit.Max, least)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("raise the limit of open files: %w", err)
	}
	return nil
}
