//go:build !linux

package process

import (
	"errors"
	"syscall"
)

func attributes() *syscall.SysProcAttr { return nil }

func endGroup(int) {}

// RaiseFiles is where the benchmark ends on other systems: without /proc there is nothing to read.
func RaiseFiles(uint64) error {
	return errors.New("processor time and memory are read from /proc: this runs on Linux only")
}
