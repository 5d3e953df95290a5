package daemon

import (
	"context"
	"errors"
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"crs/internal/patience"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/dustin/go-humanize"
)

const (
	// heapShare is how much of the memory that a container or a unit gives this process the Go runtime may fill: the rest is
	// for what is not its own, such as SQLite's pages and the program itself.
	heapShare = 0.9
	// besideBudget is what the process needs besides limits.body_budget, garbage included.
	besideBudget = 64 << 20
	// lookEvery is how often memory is looked at.
	lookEvery = 2 * time.Second
	// worthReturning is how much must be held for memory to be returned to the system.
	worthReturning = 64 << 20
	// pauseBetween is how many looks lie between two times that memory is returned, at least and at most: longer after each
	// that was for nothing.
	pauseBetween, longestPause = 5, 160
)

// keepMemory has garbage collected before this process holds much more than limits.body_budget, or than a container or a
// service's unit lets it have: the kernel would end it without a word. What an attack has left is given back to the system.
// GOMEMLIMIT in the environment says otherwise.
func (d *Daemon) keepMemory(ctx context.Context, bound memlimit.Provider) {
	k := memoryKeeper{most: d.mayUse(bound)}
	if os.Getenv("GOMEMLIMIT") == "" {
		before := debug.SetMemoryLimit(-1)
		defer debug.SetMemoryLimit(before)
	}
	for range patience.Every(ctx, lookEvery) {
		budget, _ := d.engine.BodyBudget()
		limit, give := k.look(memoryNow(), budget, d.engine.RetainedBytes())
		if os.Getenv("GOMEMLIMIT") == "" {
			debug.SetMemoryLimit(limit)
		}
		if give {
			debug.FreeOSMemory()
			k.returned(memoryNow())
		}
	}
}

// mayUse is how much of what bounds this process from outside the Go runtime may fill.
func (d *Daemon) mayUse(bound memlimit.Provider) int64 {
	outside, err := bound()
	switch {
	case os.Getenv("GOMEMLIMIT") != "":
	case errors.Is(err, memlimit.ErrNoCgroup), errors.Is(err, memlimit.ErrCgroupsNotSupported), errors.Is(err, memlimit.ErrNoLimit):
	case err != nil:
		d.log.Warn("cannot find out how much memory this process may use", "error", err)
	case outside >= math.MaxInt64:
	default:
		most := int64(heapShare * float64(outside))
		if most < int64(d.cfg.Limits.BodyBudget)+besideBudget {
			d.log.Warn("limits.body_budget, and what is needed besides it, are more than this process may use; set it lower, or give it more memory",
				"body_budget", d.cfg.Limits.BodyBudget.String(), "besides", humanize.IBytes(besideBudget), "may_use", humanize.IBytes(uint64(most)))
		}
		return most
	}
	return math.MaxInt64
}

// memoryKeeper decides what the Go runtime's soft limit is, and when memory is worth giving back.
type memoryKeeper struct {
	most    int64 // for the limit
	aside   [15]int64
	next    int
	before  int64 // what was held at the look before
	pause   int   // looks until memory may be returned again
	lastGap int
}

// memory is what the Go runtime has of the system, and what of it is alive outside of the budget's account.
type memory struct {
	held  int64 // everything, but what was given back
	alive int64 // what the last collection found alive, stacks, and the runtime's own
}

// look gives the limit. It is the budget and a fixed part, or as much more as has been alive besides the budget for a while:
// a limit below what is alive would have the collector run all the time.
func (k *memoryKeeper) look(m memory, budget, used int64) (limit int64, give bool) {
	k.aside[k.next%len(k.aside)] = max(m.alive-used, 0)
	k.next++
	lasting := int64(0)
	if k.next >= len(k.aside) {
		lasting = k.aside[0]
		for _, n := range k.aside {
			lasting = min(lasting, n)
		}
	}
	limit = min(k.most, budget+max(besideBudget, lasting+lasting/2+besideBudget/2))
	settled := m.held <= k.before+worthReturning/4
	k.before = m.held
	k.pause = max(k.pause-1, 0)
	return limit, settled && k.pause == 0 && m.held > worthReturning && used < m.held/4
}

// returned is told what is held after memory was given back.
func (k *memoryKeeper) returned(m memory) {
	gap := pauseBetween
	if m.held > k.before/4*3 {
		gap = min(max(2*k.lastGap, pauseBetween), longestPause)
	}
	k.pause, k.lastGap, k.before = gap, gap, m.held
}

func memoryNow() memory {
	const total, released = "/memory/classes/total:bytes", "/memory/classes/heap/released:bytes"
	alive := []string{
		"/gc/heap/live:bytes", "/memory/classes/heap/stacks:bytes", "/memory/classes/os-stacks:bytes", "/memory/classes/other:bytes",
		"/memory/classes/metadata/other:bytes", "/memory/classes/metadata/mspan/inuse:bytes",
	}
	samples := []metrics.Sample{{Name: total}, {Name: released}}
	for _, name := range alive {
		samples = append(samples, metrics.Sample{Name: name})
	}
	metrics.Read(samples)
	var m memory
	m.held = figure(samples[0]) - figure(samples[1])
	for _, s := range samples[2:] {
		m.alive += figure(s)
	}
	return m
}

func figure(s metrics.Sample) int64 {
	if s.Value.Kind() != metrics.KindUint64 {
		return 0 // a runtime that does not know it
	}
	return int64(s.Value.Uint64())
}
