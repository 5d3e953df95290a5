package redis

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"crs/internal/store"
)

// trips counts round trips as a hook of the client. Operations are commands by their names, scripts by ours, and pipelines.
type trips struct {
	scripts map[string]string // names by SHA-1
	known   sync.Map          // of *trip by operation
}

// trip counts one operation.
type trip struct{ count, failed, took atomic.Int64 }

// pipeline is the operation of several commands in one trip, such as all that a node has to tell.
const pipeline = "pipeline"

func newTrips(all *scripts) *trips {
	t := &trips{scripts: map[string]string{}}
	for _, r := range all.rows() {
		t.scripts[(*r.script).Hash()] = r.name
	}
	return t
}

// DialHook implements redis.Hook.
func (*trips) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (t *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		begun := time.Now()
		err := next(ctx, cmd)
		t.add(t.operation(cmd), begun, err)
		return err
	}
}

// ProcessPipelineHook implements redis.Hook.
func (t *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, all []redis.Cmder) error {
		begun := time.Now()
		err := next(ctx, all)
		t.add(pipeline, begun, err)
		return err
	}
}

func (t *trips) operation(cmd redis.Cmder) string {
	if args := cmd.Args(); cmd.Name() == "evalsha" && len(args) > 1 {
		if sha, ok := args[1].(string); ok && t.scripts[sha] != "" {
			return t.scripts[sha]
		}
	}
	return cmd.Name()
}

func (t *trips) add(operation string, begun time.Time, err error) {
	found, ok := t.known.Load(operation)
	if !ok {
		found, _ = t.known.LoadOrStore(operation, new(trip))
	}
	one := found.(*trip)
	one.count.Add(1)
	one.took.Add(int64(time.Since(begun)))
	if err != nil && !errors.Is(err, redis.Nil) {
		one.failed.Add(1)
	}
}

// Trips implements store.StatsProvider.
func (s *Store) Trips() []store.Trips {
	var all []store.Trips
	for operation, one := range s.trips.known.Range {
		t := one.(*trip)
		all = append(all, store.Trips{
			Operation: operation.(string), Count: t.count.Load(), Failed: t.failed.Load(), Took: time.Duration(t.took.Load()),
		})
	}
	slices.SortFunc(all, func(a, b store.Trips) int { return cmp.Compare(a.Operation, b.Operation) })
	return all
}
