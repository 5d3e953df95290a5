package redis

import (
	"slices"
	"time"

	"crs/internal/account"
	"crs/internal/limit"
	"crs/internal/unit"
)

// post is what has yet to be told to Redis.
type pending struct {
	keys       map[string]*keyPending
	freed      []freed
	unlock     []freed
	news       []account.StateUpdate
	newsBefore int   // how many there have been before those in news
	sequence   int64 // of the last keyPending that was sent
}

// keyPending is what has to be told of one key. Once it was sent it stays as it is until Redis has answered: its sequence
// number makes it count once, however often it is sent.
type keyPending struct {
	sequence int64 // zero until it was sent
	gone     []string
	limits   *limit.Limits // of what was used last
	spent    unit.Amounts
	figures  []figure
	next     *keyPending // what came after it was sent
	told     bool        // it was answered
}

// figure is what counts in windows that slide, and when that was.
type figure struct {
	at   time.Time
	used unit.Amounts
}

type freed struct{ of, member string }

func newPending() pending { return pending{keys: map[string]*keyPending{}} }

// key gives what can still be added to.
func (p *pending) key(id string) *keyPending {
	b := p.keys[id]
	if b == nil {
		b = new(keyPending)
		p.keys[id] = b
		return b
	}
	if b.sequence == 0 {
		return b
	}
	if b.next == nil {
		b.next = new(keyPending)
	}
	return b.next
}

// mostFigures is how many figures are kept apart while Redis is away. With more, those next to each other become one.
const mostFigures = 512

// count adds to the figures of this second, and drops those that are too old to matter.
func (b *keyPending) count(now time.Time, used unit.Amounts) {
	if last := len(b.figures) - 1; last >= 0 && now.Sub(b.figures[last].at) < time.Second {
		b.figures[last].used = b.figures[last].used.Add(used)
		return
	}
	for len(b.figures) > 0 && now.Sub(b.figures[0].at) >= limit.Longest {
		b.figures = b.figures[1:]
	}
	if len(b.figures) >= mostFigures {
		b.figures = thinned(b.figures)
	}
	b.figures = append(b.figures, figure{now, used})
}

// thinned makes one figure of each two, of the later time: nothing is forgotten sooner for it.
func thinned(all []figure) []figure {
	out := make([]figure, 0, len(all)/2+1)
	for i := 0; i+1 < len(all); i += 2 {
		out = append(out, figure{all[i+1].at, all[i].used.Add(all[i+1].used)})
	}
	if len(all)%2 == 1 {
		out = append(out, all[len(all)-1])
	}
	return out
}

// someNews gives the oldest news, and what forgetNews is to be given when they were told.
func (p *pending) someNews() (some []account.StateUpdate, end int) {
	some = p.news[:min(len(p.news), mostNews)]
	return some, p.newsBefore + len(some)
}

// dropNews forgets the oldest news untold.
func (p *pending) dropNews(count int) {
	p.forgetNews(p.newsBefore + count)
	p.news = slices.Clone(p.news)
}

// forgetNews takes out all news up to end that are still there: while they were told, some may have been dropped.
func (p *pending) forgetNews(end int) {
	if end <= p.newsBefore {
		return
	}
	p.newsBefore, p.news = end, p.news[end-p.newsBefore:]
	if len(p.news) == 0 {
		p.news = nil
	}
}

// has reports whether there is something to tell of a hash slot, apart from leases.
func (p *pending) has(slot string) bool {
	if id, ok := keyOf(slot); ok {
		return p.keys[id] != nil
	}
	return len(p.freed)+len(p.unlock)+len(p.news) > 0
}
