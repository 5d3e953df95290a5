//go:build linux || darwin

package control

import "net"

// peerOf asks the kernel who has connected.
func peerOf(c net.Conn) peer {
	uc, ok := c.(*net.UnixConn)
	if !ok {
		return peer{}
	}
	p := peer{uid: -1, known: true}
	raw, err := uc.SyscallConn()
	if err != nil {
		return p
	}
	_ = raw.Control(func(fd uintptr) {
		if uid, err := uidAt(int(fd)); err == nil {
			p.uid = int(uid)
		}
	})
	return p
}
