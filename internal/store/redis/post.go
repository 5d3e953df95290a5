package redis

import (
	"time"

	"crs/internal/account"
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
	told     bool     // it was answered
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

// has reports whether there is something to tell of a hash slot, apart from leases.
func (p *post) has(slot string) bool {
	if id, ok := keyOf(slot); ok {
		return p.keys[id] != nil
	}
	return len(p.freed)+len(p.unlock)+len(p.news) > 0
}
