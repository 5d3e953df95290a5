package control

import (
	"net"

	"golang.org/x/sys/unix"
)

// peerOf asks the kernel who has connected.
func peerOf(c net.Conn) peer {
	uc, ok := c.(*net.UnixConn)
	if !ok {
		return peer{}
	}
	raw, err := uc.SyscallConn()
	if err != nil {
		return peer{uid: -1, known: true}
	}
	p := peer{uid: -1, known: true}
	_ = raw.Control(func(fd uintptr) {
		if cred, err := unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED); err == nil {
			p.uid = int(cred.Uid)
		}
	})
	return p
}
