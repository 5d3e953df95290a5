package control

import (
	"context"
	"os"
	"os/user"
	"slices"
	"strconv"

	"crs/internal/audit"
)

// right is what a caller may do.
type right uint8

const (
	none    right = iota
	operate       // look, and do what can be taken back
	write         // everything: the owner and root
)

// peer is who is at the other end of a connection.
type peer struct {
	uid   int
	known bool
}

type peerKey struct{}

// rightOf tells what the caller may do: root and the daemon's own user write, members of the group crs operate. Where the
// system does not tell who it is, the socket's mode has decided already.
func rightOf(ctx context.Context) right {
	p, _ := ctx.Value(peerKey{}).(peer)
	switch {
	case !p.known, p.uid == 0, p.uid == os.Geteuid():
		return write
	case inGroup(p.uid):
		return operate
	}
	return none
}

// actorOf is the caller as the audit log names it.
func actorOf(ctx context.Context) audit.Actor {
	a := audit.Actor{Kind: audit.User}
	p, _ := ctx.Value(peerKey{}).(peer)
	if !p.known {
		return a
	}
	a.ID = strconv.Itoa(p.uid)
	if u, err := user.LookupId(a.ID); err == nil {
		a.Name = u.Username
	}
	return a
}

func inGroup(uid int) bool {
	g, err := user.LookupGroup(Group)
	if err != nil {
		return false
	}
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return false
	}
	ids, err := u.GroupIds()
	return err == nil && slices.Contains(ids, g.Gid)
}
