package redis

import (
	"cmp"
	"context"
	"crypto/rand"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"crs/internal/limit"
	"crs/internal/outage"
	"crs/internal/patience"
)

// NodeOptions are the knobs of a Node.
type NodeOptions struct {
	// Name is what the node is called, whichever process it is; it may be empty. First says that no other process of that name lives:
	// then this one takes over the locks that they have left.
	Name  string
	First bool
	Now   func() time.Time
	// Elapsed is how much time has passed, by a clock that nobody sets. Nil means the process's own.
	Elapsed func() time.Duration
	Zone    *time.Location
	// Spent is the roll-ups' word on what keys have used in the spans of the calendar around now, up to the furthest, where Redis does
	// not know, or may have forgotten.
	Spent func(ctx context.Context, now time.Time, furthest limit.Window) (map[string]limit.Spent, error)
	// Late is the roll-ups' word on what keys have used of late, back to so long ago, for windows that nobody has counted in. Nil:
	// nobody knows.
	Late func(ctx context.Context, now time.Time, back time.Duration) (map[string][]limit.Past, error)
	// Lease is how long what a node holds stays its own when it is not heard of. Zero means 28 seconds: a node that dies
	// gives everything back within 30, and one that stands still for 20 loses nothing.
	Lease time.Duration
	// Renew is how often leases are renewed. Zero means two seconds.
	Renew time.Duration
	// Turn is how long a request that waits in a key's queue keeps its place when its node is not heard of. Zero means five
	// seconds.
	Turn time.Duration
	// Refuse has requests refused that need Redis while it cannot be asked; otherwise the node's own counts decide alone.
	Refuse bool
	// Changed is told when Redis cannot be asked any more, and with nil when it can again. It must not block; it may be nil.
	Changed func(error)
}

// Node is one daemon among those that share a Redis: what it holds there, and what it has yet to tell. Requests ask; what
// comes after an answer is collected, and sent by one goroutine for each primary (sender.go).
type Node struct {
	rdb      redis.UniversalClient
	store    *Store
	keys     names
	opt      NodeOptions
	wait     time.Duration
	scripts  *scripts
	id       string // of this process, not of the machine: what an earlier one held was not this one's
	away     atomic.Pointer[outage.Error]
	members  atomic.Int64
	ahead    atomic.Int64 // by how much the time in Redis is ahead of this node's clock, in nanoseconds
	time     atomic.Pointer[reckoning]
	raised   sync.Map // ids of keys whose spending was compared with the roll-ups
	rolledUp rolledUp

	mu       sync.Mutex                     // guards the fields below; never held while Redis works
	leases   map[string]map[*lease]struct{} // by hash slot
	owed     pending
	out      outbox
	suspects map[string]string // by primary, while Redis counts as away: a hash slot that could not be asked for there
	turns    map[string]chan struct{}
	answered chan struct{} // closed when a pipeline has been answered
	freed    func(account string)
	left     bool // it has told what it could, and tells nothing more

	wake chan struct{} // there is something to tell
	gone chan struct{} // Redis has come to count as away
	stop context.CancelFunc
	work sync.WaitGroup
}

// Join makes this process a node of the store's Redis. Leave ends it.
func (s *Store) Join(opt NodeOptions) *Node {
	if opt.Elapsed == nil {
		began := time.Now()
		opt.Elapsed = func() time.Duration { return time.Since(began) }
	}
	opt.Lease, opt.Renew, opt.Turn = cmp.Or(opt.Lease, 28*time.Second), cmp.Or(opt.Renew, 2*time.Second), cmp.Or(opt.Turn, 5*time.Second)
	n := &Node{
		rdb: s.rdb, store: s, keys: s.keys, opt: opt, wait: cmp.Or(s.opt.Wait, 2*time.Second), scripts: s.scripts, id: rand.Text()[:12],
		leases: map[string]map[*lease]struct{}{}, owed: newPending(), out: newOutbox(), suspects: map[string]string{},
		turns: map[string]chan struct{}{}, answered: make(chan struct{}), wake: make(chan struct{}, 1), gone: make(chan struct{}, 1),
	}
	ctx, stop := context.WithCancel(context.Background())
	n.stop = stop
	n.work.Go(func() { n.listen(ctx) })
	n.work.Go(func() { n.preload(ctx) })
	n.work.Go(func() { n.run(ctx) })
	n.work.Go(func() { n.watch(ctx) })
	return n
}

// Leave tells Redis what is still to be told, gives everything back, and ends the node. ctx bounds how long it tries.
func (n *Node) Leave(ctx context.Context) error {
	n.stop()
	n.work.Wait()
	n.mu.Lock()
	for _, leases := range n.leases {
		for l := range leases {
			n.drop(l)
		}
	}
	n.mu.Unlock()
	err := n.flush(ctx)
	n.mu.Lock()
	n.left = true
	n.mu.Unlock()
	return err
}

// Away is nil while Redis can be asked.
func (n *Node) Away() error {
	if e := n.away.Load(); e != nil {
		return e
	}
	return nil
}

// poke has what there is to tell sent.
func (n *Node) poke() { patience.Poke(n.wake) }
