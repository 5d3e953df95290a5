//go:build !linux && !darwin

package control

import "net"

// peerOf cannot tell here: who may connect is decided by the socket's mode, or its directory's.
func peerOf(net.Conn) peer { return peer{} }
