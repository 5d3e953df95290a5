package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"crs/internal/store"
)

// lostCode is what our scripts answer when the store they were written for is not there.
const lostCode = "CRSLOST"

func (s *Store) lost() error {
	return fmt.Errorf("%w: the Redis at %s does not hold the data any more that this node knows; nothing was written. "+
		"Restore its dump or append-only file and start it again: the nodes go on by themselves", store.ErrDamaged, s.at)
}

func isLost(err error) bool { return err != nil && strings.Contains(err.Error(), lostCode) }

// refusals are the signs of a Redis that takes no writes just now.
var refusals = []string{"READONLY", "MISCONF", "NOREPLICAS", "OOM "}

// plain gives an error that says what is the matter and what to do, for what Redis or the client says.
func (s *Store) plain(err error) error {
	if err == nil || errors.Is(err, redis.Nil) || errors.Is(err, context.Canceled) {
		return err
	}
	text := err.Error()
	for _, c := range []struct{ sign, advice string }{
		{"WRONGPASS", "it refuses the user or the password; the password is what redis.password_file holds, the user stands in the URL (redis://USER@HOST)"},
		{"NOAUTH", "it wants a password; put it into a file, and name that as redis.password_file"},
		{"NOPERM", "the user may not do that; it needs ~" + s.keys.prefix + ":*, &* and +@all -@dangerous +info"},
		{"DB index is out of range", "it has no such database; the URL ends with its number, 0 to 15 unless Redis was told otherwise"},
		{"cluster support disabled", "it is no Cluster; write redis:// for redis-cluster://"},
		{"READONLY", "it is a replica, which takes no writes; name the primary, or its Sentinels (redis-sentinel://)"},
		{"MOVED ", "it is a node of a Cluster; write redis-cluster:// for redis://"},
		{"MISCONF", "it cannot write to its disk and takes no writes therefore; see its own log"},
		{"NOREPLICAS", "fewer replicas follow it than it wants before it takes writes (min-replicas-to-write); see to them"},
		{"OOM ", "its memory is full (maxmemory); give it more, or lower redis.log_bytes and usage.keep"},
		{"first record does not look like a TLS handshake", "it does not speak TLS; write redis:// for rediss://"},
		{"x509:", "its certificate is not trusted; redis.ca_file names the authority"},
	} {
		if strings.Contains(text, c.sign) && slices.Contains(refusals, c.sign) {
			return fmt.Errorf("%w: the Redis at %s: %s (%w)", store.ErrNotWritable, s.at, c.advice, err)
		}
		if strings.Contains(text, c.sign) {
			return fmt.Errorf("the Redis at %s: %s (%w)", s.at, c.advice, err)
		}
	}
	if isLost(err) {
		return s.lost()
	}
	if s.at.tls && errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: the Redis at %s does not answer over TLS; if it does not speak TLS there, write redis:// for rediss:// (%w)", store.ErrUnavailable, s.at, err)
	}
	if away(err) {
		return fmt.Errorf("%w: the Redis at %s: %w", store.ErrUnavailable, s.at, err)
	}
	return fmt.Errorf("the Redis at %s: %w", s.at, err)
}

// away reports whether a Redis did not answer, or answered that it cannot just now.
func away(err error) bool {
	var said redis.Error
	if !errors.As(err, &said) {
		return true
	}
	signs := []string{"LOADING", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN", "BUSY"}
	return slices.ContainsFunc(signs, func(sign string) bool { return strings.HasPrefix(said.Error(), sign) })
}
