package control

import "golang.org/x/sys/unix"

// uidAt is the user at the other end of a socket.
func uidAt(socket int) (uint32, error) {
	cred, err := unix.GetsockoptUcred(socket, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, err
	}
	return cred.Uid, nil
}
