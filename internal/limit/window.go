package limit

import "time"

// span is how far back a window looks. It counts in whole seconds and keeps one more than the minute, so that no minute,
// wherever it begins, ever holds more than a limit allows.
const span = 61

// window is a sliding count over the last minute. Its zero value is empty.
type window struct {
	at     int64 // the unix second of the newest bucket
	sum    int64
	bucket [span]int64
}

// advance drops what has left the window by now.
func (w *window) advance(now int64) {
	if now <= w.at {
		return // also when the clock was set back: the newest bucket then lasts longer
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

func (w *window) add(now time.Time, n int64) {
	w.advance(now.Unix())
	w.bucket[w.at%span] += n
	w.sum += n
}

func (w *window) count(now time.Time) int64 {
	w.advance(now.Unix())
	return w.sum
}

// free is when the count will have fallen below limit, if nothing is added. It is now when it is below already.
func (w *window) free(now time.Time, limit int64) time.Time {
	w.advance(now.Unix())
	left := w.sum
	if left < limit {
		return now
	}
	for s := w.at - span + 1; s <= w.at; s++ {
		if left -= w.bucket[(s%span+span)%span]; left < limit {
			return time.Unix(s+span, 0)
		}
	}
	return time.Unix(w.at+span, 0)
}
