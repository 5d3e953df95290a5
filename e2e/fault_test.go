//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"testing"

	"crs/lab/redistest"
)

// fault is one row of the suite: something that fails while requests are served, and heals.
type fault struct {
	name string
	// stores are those that it is tried with: local, redis, or both when it is empty.
	stores string
	run    func(g *ground)
	env    []string // of the relay
	files  int      // how many it may have open; 0: as many as this process
	clock  bool     // the relay's can be set
	hangs  bool     // the disk can hang
}

// faults are all rows. What another part of the relay has to bear is one more function of rows.
func faults() []fault {
	return slices.Concat(ledgerFaults(), fileFaults(), tokenFaults(), scarcityFaults(), clockFaults())
}

// TestFaults: whatever fails and heals, what the simulator served is in the ledger, to the token and once, and status told
// the truth at each step. It prints a row for each fault and store. A few go on at once: they mostly wait.
func TestFaults(t *testing.T) {
	if os.Getenv("CRS_TEST_SUITE") != "faults" {
		t.Skip("it has a target of its own: make faults")
	}
	fmt.Println(faultTitle)
	var begun, ended atomic.Int64
	t.Cleanup(func() {
		if n, of := ended.Load(), begun.Load(); of == 0 || n < of {
			t.Errorf("%d of %d faults were gone through: it takes root, to mount a disk, and redis-server", n, of)
		}
	})
	for _, f := range faults() {
		for _, store := range []string{"local", "redis"} {
			if f.stores != "" && f.stores != store {
				continue
			}
			t.Run(f.name+"/"+store, func(t *testing.T) {
				t.Parallel()
				begun.Add(1)
				g := newGround(t, store, &f)
				f.run(g)
				fmt.Println(g.balance().row(f.name, store))
				ended.Add(1)
			})
		}
	}
}

// newGround starts a relay whose data directory is a small disk.
func newGround(t *testing.T, store string, f *fault) *ground {
	t.Helper()
	g := &ground{store: store}
	if store == "redis" {
		g.redis = redistest.StartReal(t)
	}
	g.begin(t, f)
	return g
}
