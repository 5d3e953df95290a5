//go:build e2e

package e2e

import (
	"bytes"
	"errors"
	"os"
	"syscall"
	"time"

	"crs/ctl"
)

// hangsInTakeover: a process that cannot even be killed before the disk gives an answer is not waited for.
func hangsInTakeover(g *ground) {
	g.busy()
	g.more(30)
	done := make(chan error, 1)
	go func() {
		_, err := g.Restart(g.t.Context(), ctl.Restart{})
		done <- err
	}()
	g.until("the old process hands over", func() bool { return g.logHas("handing over to a new process") })
	wake := g.disk.Hang()
	select {
	case err := <-done:
		g.t.Logf("the restart: %v", err)
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
	heir := g.pid()
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
	g.until("the new process is gone", func() bool { return errors.Is(syscall.Kill(heir, 0), syscall.ESRCH) })
	g.serve()
	g.wellAgain()
	g.some(10)
}

func (g *ground) logHas(words string) bool {
	text, err := os.ReadFile(g.log.Name())
	return err == nil && bytes.Contains(text, []byte(words))
}
