package redis

import (
	"context"
	"errors"
	"time"

	"crs/internal/account"
	"crs/internal/convert"
	"crs/internal/outage"
)

// Accounts are the slots of accounts on all nodes, and what these have learnt of them. It implements account.Shared.
type Accounts struct{ *Node }

// Accounts gives what the pool of this node shares with the others.
func (n *Node) Accounts() Accounts { return Accounts{n} }

var _ account.Shared = Accounts{}

// slot implements account.Slot.
type slot struct {
	lease
	node *Node
}

// Free implements account.Slot.
func (s *slot) Free() { s.node.end(&s.lease) }

// wantedFor is how long a node that found no slot is told of those that become free.
const wantedFor = time.Second

// Take implements account.Shared. While Redis is away, the node's own count decides alone, unless it is to refuse.
func (a Accounts) Take(ctx context.Context, of []account.Cap) (account.Slot, int, []int, error) {
	s, taken, used, err := a.take(ctx, of)
	if errors.As(err, new(*outage.Error)) && !a.opt.Refuse {
		return a.Adopt(of[0]), 0, nil, nil
	}
	return s, taken, used, err
}

func (a Accounts) take(ctx context.Context, of []account.Cap) (account.Slot, int, []int, error) {
	s := &slot{node: a.Node}
	s.kind, s.member = atAccount, a.newMember("")
	keys, wanted := make([]string, 0, 2*len(of)), make([]string, 0, len(of))
	args := []any{s.member, a.opt.Lease.Milliseconds(), wantedFor.Milliseconds()}
	for _, c := range of {
		keys, wanted, args = append(keys, a.keys.slots(c.Account)), append(wanted, a.keys.wanted(c.Account)), append(args, c.Most)
	}
	for {
		asked := time.Now()
		answer, err := a.ask(ctx, a.scripts.take, accountSlot, append(keys, wanted...), args...)
		if err != nil {
			if sent(err) {
				a.mayHave(s.member, of)
			}
			return nil, -1, nil, err
		}
		v, err := numbers(answer, 2)
		if err != nil {
			return nil, -1, nil, err
		}
		used := convert.All(v[1:], func(n int64) int { return int(n) })
		if v[0] < 0 {
			return nil, -1, used, nil
		}
		if time.Since(asked) > a.opt.Lease/2 {
			continue // this node stood still: its lease may be over already
		}
		s.of = of[v[0]].Account
		a.keep(&s.lease, asked)
		return s, int(v[0]), used, nil
	}
}

// mayHave gives back what may have been taken by a question whose answer was lost.
func (a Accounts) mayHave(member string, of []account.Cap) {
	a.mu.Lock()
	for _, c := range of {
		a.owed.freed = append(a.owed.freed, freed{c.Account, member})
	}
	a.owe(accountSlot)
	a.mu.Unlock()
}

// Adopt implements account.Shared.
func (a Accounts) Adopt(of account.Cap) account.Slot {
	s := &slot{node: a.Node}
	s.kind, s.of, s.member = atAccount, of.Account, a.newMember("")
	a.keep(&s.lease, time.Time{})
	return s
}

// mostOwed bounds the news that wait for a Redis that is away: the oldest are about conversations that are over.
const mostOwed = 100_000

// Publish implements account.Shared.
func (a Accounts) Publish(n account.StateUpdate) {
	a.mu.Lock()
	if len(a.owed.news) >= mostOwed && a.Away() != nil {
		a.owed.dropNews(mostOwed / 10)
	}
	a.owed.news = append(a.owed.news, n)
	a.owe(accountSlot)
	a.mu.Unlock()
}
