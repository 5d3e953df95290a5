// Package rescue names the files that a daemon saves what it holds to when somebody took a file of its data directory away.
package rescue

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

const infix = ".rescued-"

// Path is where what file held is saved to at a time.
func Path(file string, now time.Time) string {
	return file + infix + now.UTC().Format("20060102-150405.000")
}

// Newest is the newest file that what file held was saved to; "" when there is none.
func Newest(file string) (path string) {
	entries, _ := os.ReadDir(filepath.Dir(file)) // in the order of their names, which have their times; none when it cannot be read
	for _, e := range entries {
		if at, ok := strings.CutPrefix(e.Name(), filepath.Base(file)+infix); ok && strings.Trim(at, "0123456789-.") == "" {
			path = filepath.Join(filepath.Dir(file), e.Name())
		}
	}
	return path
}
