package daemon

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"syscall"

	"crs/ctl"
)

// explained says what to do about an error that a daemon does not start for.
func explained(err error) error {
	var socket *net.OpError
	var path *fs.PathError
	switch {
	case errors.As(err, &socket) && errors.Is(err, syscall.EADDRINUSE):
		return hinted(ctl.Conflict, err, "something else has that port: find out what with ss -ltnp, or take another port: --listen ADDRESS, or listen in the configuration")
	case errors.As(err, &socket) && errors.Is(err, fs.ErrPermission) && socket.Net == "tcp":
		return hinted(ctl.NotPermitted, err, "ports below 1024 take a right that the service has (sudo crs install); take another port, or: sudo setcap cap_net_bind_service=+ep $(command -v crs)")
	case errors.As(err, &socket) && errors.Is(err, syscall.EADDRNOTAVAIL):
		return hinted(ctl.Failed, err, "this machine has no such address; those it has: ip address")
	case errors.As(err, &path) && errors.Is(err, fs.ErrPermission):
		return hinted(ctl.NotPermitted, err, "it belongs to another user; run crs as that one (the service's is crs: sudo crs start), or name a directory of your own: --data DIR")
	case errors.Is(err, syscall.ENOSPC):
		return hinted(ctl.Failed, err, "the disk is full; make room on it, and nothing is lost")
	}
	return err
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
