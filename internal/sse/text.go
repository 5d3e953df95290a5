package sse

import "crs/internal/piecewise"

// text is a part of the fragment being fed or, once that is gone, a copy of it in a buffer that is used again.
type text struct {
	bytes []byte
	own   []byte
	owned bool // bytes lies in own
}

func (t *text) set(b []byte) { t.bytes, t.owned = b, false }

// keep makes the text outlive the fragment.
func (t *text) keep() {
	if t.owned || len(t.bytes) == 0 {
		return
	}
	t.own = piecewise.Append(t.own[:0], t.bytes)
	t.bytes, t.owned = t.own, true
}

func (t *text) addLine(b []byte) {
	if !t.owned {
		t.own = piecewise.Append(t.own[:0], t.bytes)
	}
	t.own = append(t.own, '\n')
	t.own = piecewise.Append(t.own, b)
	t.bytes, t.owned = t.own, true
}

func (t *text) clear() {
	t.own = piecewise.Reusable(t.own)
	t.bytes, t.owned = nil, false
}
