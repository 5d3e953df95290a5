//go:build unix

package hangup

import (
	"io"
	"net"
	"os"
	"syscall"
)

const canYield = true

func (c *Conn) readInTurns(b []byte) (int, error) {
	n, err := c.inTurns(c.socket.Read, "read", func(fd int) (int, error) { return syscall.Read(fd, b) })
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

func (c *Conn) writeInTurns(b []byte) (written int, _ error) {
	for written < len(b) {
		n, err := c.inTurns(c.socket.Write, "write", func(fd int) (int, error) { return syscall.Write(fd, b[written:]) })
		if err != nil {
			return written, err
		}
		written += n
	}
	return written, nil
}

// inTurns makes a system call as the socket itself would, and leaves the turn while that has to wait.
func (c *Conn) inTurns(try func(func(fd uintptr) bool) error, op string, call func(fd int) (int, error)) (n int, _ error) {
	var failed error
	in := true
	err := try(func(fd uintptr) (done bool) {
		if !in {
			c.turns.Enter()
			in = true
		}
		for {
			if n, failed = call(int(fd)); failed != syscall.EINTR {
				break
			}
		}
		if failed != syscall.EAGAIN {
			return true
		}
		c.turns.Leave()
		in = false
		return false
	})
	if !in {
		c.turns.Enter()
	}
	switch {
	case err != nil:
		return 0, err
	case failed != nil:
		return 0, &net.OpError{Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError(op, failed)}
	}
	return n, nil
}
