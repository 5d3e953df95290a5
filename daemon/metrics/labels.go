package metrics

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	// other is the label that those share who have none of their own.
	other = "other"
	// none is the label of what a request never had.
	none = "none"
)

// labels gives each key series of its own, up to a number of them. Who comes first has them for as long as the daemon
// runs, for a counter must not change its name; all that come later share those of their rest.
type labels[K comparable, V any] struct {
	most int
	rest func(K) K
	make func(K) V
	// known is replaced when something is added, which soon never happens any more: readers take no lock.
	known  atomic.Pointer[known[K, V]]
	adding sync.Mutex // serialises replacing
}

// known are the series that there are. It does not change.
type known[K comparable, V any] struct {
	series map[K]V
	named  int // of them, without rests
}

func newLabels[K comparable, V any](most int, rest func(K) K, build func(K) V) *labels[K, V] {
	l := &labels[K, V]{most: most, rest: rest, make: build}
	l.known.Store(&known[K, V]{series: map[K]V{}})
	return l
}

// few is for labels whose values are a fixed list.
func few[K comparable, V any](build func(K) V) *labels[K, V] {
	return newLabels(0, func(k K) K { return k }, build)
}

// names is for names that operators give.
func names[V any](most int, build func(string) V) *labels[string, V] {
	l := newLabels(most, func(string) string { return other }, build)
	l.of(other)
	return l
}

// of gives k's series.
func (l *labels[K, V]) of(k K) V {
	if v, ok := l.find(l.known.Load(), k); ok {
		return v
	}
	l.adding.Lock()
	defer l.adding.Unlock()
	return l.add(l.known.Load(), k)
}

func (l *labels[K, V]) find(now *known[K, V], k K) (v V, ok bool) {
	if v, ok = now.series[k]; !ok && now.named >= l.most {
		v, ok = now.series[l.rest(k)]
	}
	return v, ok
}

// add makes series for k, or for its rest when there are enough. Somebody may have been faster.
func (l *labels[K, V]) add(now *known[K, V], k K) V {
	if v, ok := l.find(now, k); ok {
		return v
	}
	rest := l.rest(k)
	if now.named >= l.most {
		k = rest
	}
	next := &known[K, V]{series: maps.Clone(now.series), named: now.named}
	if k != rest {
		next.named++
	}
	v := l.make(k)
	next.series[k] = v
	l.known.Store(next)
	return v
}

// text makes what comes from outside fit for a label.
func text(s string) string {
	const most = 100
	return strings.ToValidUTF8(s[:min(len(s), most)], "?")
}
