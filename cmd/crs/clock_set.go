//go:build setclock

package main

import (
	"os"
	"strings"
	"time"
)

// wall is the machine's clock as if it had been set, by as many seconds as stand in the file that TEST_CLOCK names: a machine has one
// clock, which no test may set.
func wall() func() time.Time {
	file := os.Getenv("TEST_CLOCK")
	return func() time.Time {
		text, _ := os.ReadFile(file)
		by, _ := time.ParseDuration(strings.TrimSpace(string(text)) + "s")
		return time.Now().Round(0).Add(by)
	}
}
