package daemon

import (
	"bytes"
	"errors"
	"log/slog"
	"math"
	"strings"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"crs/internal/config"
)

func TestMemoryThatIsBoundedFromOutsideIsKeptTo(t *testing.T) {
	failing := func() (uint64, error) { return 0, errors.New("the disk is on fire") }
	for _, c := range []struct {
		name  string
		bound memlimit.Provider
		env   string
		want  int64
		says  string
	}{
		{"a container with 10 GiB", memlimit.Limit(10 << 30), "", 9 << 30, ""},
		{"one with less than the bodies of requests may take", memlimit.Limit(256 << 20), "", 256 << 20 / 10 * 9, "limits.body_budget, and what is needed besides"},
		{"no bound", func() (uint64, error) { return 0, memlimit.ErrNoLimit }, "", math.MaxInt64, ""},
		{"no cgroups", func() (uint64, error) { return 0, memlimit.ErrNoCgroup }, "", math.MaxInt64, ""},
		{"a bound that cannot be read", failing, "", math.MaxInt64, "cannot find out how much memory"},
		{"the operator knows better", memlimit.Limit(256 << 20), "5GiB", math.MaxInt64, ""},
	} {
		t.Setenv("GOMEMLIMIT", c.env)
		var said bytes.Buffer
		d := &Daemon{log: slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug})), cfg: config.Config{}}
		d.cfg.Limits.BodyBudget = 512 << 20
		if got := d.mayUse(c.bound); got/1024 != c.want/1024 {
			t.Errorf("%s: it may use %d, not %d", c.name, got, c.want)
		}
		if text := said.String(); !strings.Contains(text, c.says) || c.says == "" && text != "" {
			t.Errorf("%s: %q", c.name, text)
		}
	}
}

const mib = 1 << 20

func TestTheLimitIsTheBudgetAndAFixedPart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		most         int64
		alive, used  int64
		budget, want int64
	}{
		{"idle", math.MaxInt64, 12 * mib, 0, 512 * mib, 576 * mib},
		{"a small budget", math.MaxInt64, 12 * mib, 0, 128 * mib, 192 * mib},
		{"all of the budget is in use", math.MaxInt64, 140 * mib, 128 * mib, 128 * mib, 192 * mib},
		{"a container is smaller", 100 * mib, 12 * mib, 0, 512 * mib, 100 * mib},
		{"many streams are alive for a while", math.MaxInt64, 400 * mib, 0, 128 * mib, (128 + 600 + 32) * mib},
	} {
		k := memoryKeeper{most: c.most}
		var got int64
		for range 2 * len(k.aside) {
			got, _ = k.look(memory{held: c.alive, alive: c.alive}, c.budget, c.used)
		}
		if got != c.want {
			t.Errorf("%s: the limit is %d MiB, not %d", c.name, got/mib, c.want/mib)
		}
		if c.alive > 100*mib && c.used == 0 { // a peak does not raise it
			k = memoryKeeper{most: c.most}
			if got, _ = k.look(memory{held: c.alive, alive: c.alive}, c.budget, 0); got != c.budget+besideBudget {
				t.Errorf("%s, for a moment: the limit is %d MiB", c.name, got/mib)
			}
		}
	}
}

func TestMemoryIsGivenBackBehindAPeakAndOnlyOnce(t *testing.T) {
	t.Parallel()
	k := memoryKeeper{most: math.MaxInt64}
	var given []int
	for i, step := range []struct{ held, used int64 }{
		{22 * mib, 0}, {120 * mib, 90 * mib}, {200 * mib, 120 * mib}, {200 * mib, 120 * mib}, // the attack
		{190 * mib, 0},                              // its end: given back
		{24 * mib, 0}, {40 * mib, 0}, {60 * mib, 0}, // as ever
	} {
		if _, give := k.look(memory{held: step.held}, 128*mib, step.used); give {
			given = append(given, i)
			k.returned(memory{held: 22 * mib})
		}
	}
	if len(given) != 1 || given[0] != 4 {
		t.Errorf("memory was given back at %v", given)
	}
}

// TestMemoryThatIsInUseIsNotGivenBackAgainAndAgain: each time that is for nothing, the next one is later; and what an attack
// leaves is given back although it was tried in its midst.
func TestMemoryThatIsInUseIsNotGivenBackAgainAndAgain(t *testing.T) {
	t.Parallel()
	k := memoryKeeper{most: math.MaxInt64}
	times := 0
	for range 1000 {
		if _, give := k.look(memory{held: 150 * mib}, 128*mib, 0); give {
			times++
			k.returned(memory{held: 149 * mib})
		}
	}
	if times > 12 {
		t.Errorf("it was tried %d times in 1,000 looks", times)
	}
	k = memoryKeeper{most: math.MaxInt64}
	k.look(memory{held: 100 * mib}, 128*mib, 0)
	if _, give := k.look(memory{held: 100 * mib}, 128*mib, 0); give {
		k.returned(memory{held: 95 * mib})
	}
	gave := false
	for range pauseBetween {
		_, give := k.look(memory{held: 95 * mib}, 128*mib, 0)
		gave = gave || give
	}
	if !gave {
		t.Error("what was left was not given back")
	}
}
