package redis_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"crs/internal/store"
	"crs/internal/store/redis"
	"crs/lab/redistest"
	"crs/lab/storetest"
)

// TestConformance runs on what there is here, and says what that is: go test -v.
func TestConformance(t *testing.T) {
	t.Parallel()
	t.Log("runs on", redistest.Kind())
	conform(t, redistest.Start(t).URL())
}

func TestConformanceOnMiniredis(t *testing.T) {
	t.Parallel()
	conform(t, redistest.StartMini(t).URL())
}

func TestConformanceOnACluster(t *testing.T) {
	t.Parallel()
	conform(t, redistest.StartCluster(t, 0).URL())
}

func TestConformanceThroughASentinel(t *testing.T) {
	t.Parallel()
	_, url := redistest.StartSentinel(t)
	conform(t, url)
}

// conform gives each test of the suite a store of its own on one Redis: another prefix, beside keys of others.
func conform(t *testing.T, url string) {
	var stores atomic.Int64
	t.Run("suite", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) storetest.Opener {
			opt := redis.Options{URL: url, Dir: t.TempDir(), Shared: true, Prefix: fmt.Sprint("crs", stores.Add(1))}
			return func(t *testing.T) store.Store { return open(t, opt) }
		})
	})
}

func open(t *testing.T, opt redis.Options) *redis.Store {
	t.Helper()
	s, err := redis.Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
