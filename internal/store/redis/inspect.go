package redis

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"crs/internal/errs"

	"github.com/redis/go-redis/v9"
	"golang.org/x/mod/semver"
)

func (s *Store) reach(ctx context.Context) error {
	return errs.Wrap(s.plain(alive(ctx, s.rdb)), "reach the store")
}

// alive asks a server for a sign of life. That is the time: PING is refused, with MISCONF, by a server that fails to write its
// snapshots, though it can be read.
func alive(ctx context.Context, server redis.UniversalClient) error { return server.Time(ctx).Err() }

// inspect makes sure that every server is new enough, and will not throw our keys away.
func (s *Store) inspect(ctx context.Context) error {
	return s.each(ctx, func(ctx context.Context, server *redis.Client) error {
		for _, section := range []string{"server", "memory"} {
			text, err := server.Info(ctx, section).Result()
			if err != nil && strings.Contains(err.Error(), "is not supported") {
				continue // not a Redis, but something that stands in for one
			}
			if err == nil {
				err = fit(text)
			}
			if err != nil {
				return s.plain(err)
			}
		}
		return nil
	})
}

// each visits every server that takes writes, side by side.
func (s *Store) each(ctx context.Context, visit func(context.Context, *redis.Client) error) error {
	switch c := s.rdb.(type) {
	case *redis.ClusterClient:
		return c.ForEachMaster(ctx, visit)
	case *redis.Client:
		return visit(ctx, c)
	}
	return errors.New("this kind of Redis client is not known")
}

// fit says what is wrong with a server, by a section of its INFO.
func fit(info string) error {
	if version := field(info, "redis_version"); version != "" && !atLeast62(version) {
		return fmt.Errorf("it is version %s, and crs needs 6.2 or newer; upgrade it", version)
	}
	if policy := field(info, "maxmemory_policy"); policy != "" && policy != "noeviction" {
		return fmt.Errorf("its maxmemory-policy is %s: when its memory is full it would throw keys and usage away; run: redis-cli config set maxmemory-policy noeviction (and set it in redis.conf)", policy)
	}
	return nil
}

func field(info, name string) string {
	m := regexp.MustCompile(`(?m)^` + name + `:([^\r\n]*)`).FindStringSubmatch(info)
	if m == nil {
		return ""
	}
	return m[1]
}

func atLeast62(version string) bool {
	v := "v" + version
	return !semver.IsValid(v) || semver.Compare(v, "v6.2.0-0") >= 0 // one that cannot be ordered is taken as it is
}
