// Package process starts the parts of a benchmark as processes of their own, and reads what the kernel has counted for
// them. The figures come from /proc, so they exist on Linux only.
package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Process is a running child. It ends when the context of Start does, or with Stop.
type Process struct {
	name  string
	cmd   *exec.Cmd
	stop  context.CancelFunc
	lines *bufio.Reader // its standard output
	log   string
	ended chan struct{}
	err   error // why it ended; read it after ended
}

// patience is how long a child has to end after SIGTERM, before it is killed.
const patience = 5 * time.Second

// Start runs a command. What it writes to standard error goes to NAME.log in dir. The child gets SIGTERM when ctx ends,
// and also when this process dies without a word.
func Start(ctx context.Context, dir, name string, command ...string) (*Process, error) {
	log, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	defer func() { _ = log.Close() }() // the child has its own
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	defer func() { _ = write.Close() }()
	ctx, stop := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = environ(), write, log, attributes()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patience
	if err := cmd.Start(); err != nil {
		stop()
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), read.Close())
	}
	p := &Process{name: name, cmd: cmd, stop: stop, lines: bufio.NewReader(read), log: log.Name(), ended: make(chan struct{})}
	go p.wait(read)
	return p, nil
}

// environ is this process's environment without what would configure a relay.
func environ() []string {
	var kept []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CRS_") {
			kept = append(kept, v)
		}
	}
	return kept
}

func (p *Process) wait(output io.Closer) {
	p.err = p.cmd.Wait()
	endGroup(p.PID()) // what it started itself, should it not have ended that
	p.stop()
	_ = output.Close()
	close(p.ended)
}

// PID is the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Line is the next line that the child writes to its standard output.
func (p *Process) Line() (string, error) {
	line, err := p.lines.ReadString('\n')
	if err != nil {
		return "", p.Explain(fmt.Errorf("wait for %s: %w", p.name, err))
	}
	return strings.TrimSpace(line), nil
}

// Until asks ready again and again until it gives nil, for as long as limit. It fails at once when the child ends.
func (p *Process) Until(ctx context.Context, limit time.Duration, ready func() error) error {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return p.Explain(fmt.Errorf("%s ended: %v", p.name, p.err))
		case <-ctx.Done():
			return p.Explain(fmt.Errorf("wait for %s: %w", p.name, err))
		case <-tick.C:
		}
	}
}

// Wait waits until the child has ended by itself, and gives an error unless it ended well.
func (p *Process) Wait() error {
	<-p.ended
	return p.err
}

// Stop ends the child and waits until it has.
func (p *Process) Stop() {
	p.stop()
	<-p.ended
}

// Explain adds the end of the child's log to an error.
func (p *Process) Explain(err error) error {
	const most = 2000
	text, _ := os.ReadFile(p.log) // without it the error must do
	if len(text) > most {
		text = text[len(text)-most:]
	}
	if len(text) == 0 {
		return err
	}
	return fmt.Errorf("%w; the end of its log:\n%s", err, strings.TrimSpace(string(text)))
}
