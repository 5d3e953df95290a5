package usage

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// reserve takes room on the disk for n bytes from an offset on. The file grows no longer by it.
func reserve(f *os.File, from, n int64) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var reserveErr error
	err = conn.Control(func(fd uintptr) {
		for {
			reserveErr = unix.Fallocate(int(fd), unix.FALLOC_FL_KEEP_SIZE, from, n)
			if !errors.Is(reserveErr, unix.EINTR) {
				return
			}
		}
	})
	return errors.Join(err, reserveErr)
}
