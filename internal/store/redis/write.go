package redis

import (
	"context"
	"fmt"
	"slices"
)

// command is one of Redis' own, with the key that it is about as its second word.
type command []any

// words are those of the command as lua/write.lua reads them.
func (c command) words() []any { return append([]any{len(c)}, c...) }

// markerLife is that of a marker in a Cluster, in seconds; it is made again when it is needed.
const markerLife = 40 * 24 * 3600

// write runs commands on keys of one hash slot, if the store is still there.
func (s *Store) write(ctx context.Context, slot string, commands ...command) error {
	var keys []string
	var args []any
	for _, c := range commands {
		keys, args = append(keys, fmt.Sprint(c[1])), append(args, c.words()...)
	}
	keys, args = append(keys, s.keys.marker(slot)), append(args, s.id, 0)
	_, err := s.scripts.write.Run(ctx, s.rdb, keys, args...).Result()
	if isLost(err) && s.mark(ctx, slot) == nil {
		_, err = s.scripts.write.Run(ctx, s.rdb, keys, args...).Result()
	}
	return s.plain(err)
}

// mark makes sure that hash slots whose marker is missing may be written: in a Cluster, those that hold only what may be lost
// get it anew. It is an error when the store itself is not there any more.
func (s *Store) mark(ctx context.Context, missing ...string) error {
	if err := s.present(ctx); err != nil || !s.keys.cluster {
		return err
	}
	for _, slot := range missing {
		if slices.Contains(slots, slot) {
			continue
		}
		id, err := s.scripts.mark.Run(ctx, s.rdb, []string{s.keys.store(slot)}, s.id, markerLife).Result()
		if err != nil {
			return s.plain(err)
		}
		if id != s.id {
			return s.lost()
		}
	}
	return nil
}
