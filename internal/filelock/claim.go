// Package filelock takes a file for one daemon: a lock that ends with the last process that has it open, so that a process can
// hand it to another one without a moment in which nobody has it.
package filelock

// Taken means that somebody else has the file.
type Taken struct{ Path string }

// Error implements error.
func (e *Taken) Error() string { return e.Path + " is taken by another process" }
