//go:build !linux

package ctl

// holder is not known on this system.
func holder(string) (pid int, held bool) { return 0, false }
