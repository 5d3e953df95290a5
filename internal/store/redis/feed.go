package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"crs/internal/patience"
	"crs/internal/store"
)

// Edits are few, and every node hears of each through a stream whose entries are numbered as the edits are. A node reads on
// from the number it has; a number that is missing, a count that went back, or a Redis that was away for a moment means that
// something may have been missed, and then it reads everything anew.

const (
	// listen is how long a node waits for an edit before it looks whether everything is as it should be.
	listen = time.Second
	// again is how long a node waits before it asks a Redis again that did not answer.
	again = 250 * time.Millisecond
	// feedPage is how many edits are read at a time.
	feedPage = 500
)

// follower is one node's place in the feed.
type follower struct {
	s      *Store
	seen   int64 // the number of the last edit that was taken
	missed bool  // everything must be read anew
	ill    string
	take   func(store.ChangeSet)
	health func(error)
}

// Follow gives to take, within a second, what was written since the store was opened, until ctx ends. How the store does it tells
// health: nil when it could be asked, what is wrong when it could not; each only when it changes.
func (s *Store) Follow(ctx context.Context, take func(store.ChangeSet), health func(error)) {
	f := &follower{s: s, seen: s.since, take: take, health: health}
	for ctx.Err() == nil {
		err := f.step(ctx)
		if ctx.Err() != nil {
			return
		}
		f.tell(err)
		f.missed = f.missed || err != nil
		if f.missed {
			patience.Pause(ctx, again) // reading everything over and over would help nobody
		}
	}
}

// tell reports health when it changes.
func (f *follower) tell(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if (text == "") != (f.ill == "") {
		f.health(err)
	}
	f.ill = text
}

// step takes what there is, or waits for something.
func (f *follower) step(ctx context.Context) error {
	changes, err := f.changes(ctx)
	if err != nil {
		return err
	}
	if f.missed || changes < f.seen {
		return f.anew(ctx, changes)
	}
	entries, err := f.s.rdb.XRead(ctx, &redis.XReadArgs{
		Streams: []string{f.s.keys.feed(), strconv.FormatInt(f.seen, 10) + "-0"}, Count: feedPage, Block: listen,
	}).Result()
	if errors.Is(err, redis.Nil) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("listen for changes: %w", f.s.plain(err))
	}
	for _, stream := range entries {
		if err := f.read(ctx, stream.Messages); err != nil {
			return err
		}
	}
	return nil
}

// changes is how many edits there have been; it is an error when the store is not there any more.
func (f *follower) changes(ctx context.Context) (int64, error) {
	v, err := f.s.rdb.HMGet(ctx, f.s.keys.store(docSlot), "id", "changes").Result()
	if err != nil {
		return 0, fmt.Errorf("look at the store: %w", f.s.plain(err))
	}
	if v[0] != f.s.id {
		return 0, f.s.lost()
	}
	if v[1] == nil {
		return 0, nil
	}
	return strconv.ParseInt(fmt.Sprint(v[1]), 10, 64)
}

// anew reads everything; changes is how many edits that has at least.
func (f *follower) anew(ctx context.Context, changes int64) error {
	news := store.ChangeSet{Whole: true}
	for _, kind := range kinds() {
		docs, err := f.s.All(ctx, kind)
		if err != nil {
			return err
		}
		news.Docs = append(news.Docs, docs...)
	}
	f.take(news)
	f.seen, f.missed = changes, false
	return nil
}

// read takes the documents that entries of the feed are about, as they are by now.
func (f *follower) read(ctx context.Context, entries []redis.XMessage) error {
	about := map[docKey]bool{}
	for _, e := range entries {
		number, err := strconv.ParseInt(strings.TrimSuffix(e.ID, "-0"), 10, 64)
		if err != nil || number != f.seen+1 {
			f.missed = true
			return nil
		}
		f.seen = number
		about[docKey{store.Kind(fmt.Sprint(e.Values["kind"])), fmt.Sprint(e.Values["id"])}] = true
	}
	pipe := f.s.rdb.Pipeline()
	answers := map[docKey]*redis.StringCmd{}
	for d := range about {
		answers[d] = pipe.HGet(ctx, f.s.keys.docs(d.kind), d.id)
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("read what was changed: %w", f.s.plain(err))
	}
	var news store.ChangeSet
	for d, answer := range answers {
		text, err := answer.Result()
		if errors.Is(err, redis.Nil) {
			news.Gone = append(news.Gone, store.Doc{Kind: d.kind, ID: d.id})
			continue
		}
		doc, err := decode(d.kind, d.id, text)
		if err != nil {
			return err
		}
		news.Docs = append(news.Docs, doc)
	}
	f.take(news)
	return nil
}

type docKey struct {
	kind store.Kind
	id   string
}
