package control

import "golang.org/x/sys/unix"

// uidAt is the user at the other end of a socket.
func uidAt(socket int) (uint32, error) {
	cred, err := unix.GetsockoptXucred(socket, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, err
	}
	return cred.Uid, nil
}
