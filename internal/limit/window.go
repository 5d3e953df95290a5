package limit

import "time"

// span is how far back a window looks. It counts in whole seconds and keeps one more than the minute, so that no minute,
// wherever it begins, ever holds more than a limit allows.
const span = 61

// window is a sliding count over the last minute, on a clock that nobody sets. Its zero value is empty.
type window struct {
	at     int64 // the second of the newest bucket
	sum    int64
	bucket [span]int64
}

func second(elapsed time.Duration) int64 { return int64(elapsed / time.Second) }

// advance drops what has left the window by now.
func (w *window) advance(now int64) {
	if now <= w.at {
		return
	}
	if now-w.at >= span {
		w.bucket, w.sum = [span]int64{}, 0
	} else {
		for s := w.at + 1; s <= now; s++ {
			w.sum -= w.bucket[s%span]
			w.bucket[s%span] = 0
		}
	}
	w.at = now
}

func (w *window) add(now time.Duration, n int64) {
	w.advance(second(now))
	w.bucket[w.at%span] += n
	w.sum += n
}

func (w *window) count(now time.Duration) int64 {
	w.advance(second(now))
	return w.sum
}

// free is how long it takes until the count will have fallen below limit, if nothing is added. It is zero when it is below
// already.
func (w *window) free(now time.Duration, limit int64) time.Duration {
	w.advance(second(now))
	left := w.sum
	if left < limit {
		return 0
	}
	for s := w.at - span + 1; s <= w.at; s++ {
		if left -= w.bucket[(s%span+span)%span]; left < limit {
			return time.Duration(s+span)*time.Second - now
		}
	}
	return time.Duration(w.at+span)*time.Second - now
}
