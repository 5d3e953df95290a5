package redis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"crs/internal/account"
	"crs/internal/patience"
)

// listen hears when this node's requests in a queue are called, and when a slot is free that somebody waits for. What is
// missed here is found by looking.
func (n *Node) listen(ctx context.Context) {
	sub := n.rdb.Subscribe(ctx, n.keys.turn(n.id), n.keys.freed())
	defer func() { _ = sub.Close() }()
	for {
		select {
		case m, open := <-sub.Channel():
			if !open {
				return
			}
			n.hear(m)
		case <-ctx.Done():
			return
		}
	}
}

func (n *Node) hear(m *redis.Message) {
	n.mu.Lock()
	turn, freed := n.turns[m.Payload], n.freed
	n.mu.Unlock()
	switch {
	case m.Channel == n.keys.freed() && freed != nil:
		freed(m.Payload)
	case turn != nil:
		patience.Poke(turn)
	}
}

const (
	// newsKept is how many entries the stream of news keeps, roughly.
	newsKept = 100_000
	// newsAtOnce is how many entries are read at once.
	newsAtOnce = 2000
	// newsWait is how long a node waits for news before it asks again.
	newsWait = 500 * time.Millisecond
)

// Pool is what hears what other nodes have learnt.
type Pool interface {
	ApplyUpdates([]account.StateUpdate)
	Freed(account string)
}

// Follow has pool hear what the other nodes learnt so far, and then what they learn, until the node leaves.
func (n *Node) Follow(ctx context.Context, pool Pool) error {
	n.mu.Lock()
	n.freed = pool.Freed
	n.mu.Unlock()
	last := "0"
	for {
		got, err := n.news(ctx, last, -1)
		if err != nil {
			return fmt.Errorf("read what the other nodes have learnt: %w", err)
		}
		if len(got) == 0 {
			break
		}
		last = n.pass(got, pool)
	}
	following, stop := context.WithCancel(context.Background())
	end := n.stop
	n.stop = func() { end(); stop() }
	n.work.Go(func() { n.follow(following, last, pool) })
	return nil
}

func (n *Node) follow(ctx context.Context, last string, pool Pool) {
	for ctx.Err() == nil {
		got, err := n.news(ctx, last, newsWait)
		switch {
		case err == nil && len(got) > 0:
			last = n.pass(got, pool)
		case err != nil && ctx.Err() == nil:
			last = aWhileBefore(last) // another server may have taken over, with less than the one before
			time.Sleep(retryAfter)
		}
	}
}

// aWhileBefore is where to read again from: hearing something twice does no harm.
func aWhileBefore(last string) string {
	var ms, n int64
	if _, err := fmt.Sscanf(last, "%d-%d", &ms, &n); err != nil {
		return "0"
	}
	return strconv.FormatInt(max(0, ms-time.Minute.Milliseconds()), 10)
}

// news gives the entries after last, waiting for some unless wait is negative.
func (n *Node) news(ctx context.Context, last string, wait time.Duration) ([]redis.XMessage, error) {
	ctx, stop := context.WithTimeout(ctx, n.wait+max(0, wait))
	defer stop()
	streams, err := n.rdb.XRead(ctx, &redis.XReadArgs{Streams: []string{n.keys.news(), last}, Count: newsAtOnce, Block: wait}).Result()
	if errors.Is(err, redis.Nil) || err == nil && len(streams) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return streams[0].Messages, nil
}

// pass gives the pool what others have told, in its own time, and gives the last entry's id.
func (n *Node) pass(got []redis.XMessage, pool Pool) string {
	var all []account.StateUpdate
	for _, m := range got {
		if m.Values["node"] == n.id {
			continue
		}
		var news []account.StateUpdate
		body, _ := m.Values["news"].(string)
		if json.Unmarshal([]byte(body), &news) != nil {
			continue // of a version to come
		}
		text, _ := m.Values["ahead"].(string)
		theirs, _ := strconv.ParseInt(text, 10, 64)
		ahead := time.Duration(theirs - n.ahead.Load())
		if ahead.Abs() < time.Second {
			ahead = 0
		}
		for i := range news {
			news[i].Shift(ahead)
		}
		all = append(all, news...)
	}
	if len(all) > 0 {
		pool.ApplyUpdates(all)
	}
	return got[len(got)-1].ID
}
