package ctl

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// DataLock is the file of a data directory that its daemon keeps locked while it lives.
const DataLock = "crs.lock"

// SocketLock is the file that keeps a second daemon from the socket at path, in the same way.
func SocketLock(path string) string { return path + ".lock" }

// unheard is what there is to say when nobody listens on the socket: no daemon lives, or one that has lost its socket.
func (c *Client) unheard() error {
	for _, lock := range []string{SocketLock(c.socket), filepath.Join(filepath.Dir(c.socket), DataLock)} {
		if pid, held := holder(lock); held {
			return c.lostBy(pid, lock)
		}
	}
	return Errorf(NotRunning, "no crs daemon listens on %s", c.socket).
		WithHint("start one with: crs serve; or name another socket with --socket or CRS_SOCKET")
}

// lostBy is the error of a socket whose daemon lives.
func (c *Client) lostBy(pid int, lock string) error {
	const none = "start no second one"
	info, err := os.Lstat(c.socket)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Errorf(Failed, "a crs daemon lives (process %d has locked %s), but its socket %s is not there", pid, lock, c.socket).
			WithHint("%s: it is starting, ending, or makes the socket anew within seconds; if it does not, see its log (crs logs)", none)
	case err == nil && info.Mode().Type() != fs.ModeSocket:
		return Errorf(Failed, "a crs daemon lives (process %d has locked %s), but something else is in the place of its socket %s", pid, lock, c.socket).
			WithHint("%s: remove %s, and it makes the socket anew within seconds", none, c.socket)
	}
	return Errorf(Failed, "a crs daemon lives (process %d has locked %s), but nobody listens on the socket %s", pid, lock, c.socket).
		WithHint("%s: it is starting, ending, or makes the socket anew within seconds; if it does not, remove %s", none, c.socket)
}
