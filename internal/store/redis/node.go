package redis

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"crs/internal/outage"
	"crs/internal/usage"
)

// NodeOptions are the knobs of a Node.
type NodeOptions struct {
	Now  func() time.Time
	Zone *time.Location
	// Charged is the roll-ups' word on what keys were charged, where Redis does not know, or may have forgotten.
	Charged func(ctx context.Context, day, weekStart string) (map[string]usage.Charges, error)
	// Lease is how long what a node holds stays its own when it is not heard of. Zero means 28 seconds: a node that dies
	// gives everything back within 30, and one that stands still for 20 loses nothing.
	Lease time.Duration
	// Renew is how often leases are renewed. Zero means two seconds.
	Renew time.Duration
	// Turn is how long a request that waits in a key's queue keeps its place when its node is not heard of. Zero means five
	// seconds.
	Turn time.Duration
	// Changed is told when Redis cannot be asked any more, and with nil when it can again. It must not block; it may be nil.
	Changed func(error)
}

// Node is one daemon among those that share a Redis: what it holds there, and what it has yet to tell. Requests ask; what
// comes after an answer is collected and sent by one goroutine, in one pipeline at a time, so that nothing it sends can
// overtake anything else.
type Node struct {
	rdb     redis.UniversalClient
	present func(context.Context) error // an error when the store is not there any more
	keys    names
	opt     NodeOptions
	wait    time.Duration
	scripts *scripts
	id      string // of this process, not of the machine: what an earlier one held was not this one's
	away    atomic.Pointer[outage.Error]
	members atomic.Int64
	ahead   atomic.Int64 // by how much Redis' clock is ahead of this one's, in nanoseconds
	raised  sync.Map     // ids of keys whose spending was compared with the roll-ups
	charges charges

	mu     sync.Mutex // guards the fields below; never held while Redis works
	leases map[*lease]struct{}
	owed   post
	turns  map[string]chan struct{}
	sent   chan struct{} // closed when the pipeline that is under way, or the next, has been answered
	freed  func(account string)

	wake chan struct{}
	stop context.CancelFunc
	work sync.WaitGroup
}

// Join makes this process a node of the store's Redis. Leave ends it.
func (s *Store) Join(opt NodeOptions) *Node {
	opt.Lease, opt.Renew, opt.Turn = cmp.Or(opt.Lease, 28*time.Second), cmp.Or(opt.Renew, 2*time.Second), cmp.Or(opt.Turn, 5*time.Second)
	n := &Node{
		rdb: s.rdb, present: s.present, keys: s.keys, opt: opt, wait: cmp.Or(s.opt.Wait, 2*time.Second), scripts: newScripts(), id: newNodeID(),
		leases: map[*lease]struct{}{}, owed: newPost(), turns: map[string]chan struct{}{}, sent: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	ctx, stop := context.WithCancel(context.Background())
	n.stop = stop
	n.work.Go(func() { n.listen(ctx) })
	n.work.Go(func() { n.run(ctx) })
	return n
}

func newNodeID() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	return hex.EncodeToString(b[:])
}

// Leave tells Redis what is still to be told, gives everything back, and ends the node. ctx bounds how long it tries.
func (n *Node) Leave(ctx context.Context) error {
	n.stop()
	n.work.Wait()
	n.mu.Lock()
	for l := range n.leases {
		n.drop(l)
	}
	n.mu.Unlock()
	return n.deliver(ctx)
}

// Away is nil while Redis can be asked.
func (n *Node) Away() error {
	if e := n.away.Load(); e != nil {
		return e
	}
	return nil
}

// poke has the sender look what there is to send.
func (n *Node) poke() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}
