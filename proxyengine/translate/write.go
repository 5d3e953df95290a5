package translate

import "strconv"

// writer puts JSON together from parts that are JSON already.
type writer struct{ b []byte }

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

// object writes a member that is an object.
func (w *writer) object(key string, members func()) {
	w.key(key)
	w.begin('{')
	members()
	w.end('}')
}

// array writes a member that is an array.
func (w *writer) array(key string, items func()) {
	w.key(key)
	w.begin('[')
	items()
	w.end(']')
}

// item writes an object that is an element of an array.
func (w *writer) item(members func()) {
	w.begin('{')
	members()
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

func (w *writer) setText(key string, parts ...text) {
	w.key(key)
	w.quote(parts...)
}

func (w *writer) set(key, s string) {
	w.key(key)
	w.word(s)
}

func (w *writer) setInt(key string, n int64) {
	w.key(key)
	w.b = strconv.AppendInt(w.b, n, 10)
}

func (w *writer) setBool(key string, is bool) {
	w.key(key)
	w.b = strconv.AppendBool(w.b, is)
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
