//go:build unix

package claim

import "syscall"

// Copy is what a program that is being started has of the claim until it runs.
func (c *Claim) Copy() (fd int, err error) { return syscall.Dup(int(c.file.Fd())) }
