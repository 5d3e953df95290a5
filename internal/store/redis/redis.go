// Package redis keeps what several nodes share in one Redis: a single server, Sentinels, or a Cluster.
package redis

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Store is a Redis that several nodes share. It is safe for concurrent use.
type Store struct {
	rdb  redis.UniversalClient
	at   address
	opt  Options
	keys names
}

// Open connects, and checks that it is a Redis that crs can trust its data to.
func Open(ctx context.Context, opt Options) (*Store, error) {
	at, err := parse(opt.URL)
	if err != nil {
		return nil, err
	}
	rdb, err := dial(at, &opt)
	if err != nil {
		return nil, err
	}
	if opt.Prefix == "" {
		opt.Prefix = "crs"
	}
	s := &Store{rdb: rdb, at: at, opt: opt, keys: names{opt.Prefix}}
	if err := s.rdb.Ping(ctx).Err(); err != nil {
		_ = rdb.Close()
		return nil, fmt.Errorf("reach Redis at %s: %w", at, err)
	}
	return s, nil
}

// String says where the store is, without secrets.
func (s *Store) String() string { return s.at.String() }

// Close ends the connections.
func (s *Store) Close() error { return s.rdb.Close() }
