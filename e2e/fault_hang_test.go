//go:build e2e

package e2e

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"crs/ctl"
)

// hangsInTakeover: a process that cannot even be killed before the disk gives an answer is not waited for.
func hangsInTakeover(g *ground) {
	g.busy()
	g.more(30)
	mark := filepath.Join(g.logs, "started")
	program := programIn(g.t, g.logs, "touch "+mark+"\nsleep 1\nexec "+cmp.Or(g.bin, binary(g.t))+" \"$@\"")
	done := make(chan error, 1)
	go func() {
		_, err := g.Restart(g.t.Context(), ctl.Restart{Binary: program})
		done <- err
	}()
	g.until("the new process starts", func() bool { _, err := os.Stat(mark); return err == nil })
	wake := g.disk.Hang()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "did not take over") {
			g.t.Errorf("the restart: %v", err)
		}
	case <-time.After(30 * time.Second):
		g.t.Error("crs restart is not answered while the disk hangs")
	}
	g.says("ledger_not_written")
	g.more(60)
	wake()
	g.wellAgain()
	g.until("another restart", func() bool { _, err := g.Restart(g.t.Context(), ctl.Restart{}); return err == nil })
	g.more(20)
}

// stopWhileDiskHangs: whoever has started the daemon sees it end, and is told what is lost, also when another process has taken over.
func stopWhileDiskHangs(g *ground) {
	g.busy()
	g.more(30)
	g.restarted()
	successor := g.pid()
	wake := g.disk.Hang()
	g.says("ledger_not_written")
	g.more(20)
	g.quiet()
	if err := g.process.Process.Signal(syscall.SIGTERM); err != nil {
		g.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = g.process.Wait()
	}()
	select {
	case <-ended:
		if code := g.process.ProcessState.ExitCode(); code != 1 {
			g.t.Errorf("it ended with %d", code)
		}
	case <-time.After(40 * time.Second):
		g.t.Error("the process that was started first does not end while the disk hangs")
	}
	text, err := os.ReadFile(g.log.Name())
	if err != nil {
		g.t.Fatal(err)
	}
	g.isLost(text)
	wake()
	<-ended
	g.until("the new process is gone", func() bool { return errors.Is(syscall.Kill(successor, 0), syscall.ESRCH) })
	g.serve()
	g.wellAgain()
	g.some(10)
}
