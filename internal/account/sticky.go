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

// maxBindings bounds what conversations may take: 100 bytes or so each.
const maxBindings = 500_000

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
	if w.Session == "" || w.Aside || p.opt.StickyFor <= 0 || reason == bySpill {
		return
	}
	k := keyOf(w.Session)
	old, known := p.sticky[k]
	if !known && len(p.sticky) >= maxBindings {
		p.sweep(now)
		if len(p.sticky) >= maxBindings {
			return
		}
	}
	b := binding{account: e.acc.ID, until: now.Add(p.opt.StickyFor)}
	if old.account == b.account {
		b.told = old.told
	}
	p.sticky[k] = p.tellSession(k, b)
}

// sweep forgets conversations that are over. It is called with mu held.
func (p *Pool) sweep(now time.Time) {
	for k, b := range p.sticky {
		if !now.Before(b.until) {
			delete(p.sticky, k)
		}
	}
}
