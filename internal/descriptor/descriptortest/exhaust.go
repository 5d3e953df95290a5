//go:build linux || darwin

// Package descriptortest takes the file descriptors of a test's process away.
package descriptortest

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Exhaust has the process open no more files until the test ends. It is for tests that are not parallel: others would lack them, too.
func Exhaust(t testing.TB) {
	t.Helper()
	Lower(t, 3)
}

// ExhaustBeyondOpen is Exhaust, but what is closed can be opened again.
func ExhaustBeyondOpen(t testing.TB) {
	t.Helper()
	const many = 1 << 10
	open := uint64(0)
	for fd := range many {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			open = uint64(fd)
		}
	}
	fill(t, int(open))
	Lower(t, open+1)
}

// fill opens every number that is free below one.
func fill(t testing.TB, below int) {
	t.Helper()
	for {
		fd, err := unix.Dup(0)
		if err != nil {
			t.Fatal(err)
		}
		if fd > below {
			_ = unix.Close(fd)
			return
		}
		t.Cleanup(func() { _ = unix.Close(fd) })
	}
}

// Lower changes the limit of open files until the test ends.
func Lower(t testing.TB, limit uint64) {
	t.Helper()
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Skip(err)
	}
	none := was
	none.Cur = limit
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &none); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
			t.Error(err)
		}
	})
}
