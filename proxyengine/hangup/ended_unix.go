//go:build unix && !linux

package hangup

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// ended looks without taking anything. Bytes that wait to be read hide an end behind them until they are read.
func ended(socket syscall.RawConn) bool {
	end := false
	err := socket.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		end = err == nil && n == 0 || err != nil && err != unix.EAGAIN && err != unix.EINTR
	})
	return err != nil || end
}
