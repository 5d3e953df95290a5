package daemon

import (
	"errors"
	"math"
	"os"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/dustin/go-humanize"
)

// heapShare is how much of the memory that this process may use the Go runtime may fill: the rest is for what is not its
// own, such as SQLite's pages and thread stacks.
const heapShare = 0.9

// boundMemory has garbage collected in time when a container or a service's unit bounds this process's memory: the kernel
// would end it without a word. GOMEMLIMIT in the environment says otherwise.
func (d *Daemon) boundMemory(bound memlimit.Provider) {
	limit, err := memlimit.Set(memlimit.WithProvider(bound), memlimit.WithRatio(heapShare))
	switch {
	case os.Getenv("GOMEMLIMIT") != "":
	case errors.Is(err, memlimit.ErrNoCgroup), errors.Is(err, memlimit.ErrCgroupsNotSupported), err == nil && limit == math.MaxInt64:
	case err != nil:
		d.log.Warn("cannot find out how much memory this process may use", "error", err)
	case limit < int64(d.cfg.Limits.BodyBudget):
		d.log.Warn("limits.body_budget is more than this process may use; set it lower, or give it more memory",
			"body_budget", d.cfg.Limits.BodyBudget.String(), "may_use", humanize.IBytes(uint64(limit)))
	default:
		d.log.Debug("memory is bounded", "heap", humanize.IBytes(uint64(limit)))
	}
}
