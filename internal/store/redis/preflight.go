package redis

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"crs/internal/store"
)

// looked is how many keys are looked at to see whose a database is.
const looked = 1000

// vacant makes sure that a database is not somebody else's before the store is made in it.
func (s *Store) vacant(ctx context.Context) error {
	var one sync.Mutex // guards the lists
	var ours, relay, foreign []string
	err := s.each(ctx, func(ctx context.Context, server *redis.Client) error {
		keys, _, err := server.Scan(ctx, 0, "", looked).Result()
		one.Lock()
		defer one.Unlock()
		for _, k := range keys {
			switch {
			case strings.HasPrefix(k, s.keys.prefix+":{"):
				ours = append(ours, k)
			case isRelay(k):
				relay = append(relay, k)
			default:
				foreign = append(foreign, k)
			}
		}
		return s.plain(err)
	})
	const elsewhere = "give crs a database of its own (redis://HOST/1), or allow it beside them with redis.shared = true"
	switch {
	case err != nil:
		return fmt.Errorf("look for keys of others: %w", err)
	case len(ours) > 0 && !s.begun(ours):
		return fmt.Errorf("%w: the Redis at %s holds keys of crs (such as %q), but not the one that says which store they are; restore its dump or append-only file",
			store.ErrDamaged, s.at, ours[0])
	case s.opt.Shared:
		return nil
	case len(relay) > 0:
		return fmt.Errorf("the Redis at %s holds the keys of the Node relay (such as %q), which crs does not share; %s", s.at, relay[0], elsewhere)
	case len(foreign) > 0:
		return fmt.Errorf("the Redis at %s holds somebody else's keys (such as %q); %s", s.at, foreign[0], elsewhere)
	}
	return nil
}

// begun reports whether keys are no more than what another node has while it makes the store.
func (s *Store) begun(keys []string) bool {
	return !slices.ContainsFunc(keys, func(k string) bool { return !strings.HasSuffix(k, ":store") })
}

// isRelay knows the keys of the Node.js service that crs replaces.
func isRelay(key string) bool {
	prefixes := []string{"apikey:", "claude:account:", "usage:", "session:admin_credentials", "claude_relay_config", "system:service_rates"}
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}
