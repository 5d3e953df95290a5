package usage

import (
	"bytes"
	"encoding/json"
	"time"
)

// waiting is what a ledger has in memory and its files have not: the batch that is being written, and the one behind it. A disk
// may take its time, or never answer; who reads this waits for neither.
type waiting struct {
	end   Cursor // of the files; what waits follows
	ahead uint64 // the first lines that a write which failed has brought to the files all the same
	parts [][]byte
}

// toldPatience is for how long who reads waits for what is told to be durable.
const toldPatience = time.Second

// commitSoon has what waits written, so that what is told is durable. A disk that does not answer keeps nobody waiting.
func (l *Ledger) commitSoon() {
	if l.Lag().DiskFails {
		return
	}
	_ = l.CommitWithin(toldPatience) // what cannot be written is told from memory
}

// borrow gives what waits, as it is now. Its lines stay as they are.
func (l *Ledger) borrow() waiting {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := waiting{end: l.end, ahead: l.ahead}
	for _, b := range []*batch{l.lag.writing, l.batch} {
		if b != nil && len(b.lines) > 0 {
			b.lent = true
			w.parts = append(w.parts, b.lines)
		}
	}
	return w
}

// everything is wanted.
func everything([]byte) bool { return true }

// closed gives the closed records, as far as wanted says so of their JSON. It leaves out the first so many lines.
func (w waiting) closed(but uint64, wanted func(body []byte) bool) (found []*Record) {
	for _, lines := range w.parts {
		for text := range bytes.Lines(lines) {
			if but > 0 {
				but--
				continue
			}
			what, body, ok := readLine(bytes.TrimSuffix(text, []byte("\n")))
			if !ok || what != closed || !wanted(body) {
				continue
			}
			if r := new(Record); json.Unmarshal(body, r) == nil {
				found = append(found, r)
			}
		}
	}
	return found
}
