package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

// Size is a number of bytes, written with a unit (32MiB, 512MB, 1.5GiB) or without one.
type Size int64

// ParseSize reads a size. KiB, MiB, GiB are powers of 1024; kB, MB, GB are powers of 1000.
func ParseSize(text string) (Size, error) {
	// A comma would be dropped, and 1,5GB read as fifteen.
	if strings.Contains(text, ",") {
		return 0, fmt.Errorf("%q is not a size", text)
	}
	n, err := humanize.ParseBytes(text)
	if err != nil || n > math.MaxInt64 {
		return 0, fmt.Errorf("%q is not a size", text)
	}
	return Size(n), nil
}

// units are sorted so that the largest that divides a size is found first.
var units = []struct {
	bytes int64
	name  string
}{
	{1 << 50, "PiB"}, {1e15, "PB"},
	{1 << 40, "TiB"}, {1e12, "TB"},
	{1 << 30, "GiB"}, {1e9, "GB"},
	{1 << 20, "MiB"}, {1e6, "MB"},
	{1 << 10, "KiB"}, {1e3, "kB"},
}

// String writes s exactly, in the largest unit that divides it.
func (s Size) String() string {
	for _, unit := range units {
		if s != 0 && int64(s)%unit.bytes == 0 {
			return strconv.FormatInt(int64(s)/unit.bytes, 10) + unit.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// MarshalText writes s as String does.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what ParseSize reads.
func (s *Size) UnmarshalText(text []byte) error {
	parsed, err := ParseSize(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}
