// Package descriptor keeps a process from ending, or from losing what it has, because it has no file descriptors left. They
// are shared out beforehand: clients and upstreams each have half of what is not kept back for the ledger and the store, and for
// those who operate the daemon. What the system still refuses is waited for.
package descriptor

// Shares is how the descriptors that a process may have open are shared out.
type Shares struct {
	Limit     int // how many there may be; 0 where the system has no such limit
	Reserve   int // kept back for the process itself
	Control   int // connections to the control socket
	Clients   int // connections of clients that are served; there is room for a few more, which are told that there is none
	Upstreams int // connections to upstreams
}

// What is kept back: a sixteenth, within bounds. A daemon at rest has about thirty open.
const (
	leastReserve = 64
	mostReserve  = 512
)

// A thirty-second part, within bounds, is for the control socket: a dashboard takes two.
const (
	leastControl = 16
	mostControl  = 128
)

// Share shares out limit descriptors. Neither clients nor upstreams can take what the other needs: a request takes one of
// each, and a client that sends nothing takes one as well.
func Share(limit int) Shares {
	reserve := min(max(limit/16, leastReserve), mostReserve, limit/2)
	control := min(max(limit/32, leastControl), mostControl, max(limit/4, 1))
	each := (limit - reserve - control) / 2
	return Shares{Limit: limit, Reserve: reserve, Control: control, Clients: max(each-Beyond(each), 1), Upstreams: each}
}

// Beyond is for how many connections more there is room, which are only told that there is none.
func Beyond(clients int) int { return max(clients/16, 4) }

// Needed is the limit with which so many clients can be connected.
func Needed(clients int) int {
	limit := 2*clients + leastReserve + leastControl
	for Share(limit).Clients < clients {
		limit++
	}
	return limit
}
