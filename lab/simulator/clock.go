package simulator

import (
	"sync/atomic"
	"time"
)

// perSecond keeps header lines that change with the time, and renders them once a second.
type perSecond struct {
	render func(now time.Time) []byte
	last   atomic.Pointer[rendered]
}

type rendered struct {
	second int64
	text   []byte
}

// at gives the lines for the time now. They must not be changed.
func (p *perSecond) at(now time.Time) []byte {
	if r := p.last.Load(); r != nil && r.second == now.Unix() {
		return r.text
	}
	r := &rendered{now.Unix(), p.render(now)}
	p.last.Store(r)
	return r.text
}

func renderDate(now time.Time) []byte {
	return now.UTC().AppendFormat(nil, "Date: Mon, 02 Jan 2006 15:04:05 GMT\r\n")
}
