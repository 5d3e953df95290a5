package account

import (
	"crypto/sha256"
	"time"
)

// sessionKey stands for a conversation: sessions may hold text of people, which has no place in a snapshot.
type sessionKey [16]byte

func keyOf(session string) sessionKey {
	sum := sha256.Sum256([]byte(session))
	return sessionKey(sum[:16])
}

// binding is the account that a conversation is on.
type binding struct {
	account string
	until   time.Time
	told    time.Time // the until that other nodes know
}

// maxBindings bounds what conversations may take, 100 bytes or so each, and mostOfKey what those of one key may: a client can
// give every request a conversation of its own.
const (
	maxBindings = 500_000
	mostOfKey   = 10_000
)

// boundTo finds the account of w's conversation. It is called with mu held.
func (p *Pool) boundTo(w *Want, now time.Time) *entry {
	if w.Session == "" {
		return nil
	}
	b, ok := p.sticky[keyOf(w.Session)]
	if !ok || !now.Before(b.until) {
		return nil
	}
	return p.entries[b.account]
}

// stick keeps a conversation on its account. One that spilled over to another because its own had no room, or failed
// this one request, keeps its own: the prompt cache is there.
func (p *Pool) stick(w *Want, e *entry, reason why, now time.Time) {
	if w.Session == "" || w.NoStickyUpdate || p.opt.StickyFor <= 0 || reason == bySpill {
		return
	}
	k := keyOf(w.Session)
	b := binding{account: e.acc.ID, until: now.Add(p.opt.StickyFor)}
	if old := p.sticky[k]; old.account == b.account {
		b.told = old.told
	}
	p.bind(w.Key, k, p.tellSession(w.Key, k, b), now)
}

// bind remembers the account of a key's conversation. Where there is no room for one more, the key's own that was used least
// lately makes it, and if it has none any other.
func (p *Pool) bind(key string, k sessionKey, b binding, now time.Time) {
	if _, known := p.sticky[k]; known {
		p.sticky[k] = b
		return
	}
	own := p.talks[key]
	if own == nil {
		own = new(talks)
	}
	switch full := len(p.sticky) >= maxBindings; {
	case own.len() >= mostOfKey, full && own.len() > 0:
		p.dropOne(own, now)
	case full:
		for other := range p.sticky {
			delete(p.sticky, other)
			break
		}
	}
	if p.sticky[k] = b; key != "" { // "" is told by nodes that do not tell whose it is
		own.push(k)
		p.talks[key] = own
	}
}

// dropOne forgets one of a key's conversations: the oldest that has not been used lately, as far as a short look finds one.
func (p *Pool) dropOne(own *talks, now time.Time) {
	const tries = 8
	for i := 0; own.len() > 0; i++ {
		k := own.pop()
		b, there := p.sticky[k]
		switch {
		case !there && len(p.sticky) < maxBindings: // it was over
			return
		case !there:
		case i < tries && b.until.Sub(now) > p.opt.StickyFor/2:
			own.push(k)
		default:
			delete(p.sticky, k)
			return
		}
	}
}

// talks are a key's conversations, in the order in which they began; some may be over.
type talks struct {
	list  []sessionKey
	first int
}

func (t *talks) len() int { return len(t.list) - t.first }

func (t *talks) push(k sessionKey) { t.list = append(t.list, k) }

func (t *talks) pop() sessionKey {
	k := t.list[t.first]
	if t.first++; t.first > 64 && t.first > len(t.list)/2 {
		t.list, t.first = append(t.list[:0:0], t.list[t.first:]...), 0
	}
	return k
}

// sweep forgets conversations that are over. It is called with mu held.
func (p *Pool) sweep(now time.Time) {
	for k, b := range p.sticky {
		if !now.Before(b.until) {
			delete(p.sticky, k)
		}
	}
}
