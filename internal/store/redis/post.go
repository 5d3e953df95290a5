package redis

import (
	"context"
	"errors"
	"time"

	"crs/internal/account"
	"crs/internal/store"
)

// post is what has yet to be told to Redis.
type post struct {
	keys     map[string]*keyPost
	freed    []freed
	unlock   []freed
	news     []account.News
	sequence int64 // of the last keyPost that was sent
}

// keyPost is what has to be told of one key. Once it was sent it stays as it is until Redis has answered: its sequence
// number makes it count once, however often it is sent.
type keyPost struct {
	sequence int64 // zero until it was sent
	gone     []string
	charged  int64
	figures  []figure
	next     *keyPost // what came after it was sent
}

// figure is what counts against the rates of a key, and when that was.
type figure struct {
	at               time.Time
	requests, tokens int64
}

type freed struct{ of, member string }

func newPost() post { return post{keys: map[string]*keyPost{}} }

// key gives what can still be added to.
func (p *post) key(id string) *keyPost {
	b := p.keys[id]
	if b == nil {
		b = new(keyPost)
		p.keys[id] = b
		return b
	}
	if b.sequence == 0 {
		return b
	}
	if b.next == nil {
		b.next = new(keyPost)
	}
	return b.next
}

// span is how many seconds a window of the last minute takes in.
const span = 61

// count adds to the figures of this second, and drops those that are too old to matter.
func (b *keyPost) count(now time.Time, requests, tokens int64) {
	if last := len(b.figures) - 1; last >= 0 && now.Sub(b.figures[last].at) < time.Second {
		b.figures[last].requests += requests
		b.figures[last].tokens += tokens
		return
	}
	for len(b.figures) > 0 && now.Sub(b.figures[0].at) >= span*time.Second {
		b.figures = b.figures[1:]
	}
	b.figures = append(b.figures, figure{at: now, requests: requests, tokens: tokens})
}

// empty reports whether nothing has to be told.
func (p *post) empty() bool {
	return len(p.keys)+len(p.freed)+len(p.unlock)+len(p.news) == 0
}

const (
	// retryAfter is how long the sender waits before it tries again to reach Redis.
	retryAfter = 250 * time.Millisecond
	// heartbeat is how often Redis is asked for the time when there is nothing else to say.
	heartbeat = time.Second
)

// run sends what there is to send, until ctx ends.
func (n *Node) run(ctx context.Context) {
	beat := time.NewTicker(min(heartbeat, n.opt.Renew))
	defer beat.Stop()
	if err := n.hello(ctx); err != nil && ctx.Err() == nil {
		_ = n.lose(err)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			n.beat(ctx)
		case <-n.wake:
			n.round(ctx)
		}
	}
}

// hello gives Redis the scripts before the first request needs them.
func (n *Node) hello(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, n.wait)
	defer stop()
	return n.scripts.load(ctx, n.rdb)
}

// beat notices when Redis goes away while nobody asks it anything.
func (n *Node) beat(ctx context.Context) {
	n.round(ctx)
	if n.Away() != nil {
		return
	}
	for try := 1; ; try++ {
		within, stop := context.WithTimeout(ctx, n.wait)
		err := n.tellTime(within)
		stop()
		if err == nil {
			err = n.lost(ctx)
		}
		if err == nil || ctx.Err() != nil {
			return
		}
		if try == asks || errors.Is(err, store.ErrDamaged) {
			_ = n.lose(err)
			return
		}
	}
}

// round sends everything, and is done when Redis has it all, or has gone away.
func (n *Node) round(ctx context.Context) {
	for try := 1; ctx.Err() == nil; try++ {
		err := n.deliver(ctx)
		if err == nil && (n.Away() == nil || n.answers(ctx)) {
			n.regain()
			return
		}
		if err != nil && ctx.Err() == nil && (try >= asks || !n.answers(ctx)) {
			_ = n.lose(err)
		}
		if n.Away() != nil {
			n.later(ctx)
			return
		}
	}
}

// later has the sender try again in a while.
func (n *Node) later(ctx context.Context) {
	select {
	case <-time.After(retryAfter):
		n.poke()
	case <-ctx.Done():
	}
}
