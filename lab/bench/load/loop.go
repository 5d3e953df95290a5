package load

import (
	"context"
	"time"
)

// Loop sends requests on connections of their own, each as soon as the one before has been answered.
type Loop struct {
	Addr string
	// Requests are sent in turn: the first connection begins with the first, the second with the second.
	Requests [][]byte
	Conns    int
	Want     Want
}

// Start begins. Stop or Cancel must be called.
func (l Loop) Start(ctx context.Context) *Running {
	r := start(ctx)
	for i := range l.Conns {
		r.work(time.Now(), l.Addr, 16<<10, func(c *conn) error { return l.run(r, c, i) })
	}
	return r
}

func (l *Loop) run(r *Running, c *conn, i int) error {
	for ; !r.ending.Load(); i += l.Conns {
		if err := r.once(c, l.Requests[i%len(l.Requests)], &l.Want); err != nil {
			return err
		}
	}
	return nil
}
