package translate

// row puts calls into a row. Upstreams with numbered calls may speak of several in turns; clients want one after another.
// The first is told as it comes; the others wait until it is whole.
type row struct {
	v     *teller
	calls []*waiting
	told  int // calls that are told and ended
}

type waiting struct {
	number int64
	id     string
	name   text
	args   []byte
	begun  bool
	sent   int // bytes of args that are told
	whole  bool
}

// find gives a call by its number, nil when it is new.
func (r *row) find(number int64) *waiting {
	for i := len(r.calls) - 1; i >= 0; i-- {
		if r.calls[i].number == number {
			return r.calls[i]
		}
	}
	return nil
}

// open adds a call, or what was missing of it.
func (r *row) open(number int64, id string, name text) *waiting {
	c := r.find(number)
	if c == nil {
		c = &waiting{number: number}
		r.v.kept += callFrame
		r.calls = append(r.calls, c)
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
func (r *row) args(c *waiting, t text) {
	r.v.kept += len(t)
	c.args = append(c.args, t...)
}

// advance tells what can be told.
func (r *row) advance() {
	for r.told < len(r.calls) {
		c := r.calls[r.told]
		if len(c.name) == 0 && !c.whole {
			return
		}
		if len(c.name) > 0 {
			r.tell(c)
		}
		if !c.whole && (r.told == len(r.calls)-1 || !complete(c.args)) {
			return
		}
		r.told++
	}
}

func (r *row) tell(c *waiting) {
	if !c.begun {
		c.begun = true
		r.v.call(c.id, c.name, nil)
	}
	if c.sent < len(c.args) {
		r.v.args(c.args[c.sent:])
		c.sent = len(c.args)
	}
}

// idle reports that no call is in the midst of being told, so that something else can be.
func (r *row) idle() bool {
	if r.told < len(r.calls) {
		last := r.calls[len(r.calls)-1]
		last.whole = last.whole || complete(last.args)
		r.advance()
	}
	return r.told == len(r.calls)
}

// finish tells all that is left.
func (r *row) finish() {
	for _, c := range r.calls {
		c.whole = true
	}
	r.advance()
}
