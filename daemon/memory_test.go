package daemon

import (
	"bytes"
	"errors"
	"log/slog"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"crs/internal/config"
)

// TestMemoryThatIsBoundedFromOutsideIsKeptTo changes a setting of the whole process, and so runs alone.
func TestMemoryThatIsBoundedFromOutsideIsKeptTo(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	failing := func() (uint64, error) { return 0, errors.New("the disk is on fire") }
	for _, c := range []struct {
		name  string
		bound memlimit.Provider
		env   string
		want  int64
		says  string
	}{
		{"a container with 10 GiB", memlimit.Limit(10 << 30), "", 9 << 30, "memory is bounded"},
		{"one with less than the bodies of requests may take", memlimit.Limit(256 << 20), "", 256 << 20 / 10 * 9, "limits.body_budget is more than"},
		{"no bound", func() (uint64, error) { return 0, memlimit.ErrNoLimit }, "", before, ""},
		{"no cgroups", func() (uint64, error) { return 0, memlimit.ErrNoCgroup }, "", before, ""},
		{"a bound that cannot be read", failing, "", before, "cannot find out how much memory"},
		{"the operator knows better", memlimit.Limit(1 << 30), "5GiB", before, ""},
	} {
		debug.SetMemoryLimit(before)
		if c.env != "" {
			t.Setenv("GOMEMLIMIT", c.env)
		}
		var said bytes.Buffer
		d := &Daemon{log: slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug})), cfg: config.Config{}}
		d.cfg.Limits.BodyBudget = 512 << 20
		d.boundMemory(c.bound)
		if got := debug.SetMemoryLimit(-1); got/1024 != c.want/1024 {
			t.Errorf("%s: the limit is %d, not %d", c.name, got, c.want)
		}
		if text := said.String(); !strings.Contains(text, c.says) || c.says == "" && text != "" {
			t.Errorf("%s: %q", c.name, text)
		}
	}
}
