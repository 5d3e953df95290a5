package account

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// snapshot is what a pool has learnt, as it outlives the process.
type snapshot struct {
	Accounts map[string]remembered `json:"accounts"`
	// Sticky maps a conversation to its account.
	Sticky map[string]placed `json:"sticky"`
}

type remembered struct {
	learnt
	// Generation is of the credential that this was learnt with.
	Generation int64 `json:"generation,omitempty"`
}

type placed struct {
	Account string `json:"a"`
	Until   int64  `json:"u"` // unix seconds
}

// Snapshot writes down what the pool has learnt, conversations included unless they are shared.
func (p *Pool) Snapshot() ([]byte, error) {
	p.mu.Lock()
	s := p.snapshot(p.lending.sole())
	p.mu.Unlock()
	return json.Marshal(s)
}

// snapshot is called with mu held.
func (p *Pool) snapshot(sticky bool) *snapshot {
	p.sweep(p.opt.Now())
	s := &snapshot{Accounts: make(map[string]remembered, len(p.entries)), Sticky: make(map[string]placed, len(p.sticky))}
	for id, e := range p.entries {
		r := remembered{learnt: e.learnt, Generation: e.acc.Credential.Generation}
		r.Rests, r.Windows = slices.Clone(r.Rests), slices.Clone(r.Windows)
		s.Accounts[id] = r
	}
	for k, b := range p.sticky {
		if !sticky {
			break
		}
		s.Sticky[hex.EncodeToString(k[:])] = placed{b.account, b.until.Unix()}
	}
	return s
}

// Restore takes what an earlier process had learnt. Accounts must have been Set before; those that are gone are skipped.
func (p *Pool) Restore(body []byte) error {
	if len(body) == 0 {
		return nil
	}
	var s snapshot
	if err := json.Unmarshal(body, &s); err != nil {
		return fmt.Errorf("read what was learnt of the accounts: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, r := range s.Accounts {
		if e := p.entries[id]; e != nil && e.acc.Credential.Generation == r.Generation {
			e.learnt = r.learnt
		}
	}
	for text, b := range s.Sticky {
		var k sessionKey
		if n, err := hex.Decode(k[:], []byte(text)); err == nil && n == len(k) {
			p.sticky[k] = binding{account: b.Account, until: time.Unix(b.Until, 0)}
		}
	}
	return nil
}
