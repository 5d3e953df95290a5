package translate

import "strconv"

// writer puts JSON together from parts that are JSON already. What cannot be said is noted where it is found, and the writer goes on: only
// the first thing counts, and nothing that was written is used then.
type writer struct {
	b   []byte
	err error
}

// fail notes what cannot be said.
func (w *writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// next writes the comma, where one is due. No value ends in one of the bytes after which none is.
func (w *writer) next() {
	if len(w.b) == 0 {
		return
	}
	switch w.b[len(w.b)-1] {
	case '{', '[', ':', ' ':
		return
	}
	w.b = append(w.b, ',')
}

func (w *writer) begin(bracket byte) {
	w.next()
	w.b = append(w.b, bracket)
}

func (w *writer) end(bracket byte) { w.b = append(w.b, bracket) }

func (w *writer) key(name string) {
	w.next()
	w.b = append(w.b, '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, '"', ':')
}

// fields are the members of an object: each a name and behind it what set takes, or else a func() that writes some.
type fields []any

// add writes members.
func (w *writer) add(members ...any) {
	for len(members) > 0 {
		if write, ok := members[0].(func()); ok {
			write()
			members = members[1:]
			continue
		}
		w.set(members[0].(string), members[1])
		members = members[2:]
	}
}

// set writes a member: a plain string, a text or several in one, a number, a boolean, an object, or what is JSON already, where nil is
// null.
func (w *writer) set(key string, what any) {
	w.key(key)
	switch v := what.(type) {
	case string:
		w.word(v)
	case text:
		w.quote(v)
	case []byte:
		w.quote(v)
	case []text:
		w.quote(v...)
	case int:
		w.b = strconv.AppendInt(w.b, int64(v), 10)
	case int64:
		w.b = strconv.AppendInt(w.b, v, 10)
	case bool:
		w.b = strconv.AppendBool(w.b, v)
	case fields:
		w.item(v...)
	case value:
		if v == nil {
			v = null
		}
		w.b = append(w.b, v...)
	}
}

var null = value("null")

// object writes a member that is an object.
func (w *writer) object(key string, members ...any) {
	w.key(key)
	w.item(members...)
}

// array writes a member that is an array.
func (w *writer) array(key string, items func()) {
	w.key(key)
	w.begin('[')
	items()
	w.end(']')
}

// item writes an object that is an element of an array.
func (w *writer) item(members ...any) {
	w.begin('{')
	w.add(members...)
	w.end('}')
}

// value writes what is JSON already.
func (w *writer) value(v []byte) {
	w.next()
	w.b = append(w.b, v...)
}

// quote writes parts as one string.
func (w *writer) quote(parts ...text) {
	w.next()
	w.b = append(w.b, '"')
	for _, p := range parts {
		w.b = append(w.b, p...)
	}
	w.b = append(w.b, '"')
}

// word writes a plain string.
func (w *writer) word(s string) {
	w.next()
	w.b = append(w.b, '"')
	w.b = appendEscaped(w.b, []byte(s))
	w.b = append(w.b, '"')
}

// have writes a member, when there is a value for it.
func (w *writer) have(key string, v value) {
	if len(v) > 0 {
		w.key(key)
		w.value(v)
	}
}

// setText writes a member that is a text.
func (w *writer) setText(key string, t text) {
	w.key(key)
	w.quote(t)
}

// model writes the member "model" and gives the place of its value.
func (w *writer) model(name string) (at, length int) {
	w.key("model")
	at = len(w.b)
	w.word(name)
	return at, len(w.b) - at
}

// stops writes the sequences that end an answer, when there are some.
func (w *writer) stops(key string, all []node) {
	if len(all) == 0 {
		return
	}
	w.array(key, func() {
		for _, s := range all {
			w.value(s.value)
		}
	})
}
