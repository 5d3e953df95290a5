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
	const soon = "it is starting, ending, or makes the socket anew within seconds; if it does not, "
	what, hint := "nobody listens on the socket "+c.socket, soon+"remove "+c.socket
	switch info, err := os.Lstat(c.socket); {
	case errors.Is(err, fs.ErrNotExist):
		what, hint = "its socket "+c.socket+" is not there", soon+"see its log (crs logs)"
	case err == nil && info.Mode().Type() != fs.ModeSocket:
		what, hint = "something else is in the place of its socket "+c.socket, "remove "+c.socket+", and it makes the socket anew within seconds"
	}
	return Errorf(Failed, "a crs daemon lives (process %d has locked %s), but %s", pid, lock, what).WithHint("start no second one: %s", hint)
}
