package usage

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncData makes what was written durable; times and the like may wait.
func syncData(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var syncErr error
	if err := conn.Control(func(fd uintptr) { syncErr = unix.Fdatasync(int(fd)) }); err != nil {
		return err
	}
	return syncErr
}
