package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"

	"crs/ctl"
	"crs/internal/store"
)

// explained says what to do about an error that a daemon does not start for.
func explained(err error) error {
	var socket *net.OpError
	switch {
	case errors.As(err, &socket) && errors.Is(err, syscall.EADDRINUSE):
		return hinted(ctl.Conflict, err, "something else has that port: find out what with ss -ltnp, or take another port: --listen ADDRESS, or listen in the configuration")
	case errors.As(err, &socket) && errors.Is(err, fs.ErrPermission) && socket.Net == "tcp":
		return hinted(ctl.NotPermitted, err, "ports below 1024 take a right that the service has (sudo crs install); take another port, or: sudo setcap cap_net_bind_service=+ep $(command -v crs)")
	case errors.As(err, &socket) && errors.Is(err, syscall.EADDRNOTAVAIL):
		return hinted(ctl.Failed, err, "this machine has no such address; those it has: ip address")
	case errors.As(err, new(*fs.PathError)) && errors.Is(err, fs.ErrPermission):
		return hinted(ctl.NotPermitted, err, "it belongs to another user; run crs as that one (the service's is crs: sudo crs start), or name a directory of your own: --data DIR")
	case errors.Is(err, store.ErrLocked):
		return hinted(ctl.Conflict, err, store.Mend(err))
	case errors.Is(err, store.ErrReadOnly), errors.Is(err, syscall.EROFS):
		return hinted(ctl.NotPermitted, err, store.Mend(err))
	case errors.As(err, new(*noFiles)):
		return hinted(ctl.Failed, err, "remove files that nobody needs from the disk of the data directory (df -i shows how many it holds), and start the daemon; nothing is lost")
	case full(err):
		return hinted(ctl.Failed, err, store.Mend(err)+", and start the daemon; nothing is lost")
	}
	return err
}

// roomToStart is what the store's log and index take, the ledger's first lines and, where there is none yet, the reserve for tokens.
const roomToStart = 1200 << 10

// filesToStart is how many files a start makes, and some more.
const filesToStart = 16

// room is how many bytes, and how many files, there is room for; -1 where that is not known.
type room struct{ bytes, files int64 }

// noFiles means that a disk has room, but not for more files.
type noFiles struct{ error }

func (e *noFiles) Unwrap() error { return e.error }

// withRoom adds to an error of a full disk how much room there is, and how much a start takes.
func (d *Daemon) withRoom(err error) error {
	if !full(err) {
		return err
	}
	return lacking(err, d.cfg.Data, roomOn(d.cfg.Data))
}

func lacking(err error, dir string, has room) error {
	if has.bytes >= roomToStart && has.files >= 0 && has.files < filesToStart {
		return &noFiles{fmt.Errorf("%w; the disk of %s has no inodes for more files: %d are free, and a start takes up to %d", err, dir, has.files, filesToStart)}
	}
	free := "it is not known how much is free"
	if has.bytes >= 0 {
		free = fmt.Sprintf("%d KiB are free", has.bytes>>10)
	}
	return fmt.Errorf("%w; of the disk of %s %s, and a start takes %d KiB", err, dir, free, roomToStart>>10)
}

func full(err error) bool {
	return errors.Is(err, store.ErrFull) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

func hinted(code ctl.Code, err error, hint string) error {
	return ctl.Errorf(code, "%s", err).WithHint("%s", hint)
}

// rightUser keeps root from writing into the data of another user, who could not read it then: that of the service.
func rightUser(dir string, uid int) error {
	info, err := os.Stat(dir)
	if err != nil || uid != 0 {
		return nil
	}
	owner, known := ownerOf(info)
	if !known || owner == 0 {
		return nil
	}
	return ctl.Errorf(ctl.NotPermitted, "the data directory %s belongs to user %s, who could not read what root would write into it", dir, nameOf(owner)).
		WithHint("start the service: sudo crs start; or be that user: sudo -u %s crs serve --data %s", nameOf(owner), dir)
}
