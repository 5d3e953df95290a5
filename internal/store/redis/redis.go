// Package redis keeps what several nodes share in one Redis: a single server, Sentinels, or a Cluster.
package redis

import (
	"cmp"
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// Store is a Redis that several nodes share. It is safe for concurrent use.
//
// Whatever writes first makes sure, in the same script, that the data are still those that were there when the store was
// opened. Redis without its data is store.ErrDamaged then, never an empty store.
type Store struct {
	rdb     redis.UniversalClient
	at      address
	opt     Options
	keys    names
	scripts *scripts
	trips   *trips

	id    string
	fresh bool
	since int64 // how many changes there had been when it was opened
}

// Open connects, checks that it is a Redis that crs can trust its data to, and makes the store when there has never been
// one. A Redis whose data are gone, or are another installation's, is store.ErrDamaged.
func Open(ctx context.Context, opt Options) (*Store, error) {
	at, err := parse(opt.URL)
	if err != nil {
		return nil, err
	}
	opt.Prefix = cmp.Or(opt.Prefix, "crs")
	opt.KeepHours, opt.KeepDays = cmp.Or(opt.KeepHours, 90*day), cmp.Or(opt.KeepDays, 800*day)
	opt.LogBytes = cmp.Or(opt.LogBytes, 256<<20)
	rdb, err := dial(at, &opt)
	if err != nil {
		return nil, err
	}
	scripts := newScripts()
	s := &Store{rdb: rdb, at: at, opt: opt, keys: names{opt.Prefix, at.kind == cluster}, scripts: scripts, trips: newTrips(scripts)}
	rdb.AddHook(s.trips)
	for _, step := range []func(context.Context) error{s.reach, s.inspect, s.identify} {
		if err := step(ctx); err != nil {
			_ = rdb.Close()
			return nil, err
		}
	}
	return s, nil
}

const day = 24 * time.Hour

// ID is the name of the store.
func (s *Store) ID() string { return s.id }

// Fresh reports whether Open made the store.
func (s *Store) Fresh() bool { return s.fresh }

// String says where the store is, without secrets.
func (s *Store) String() string { return s.at.String() }

// Close ends the connections.
func (s *Store) Close() error { return s.rdb.Close() }

// run runs a script. What it says is wrong with the store becomes an error that says what to do.
func (s *Store) run(ctx context.Context, script *redis.Script, keys []string, args ...any) (any, error) {
	v, err := script.Run(ctx, s.rdb, keys, args...).Result()
	return v, s.plain(err)
}

// Ahead is how far this node's clock is ahead of Redis'. In a Cluster it is one server's that answers for all.
func (s *Store) Ahead(ctx context.Context, now func() time.Time) (time.Duration, error) {
	before := now()
	theirs, err := s.rdb.Time(ctx).Result()
	if err != nil {
		return 0, s.plain(err)
	}
	return before.Add(now().Sub(before) / 2).Sub(theirs), nil
}
