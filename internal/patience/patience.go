// Package patience is for whoever does not wait for a disk that hangs: it lets nobody go who has begun to write or to read.
package patience

import (
	"errors"
	"fmt"
	"time"
)

// ErrHangs means that there was no answer in time. What was asked for may yet be done.
var ErrHangs = errors.New("the disk of the data directory hangs")

// Within waits for do, and no longer than most. do then goes on by itself, until the disk gives an answer.
func Within(most time.Duration, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	late := time.NewTimer(most)
	defer late.Stop()
	select {
	case err := <-done:
		return err
	case <-late.C:
		return fmt.Errorf("%w: no answer for %s", ErrHangs, most)
	}
}
