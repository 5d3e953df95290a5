//go:build unix

package handover

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"crs/internal/errs"
	"crs/internal/filelock"
	"crs/internal/patience"
)

// variable tells a process that it is a successor, and in which order it has inherited files. Another order is another value.
const (
	variable = "INHERITS_CRS"
	order    = "1"
	as       = "INHERITS_CRS_AS"
)

// The numbers of the files that a successor inherits.
const (
	clientsFile = iota + 3
	controlFile
	linkFile
	dataFile
	socketFile
)

// Inherited gives what an old process has handed to this one, or nil when there is none. Processes that this one starts do
// not inherit it again.
func Inherited() (*InheritedFiles, error) {
	value, ok := os.LookupEnv(variable)
	if !ok {
		return nil, nil
	}
	_ = os.Unsetenv(variable)
	defer func() { _ = os.Unsetenv(as) }()
	tether := inheritedTether()
	if value != order {
		return nil, fmt.Errorf("the old process hands over in another way (%s) than this crs knows (%s); stop it, and start this one", value, order)
	}
	e := &InheritedFiles{As: os.Getenv(as), Data: filelock.Inherit(inherited(dataFile, "data directory")), Socket: filelock.Inherit(inherited(socketFile, "socket")), Tether: tether}
	var err error
	if e.Clients, err = listener(clientsFile); err != nil {
		return nil, err
	}
	control, err := listener(controlFile)
	if err != nil {
		return nil, err
	}
	var unix bool
	if e.Control, unix = control.(*net.UnixListener); !unix {
		return nil, errors.New("what was inherited is not the control socket")
	}
	f := inherited(linkFile, "link")
	defer func() { _ = f.Close() }()
	if e.Link, err = net.FileConn(f); err != nil {
		return nil, fmt.Errorf("inherit the link to the old process: %w", err)
	}
	return e, nil
}

func inherited(fd int, name string) *os.File {
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), name)
}

func listener(fd int) (net.Listener, error) {
	f := inherited(fd, "listener")
	defer func() { _ = f.Close() }()
	ln, err := net.FileListener(f)
	return ln, errs.Wrap(err, "inherit a listening socket")
}

// Start starts program with this process's own arguments as its successor.
func Start(program string, e *InheritedFiles) (*Child, net.Conn, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = theirs.Close() }()
	files := []uintptr{0, 1, 2}
	inheritance := []any{e.Clients, e.Control, theirs, e.Data.File(), e.Socket.File()}
	if e.Tether != nil {
		inheritance = append(inheritance, e.Tether.file)
	}
	for _, c := range inheritance {
		fd, err := duplicate(c)
		if err != nil {
			return nil, nil, errors.Join(err, ours.Close())
		}
		defer func() { _ = unix.Close(int(fd)) }()
		files = append(files, fd)
	}
	// Not os/exec: it would make the sockets blocking, for this process too.
	pid, err := syscall.ForkExec(program, os.Args, &syscall.ProcAttr{Env: e.environment(), Files: files})
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("start %s: %w", program, err), ours.Close())
	}
	child := &Child{PID: pid, Done: make(chan struct{})}
	go child.wait()
	return child, ours, nil
}

// environment is this process's own, without what is about this process only.
func (e *InheritedFiles) environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "WATCHDOG_PID=") || strings.HasPrefix(v, "LISTEN_") || strings.HasPrefix(v, tetherVariable+"=")
	})
	if e.Tether != nil {
		env = append(env, fmt.Sprintf("%s=%d", tetherVariable, heldFile))
	}
	return append(env, variable+"="+order, as+"="+e.As)
}

func socketPair() (ours net.Conn, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(pair[0])
		unix.CloseOnExec(pair[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("make a link to the new process: %w", err)
	}
	f, theirs := os.NewFile(uintptr(pair[0]), "link"), os.NewFile(uintptr(pair[1]), "link")
	defer func() { _ = f.Close() }()
	if ours, err = net.FileConn(f); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("make a link to the new process: %w", err), theirs.Close())
	}
	return ours, theirs, nil
}

// duplicate gives a descriptor of its own, which leaves the original in the mode it is in.
func duplicate(of any) (fd uintptr, err error) {
	c, ok := of.(syscall.Conn)
	if !ok {
		return 0, fmt.Errorf("hand over a %T: it has no descriptor", of)
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("hand over a file: %w", err)
	}
	var n int
	failed := raw.Control(func(old uintptr) { n, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, heldFile+1) })
	return uintptr(n), errs.Wrap(cmp.Or(failed, err), "hand over a file")
}

func (c *Child) wait() {
	for {
		_, err := syscall.Wait4(c.PID, &c.state, 0, nil)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	close(c.Done)
}

// Kill ends the successor at once, and returns when it is gone: what it had open is closed then. One that waits for a disk that hangs is
// not, before that gives an answer: it is not waited for longer than killPatience.
func (c *Child) Kill() {
	_ = syscall.Kill(c.PID, syscall.SIGKILL)
	c.EndsWithin(killPatience)
}

const killPatience = 3 * time.Second

// Signal passes a signal on.
func (c *Child) Signal(s os.Signal) {
	if n, ok := s.(syscall.Signal); ok && !patience.Over(c.Done) { // then the number may be another process's
		_ = syscall.Kill(c.PID, n)
	}
}
