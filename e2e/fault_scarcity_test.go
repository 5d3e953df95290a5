//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// scarcityFaults are what there may be too little, or too much, of.
func scarcityFaults() []fault {
	return []fault{
		{name: "more idle connections than descriptors", stores: "local", run: outOfDescriptors, files: 256},
		{name: "accept fails for want of descriptors", stores: "local", run: acceptFails},
		{name: "an operator asks without descriptors", stores: "local", run: statusWithoutDescriptors},
		{name: "25 restarts without systemd", stores: "local", run: manyRestarts},
	}
}

// limitedTo is a crs that serves with so many files that it may have open, and no more.
func limitedTo(t *testing.T, files int) (program string) {
	t.Helper()
	program = t.TempDir() + "/crs"
	script := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = serve ] && ulimit -n %d\nexec %s \"$@\"\n", files, binary(t))
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return program
}

// outOfDescriptors: many more connections than there may be files, of clients that ask for nothing and of a process on the control
// socket, cut no stream and refuse nobody else; operators are answered, and the daemon can be restarted.
func outOfDescriptors(g *ground) {
	const running, idle, callers = 30, 400, 1000
	w := streaming(g.t, g.relay, running)
	quick := strings.TrimSpace(keyFor(g.relay, "quick"))
	for range 2 {
		old := g.pid()
		crowdOf(g.t, g.relay, idle)
		g.callersOf(callers)
		g.says("few_descriptors")
		if out := g.crs("doctor", "-o", "json"); !strings.Contains(out, "LimitNOFILE=") {
			g.t.Errorf("doctor does not say what to do: %s", out)
		}
		scrape(g.t, g.scrapes)
		for range 50 {
			w.fail(w.ask(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, quick))
		}
		if now := g.again(); now == old {
			g.t.Error("it was not restarted")
		}
	}
	g.joins(w)
}

// callersOf opens connections to the control socket that say nothing.
func (g *ground) callersOf(n int) {
	g.t.Helper()
	for range n {
		conn, err := net.Dial("unix", g.Socket())
		if err != nil {
			g.t.Fatal(err)
		}
		g.t.Cleanup(func() { _ = conn.Close() })
	}
}

// joins waits for other clients' work, and takes it into the balance.
func (g *ground) joins(w *work) {
	g.t.Helper()
	w.stop()
	w.wg.Wait()
	for _, f := range w.failed {
		g.t.Error(f)
	}
	g.apart += int(w.streams.Load() + w.short.Load())
}

// acceptFails takes from the daemon every descriptor that it does not have yet: whoever connects waits, and nobody is lost.
func acceptFails(g *ground) {
	g.busy()
	g.more(20)
	pid := g.process.Process.Pid
	raise := g.lowerFiles(pid, 3)
	g.until("the daemon says that it cannot accept", func() bool { return g.logged("cannot accept a connection") })
	raise()
	g.more(40)
	g.wellAgain()
	if now := g.pid(); now != pid {
		g.t.Errorf("process %d serves, not %d", now, pid)
	}
}

// statusWithoutDescriptors: while clients have all that there are, and with some less than it has, an operator is told so, and nothing else.
func statusWithoutDescriptors(g *ground) {
	pid := g.process.Process.Pid
	for _, fewer := range []int{0, 4} {
		raise := g.lowerFiles(pid, g.openFiles(pid)-fewer)
		for range 8 { // each takes what the daemon has closed meanwhile
			conn, err := net.Dial("tcp", g.addr)
			if err != nil {
				g.t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
		}
		for range 10 {
			g.until("status says that connections wait", func() bool { return strings.Contains(g.crs("status"), "connections cannot be accepted") })
			said := g.crs("status")
			if !strings.Contains(said, "files open, enough for") || strings.Contains(said, "key file") || strings.Contains(said, "write-ahead log") {
				g.t.Errorf("status says %s", said)
			}
		}
		raise()
		g.some(10)
	}
	g.wellAgain()
}

// openFiles is how many a process has open.
func (g *ground) openFiles(pid int) int {
	g.t.Helper()
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		g.t.Fatal(err)
	}
	return len(all)
}

// lowerFiles changes how many files a process may have open, until raise is called.
func (g *ground) lowerFiles(pid, files int) (raise func()) {
	g.t.Helper()
	var was unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &was); err != nil {
		g.t.Fatal(err)
	}
	few := unix.Rlimit{Cur: uint64(files), Max: was.Max}
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, &few, nil); err != nil {
		g.t.Fatal(err)
	}
	return func() {
		if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, &was, nil); err != nil {
			g.t.Fatal(err)
		}
	}
}

// manyRestarts leaves two processes: that which was started first, and that which serves.
func manyRestarts(g *ground) {
	g.busy()
	newest := 0
	for range 25 {
		g.more(10)
		newest = g.again()
	}
	g.more(20)
	g.wellAgain()
	g.until("two processes are left", func() bool { alive, dead := g.family(); return len(alive) == 2 && len(dead) == 0 })
	g.serves(newest)
	if len(g.refused) > 0 {
		g.t.Errorf("requests were refused: %v", g.refused)
	}
}

// streaming has so many streams of about five seconds run.
func streaming(t *testing.T, r *relay, n int) *work {
	t.Helper()
	r.account("slow")
	r.account("quick")
	r.script("sk-ant-slow=loop:ok(events=100,gap=50ms); sk-ant-quick=ok")
	slow := strings.TrimSpace(keyFor(r, "slow"))
	_, stop := context.WithCancel(context.Background())
	w := &work{t: t, r: r, stop: stop}
	t.Cleanup(func() { stop(); w.wg.Wait() })
	for range n {
		w.wg.Go(func() { w.fail(w.stream(slow)) })
	}
	r.until("all streams run", func() bool { return w.streams.Load() == int64(n) })
	return w
}

// ask sends one request and reads its answer.
func (w *work) ask(client *http.Client, key string) error {
	resp, err := w.post(client, key, false)
	if err != nil {
		return fmt.Errorf("a request failed: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return fmt.Errorf("an answer was cut: %w", err)
	}
	w.short.Add(1)
	return nil
}

// crowdOf opens connections that stay open, as far as it is for this side: some send nothing, some half a head, and some have been
// answered and wait.
func crowdOf(t *testing.T, r *relay, n int) {
	t.Helper()
	for i := range n {
		conn, err := net.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		switch i % 3 {
		case 0:
			_, _ = io.WriteString(conn, "POST /api/v1/messages HTTP/1.1\r\nHost: relay\r\n")
		case 1:
			_, _ = io.WriteString(conn, "GET /health HTTP/1.1\r\nHost: relay\r\n\r\n")
			if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
			} else {
				t.Errorf("connection %d was not answered: %v", i, err)
			}
		}
	}
}

func scrape(t *testing.T, addr string) {
	t.Helper()
	resp, err := http.Get("http://" + addr + "/metrics")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("metrics are not served: %v", err)
		return
	}
	_ = resp.Body.Close()
}
