package daemon

import (
	"fmt"

	"crs/internal/descriptor"
)

// fewDescriptors compares the limit of open files, as it is and as it was at the start, with how many clients may be connected.
func (d *Daemon) fewDescriptors() string {
	have := descriptor.Share(min(d.shares.Limit, descriptor.LimitNow()))
	return fewDescriptors(have, d.cfg.Limits.Connections)
}

func fewDescriptors(have descriptor.Shares, clients int) string {
	if have.Clients >= clients {
		return ""
	}
	return fmt.Sprintf("this process may have %d files open, enough for %d clients at once; limits.connections is %d, which takes %d",
		have.Limit, have.Clients, clients, descriptor.Needed(clients))
}

func (d *Daemon) warnOfFew() {
	if sentence := d.fewDescriptors(); sentence != "" {
		d.log.Warn(sentence)
	}
}
