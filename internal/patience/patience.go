// Package patience is how goroutines wait for time and for each other, and how they do not wait for a disk that hangs: a call that has
// begun to write to it does not return.
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
	_, err := Get(most, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// Get is Within for what gives something. What comes too late is dropped.
func Get[T any](most time.Duration, do func() (T, error)) (T, error) {
	type result struct {
		got T
		err error
	}
	done := make(chan result, 1)
	go func() {
		got, err := do()
		done <- result{got, err}
	}()
	late := time.NewTimer(most)
	defer late.Stop()
	select {
	case r := <-done:
		return r.got, r.err
	case <-late.C:
		return result{}.got, fmt.Errorf("%w: no answer for %s", ErrHangs, most)
	}
}
