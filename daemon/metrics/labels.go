package metrics

import (
	"strings"
	"sync"
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
	most  int
	rest  func(K) K
	make  func(K) V
	mu    sync.RWMutex // guards the fields below
	named int          // without rests
	known map[K]V
}

// few is for labels whose values are a fixed list.
func few[K comparable, V any](build func(K) V) *labels[K, V] {
	return &labels[K, V]{most: 1 << 20, rest: func(k K) K { return k }, make: build, known: map[K]V{}}
}

// names is for names that operators give.
func names[V any](most int, build func(string) V) *labels[string, V] {
	l := &labels[string, V]{most: most, rest: func(string) string { return other }, make: build, known: map[string]V{}}
	l.of(other)
	return l
}

// of gives k's series.
func (l *labels[K, V]) of(k K) V {
	l.mu.RLock()
	v, ok := l.known[k]
	if !ok && l.named >= l.most {
		v, ok = l.known[l.rest(k)]
	}
	l.mu.RUnlock()
	if ok {
		return v
	}
	return l.add(k)
}

// add makes series for k, or for its rest when there are enough.
func (l *labels[K, V]) add(k K) V {
	l.mu.Lock()
	defer l.mu.Unlock()
	rest := l.rest(k)
	if l.named >= l.most {
		k = rest
	}
	v, ok := l.known[k]
	if ok {
		return v
	}
	if k != rest {
		l.named++
	}
	v = l.make(k)
	l.known[k] = v
	return v
}

// text makes what comes from outside fit for a label.
func text(s string) string {
	const most = 100
	return strings.ToValidUTF8(s[:min(len(s), most)], "?")
}
