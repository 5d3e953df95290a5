//go:build unix

package filelock

import "syscall"

// Copy is what a program that is being started has of the lock until it runs.
func (c *Lock) Copy() (fd int, err error) { return syscall.Dup(int(c.file.Fd())) }
