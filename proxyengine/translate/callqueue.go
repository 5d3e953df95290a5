package translate

// callQueue puts calls into a row. Upstreams with numbered calls may speak of several in turns; clients want one after another.
// The first is written as it comes; the others wait until it is whole.
type callQueue struct {
	v       *emitter
	calls   []*waiting
	written int // calls that are written and ended
}

type waiting struct {
	number int64
	id     string
	name   text
	args   []byte
	begun  bool
	sent   int // bytes of args that are written
	whole  bool
}

// find gives a call by its number, nil when it is new.
func (q *callQueue) find(number int64) *waiting {
	for i := len(q.calls) - 1; i >= 0; i-- {
		if q.calls[i].number == number {
			return q.calls[i]
		}
	}
	return nil
}

// open adds a call, or what was missing of it.
func (q *callQueue) open(number int64, id string, name text) *waiting {
	c := q.find(number)
	if c == nil {
		c = &waiting{number: number}
		q.v.kept += callFrame
		q.calls = append(q.calls, c)
	}
	if c.id == "" {
		c.id = id
	}
	if len(c.name) == 0 {
		c.name = append(c.name, name...)
	}
	return c
}

// args adds to a call's arguments.
func (q *callQueue) args(c *waiting, t text) {
	q.v.kept += len(t)
	c.args = append(c.args, t...)
}

// advance writes what can be written.
func (q *callQueue) advance() {
	for q.written < len(q.calls) {
		c := q.calls[q.written]
		if len(c.name) == 0 && !c.whole {
			return
		}
		if len(c.name) > 0 {
			q.write(c)
		}
		if !c.whole && (q.written == len(q.calls)-1 || !complete(c.args)) {
			return
		}
		q.written++
	}
}

func (q *callQueue) write(c *waiting) {
	if !c.begun {
		c.begun = true
		q.v.call(c.id, c.name, nil)
	}
	if c.sent < len(c.args) {
		q.v.args(c.args[c.sent:])
		c.sent = len(c.args)
	}
}

// idle reports that no call is in the midst of being written, so that something else can be.
func (q *callQueue) idle() bool {
	if q.written < len(q.calls) {
		last := q.calls[len(q.calls)-1]
		last.whole = last.whole || complete(last.args)
		q.advance()
	}
	return q.written == len(q.calls)
}

// finish writes all that is left.
func (q *callQueue) finish() {
	for _, c := range q.calls {
		c.whole = true
	}
	q.advance()
}
