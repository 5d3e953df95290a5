//go:build e2e && bench && linux

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	flood "crs/lab/bench/load"
	"crs/lab/bench/process"
)

const watched = 1000

// extent is how much is measured.
type extent struct {
	watchedFor time.Duration
	presses    int
	rounds     int           // even
	roundWarms time.Duration // until the dashboard has drawn itself, and has asked for what was before
	roundLasts time.Duration
}

// extentOf is all of it, or with CRS_TEST_QUICK so little that it only shows that it can be measured.
func extentOf() extent {
	if os.Getenv("CRS_TEST_QUICK") != "" {
		return extent{watchedFor: 2 * time.Second, presses: 6, rounds: 2, roundWarms: time.Second / 2, roundLasts: time.Second}
	}
	return extent{watchedFor: 20 * time.Second, presses: 60, rounds: 20, roundWarms: 2 * time.Second, roundLasts: 3 * time.Second}
}

// TestTheDashboardUnderLoad measures what the dashboard costs, with 1,000 streams of 20 events a second in flight, and what it
// costs the daemon to be watched. It is what `make bench-dashboard` runs, which writes the figures into docs/performance.md; it
// takes four minutes or so and a machine that does nothing else. A figure beyond its budget is told there and fails nothing.
func TestTheDashboardUnderLoad(t *testing.T) {
	page := &figures{extent: extentOf()}
	page.ofTheDashboard(t)
	page.ofTheDaemon(t)
	page.write(t)
}

// ofTheDashboard measures the dashboard's own process.
func (f *figures) ofTheDashboard(t *testing.T) {
	t.Helper()
	if err := process.RaiseFiles(8192); err != nil {
		t.Fatal(err)
	}
	r := start(t)
	r.account("work")
	key := r.key("alice")

	r.script("loop:ok(events=1000000,gap=50ms)")
	requests := make([][]byte, watched)
	for i := range requests {
		requests[i] = prompt(r.addr, key, true, 0)
	}
	crowd := flood.Crowd{Addr: r.addr, Requests: requests, Ramp: 2 * time.Second}.Start(t.Context())
	for crowd.Begun() < watched {
		if err := crowd.Sleep(10 * time.Millisecond); err != nil {
			t.Fatalf("only %d streams flow: %v", crowd.Begun(), err)
		}
	}
	x, pid := r.dashboard(t)
	x.see(t, "1000\x1b[0m", 0)
	f.watched(t, x, pid, crowd)
	f.answered(t, x)
	crowd.Cancel()
	x.end(t)
}

// ofTheDaemon measures the daemon's CPU for a request, with a dashboard open and without.
func (f *figures) ofTheDaemon(t *testing.T) {
	t.Helper()
	r := start(t)
	r.account("work")
	f.costOfBeingWatched(t, r, r.key("alice"))
}

// screen is a dashboard on a line.
type screen struct {
	*line
	cmd *exec.Cmd
}

func (r *relay) dashboard(t *testing.T) (*screen, int) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), binary(t), "tui")
	cmd.Env = append(os.Environ(), "CRS_SOCKET="+r.Socket(), "TERM=xterm-256color", "COLORTERM=truecolor")
	l := onLine(t, 40, 120, cmd)
	return &screen{l, cmd}, cmd.Process.Pid
}

// see waits for a text among what was written from a place on, and tells when it came.
func (x *screen) see(t *testing.T, text string, from int) time.Time {
	t.Helper()
	timeout := time.After(10 * time.Second)
	for {
		all, more := x.written()
		if strings.Contains(all[from:], text) {
			return time.Now()
		}
		select {
		case <-more:
		case <-timeout:
			t.Fatalf("never saw %s; the last that came: %.2000q", text, all[max(0, len(all)-2000):])
		}
	}
}

func (x *screen) end(t *testing.T) {
	t.Helper()
	if _, err := x.keys.WriteString("q"); err != nil {
		t.Fatal(err)
	}
	<-x.done
}

// frame begins each frame that is written.
const frame = "\x1b[H"

func (f *figures) watched(t *testing.T, x *screen, pid int, crowd *flood.Running) {
	t.Helper()
	if err := crowd.Sleep(3 * time.Second); err != nil {
		t.Fatal(err)
	}
	before, _ := x.written()
	used, events, begun := cpu(t, pid), crowd.Events(), time.Now()
	if err := crowd.Sleep(f.watchedFor); err != nil {
		t.Fatal(err)
	}
	took := time.Since(begun).Seconds()
	after, _ := x.written()
	frames := float64(strings.Count(after[len(before):], frame)) / took
	share := (cpu(t, pid) - used).Seconds() / took * 100
	memory, err := process.MemoryOf(pid)
	if err != nil {
		t.Fatal(err)
	}
	f.add("1,000 open streams, frames drawn", fmt.Sprintf("%.1f a second", frames), "≤ 10", frames <= 10)
	f.add("1,000 open streams, CPU of the dashboard", fmt.Sprintf("%.2f %% of a core", share), "≤ 5 %", share <= 5)
	f.note = fmt.Sprintf("%.0f events/s in %d streams; %.1f KB/s to the terminal of 120×40; the dashboard had %.1f MB resident.",
		float64(crowd.Events()-events)/took, watched, float64(len(after)-len(before))/took/1000, float64(memory.RSS)/1e6)
}

func cpu(t *testing.T, pid int) time.Duration {
	t.Helper()
	used, err := process.CPU(pid)
	if err != nil {
		t.Fatal(err)
	}
	return used
}

// answered presses keys, and takes the time until the screen that was wanted has been written.
func (f *figures) answered(t *testing.T, x *screen) {
	t.Helper()
	var all []time.Duration
	for i := range f.presses {
		time.Sleep(time.Duration(150+37*(i%9)) * time.Millisecond)
		before, _ := x.written()
		key, text := "2", "QUOTA WINDOWS"
		if i%2 == 1 {
			key, text = "1", "PHASE"
		}
		pressed := time.Now()
		if _, err := x.keys.WriteString(key); err != nil {
			t.Fatal(err)
		}
		all = append(all, x.see(t, text, len(before)).Sub(pressed))
	}
	slices.Sort(all)
	most := all[len(all)-1]
	f.add(fmt.Sprintf("1,000 open streams, a key answered (%d presses)", len(all)), fmt.Sprintf("%v in the middle, %v at most", all[len(all)/2].Round(100*time.Microsecond), most.Round(100*time.Microsecond)), "≤ 100 ms", most <= 100*time.Millisecond)
}

// costOfBeingWatched compares the daemon's CPU for a request with a dashboard and without, in turns.
func (f *figures) costOfBeingWatched(t *testing.T, r *relay, key string) {
	t.Helper()
	request := prompt(r.addr, key, false, 4000)
	length, err := flood.LengthOf(t.Context(), r.addr, request)
	if err != nil {
		t.Fatal(err)
	}
	var ratios []float64
	for round := range f.rounds {
		each := map[bool]float64{}
		for _, open := range []bool{round%2 == 0, round%2 == 1} {
			each[open] = f.perRequest(t, r, open, flood.Loop{Addr: r.addr, Requests: [][]byte{request}, Conns: 8, Want: flood.Want{Length: length}})
		}
		ratios = append(ratios, each[true]/each[false])
		t.Logf("round %2d: %.2f µs a request with a dashboard, %.2f without", round+1, each[true]*1e6, each[false]*1e6)
	}
	slices.Sort(ratios)
	ratio := (ratios[f.rounds/2-1] + ratios[f.rounds/2]) / 2
	f.add(fmt.Sprintf("CPU of the daemon for a 4 KB request, with a dashboard open against without (%d rounds, interleaved)", f.rounds), fmt.Sprintf("%.3f× (%.3f to %.3f)", ratio, ratios[0], ratios[f.rounds-1]), "≤ 1.03×", ratio <= 1.03)
}

// perRequest is the daemon's CPU for a request, in seconds.
func (f *figures) perRequest(t *testing.T, r *relay, open bool, loop flood.Loop) float64 {
	t.Helper()
	if open {
		x, _ := r.dashboard(t)
		x.see(t, "in flight", 0)
		defer x.end(t)
	}
	running := loop.Start(t.Context())
	if err := running.Sleep(f.roundWarms); err != nil {
		t.Fatal(err)
	}
	used, done := cpu(t, r.process.Process.Pid), running.Done()
	if err := running.Sleep(f.roundLasts); err != nil {
		t.Fatal(err)
	}
	used, done = cpu(t, r.process.Process.Pid)-used, running.Done()-done
	if err := running.Stop(); err != nil {
		t.Fatal(err)
	}
	return used.Seconds() / float64(done)
}
