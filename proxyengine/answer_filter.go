package proxyengine

import (
	"bytes"
	"encoding/json"

	"github.com/tidwall/gjson"

	"crs/internal/piecewise"
	"crs/proxyengine/scrub"
)

// answerFilter takes what is the operator's out of an answer that has begun with 200: out of errors within it, in whichever
// words, and out of all else that is no event of a protocol. What a model says is the client's, whatever it looks like, and
// passes as it came; only the account's credential is taken out of that too. Of a stream only whole units come out, events
// or objects, so that an error is not out before it is known for one; nobody can use less.
type answerFilter struct {
	splitter splitter // nil for what is no stream, of which no unit is looked at
	secrets  secretFilter
	// scrubber is asked for when an error has come by, instead when one is too long to be read.
	scrubber func() *scrub.Scrubber
	instead  func() []byte

	held    []byte // the unit that has begun
	out     []byte
	long    *jsonFilter // of the unit that is too long to be held, or of the whole answer, and that its beginning shows no error of
	behind  bool        // what comes now stands behind that unit's data
	leaving bool        // that unit is too long to be held, and is an error
	short   bool        // memory is short: little is held
}

// holds is how many bytes are kept.
func (c *answerFilter) holds() int {
	n := cap(c.held) + cap(c.out)
	if c.long != nil {
		n += c.long.holds()
	}
	return n
}

// heldUnit bounds what is held of a unit. Errors are short; pictures are not, and are let through as they come.
const heldUnit = 64 << 10

// most is heldUnit, or less where memory is short.
func (c *answerFilter) most() int {
	if c.short {
		return heldUnit / 16
	}
	return heldUnit
}

// next gives what the client gets for b, valid until the next call.
func (c *answerFilter) next(b []byte) []byte {
	if c.splitter == nil && c.long != nil {
		return c.long.feed(c.secrets.next(b))
	}
	return c.secrets.next(c.unit(b))
}

// unit gives the units that b ends, cleared.
func (c *answerFilter) unit(b []byte) []byte {
	if c.splitter == nil || len(c.held) == 0 && c.long == nil && !c.leaving && atRest(c.splitter, b) && usualEvents(b) {
		return b
	}
	c.out = piecewise.Reusable(c.out)
	for len(b) > 0 {
		n := c.splitter.end(b)
		ended := n >= 0
		if !ended {
			n = len(b)
		}
		c.take(b[:n], ended)
		b = b[n:]
	}
	return c.out
}

// atRest reports whether b is nothing but whole events.
func atRest(u splitter, b []byte) bool {
	l, ok := u.(*eventSplitter)
	return ok && l.empty && !l.cr && (bytes.HasSuffix(b, []byte("\n\n")) || bytes.HasSuffix(b, []byte("\r\n\r\n")))
}

// take is given the parts of a unit, one after another.
func (c *answerFilter) take(part []byte, ended bool) {
	switch {
	case c.long != nil:
		c.let(part)
	case !c.leaving:
		c.held = append(c.held, part...)
		if !ended && len(c.held) > c.most() {
			c.decide()
		}
	}
	if ended {
		c.close()
	}
}

// decide is about a unit that is too long, by how it begins.
func (c *answerFilter) decide() {
	held := c.held
	d, fails := failing(held)
	if text := bytes.TrimLeft(d.text, " \t"); fails || len(text) == 0 || text[0] != '{' && text[0] != '[' {
		c.leaving, c.held = true, nil
		return
	}
	c.held, c.behind, c.long = nil, false, &jsonFilter{words: c.scrubber, most: c.most, strict: !isEvent(d.text)}
	before, rest := held[:d.at], held[d.at:]
	if !d.object && !plainLines(before) {
		before = []byte(c.scrubber().Text(string(before)))
	}
	c.out = append(c.out, before...)
	if !d.object {
		n := bytes.IndexByte(rest, ':') + 1
		c.out = append(c.out, rest[:n]...)
		rest = rest[n:]
	}
	c.let(rest)
}

// let has the filter see a part of the unit. Behind the line of data that it looks at, other lines may stand.
func (c *answerFilter) let(part []byte) {
	if _, events := c.splitter.(*eventSplitter); !events {
		c.out = append(c.out, c.long.feed(part)...)
		return
	}
	if !c.behind {
		n := bytes.IndexAny(part, "\r\n")
		if c.behind = n >= 0; !c.behind {
			n = len(part)
		}
		c.out = append(c.out, c.long.feed(part[:n])...)
		if part = part[n:]; c.behind {
			c.out = append(c.out, c.long.end()...)
		}
	}
	if c.held = append(c.held, part...); len(c.held) > c.most() {
		c.held = append(c.held[:0], "\n\n"...) // nobody can use what is left out
	}
}

// close ends a unit.
func (c *answerFilter) close() {
	switch {
	case c.leaving:
		c.out = append(c.out, c.instead()...)
	case c.long == nil:
		c.out = append(c.out, c.cleared(c.held)...)
	case plainLines(c.held):
		c.out = append(append(c.out, c.long.end()...), c.held...)
	default:
		c.out = append(append(c.out, c.long.end()...), c.scrubber().Text(string(c.held))...)
	}
	c.held, c.long, c.leaving = piecewise.Reusable(c.held), nil, false
}

// watch has a long answer that is no stream looked at as it goes by; answers tells whether it is an answer for all that is known.
func (c *answerFilter) watch(answers bool) {
	c.long = &jsonFilter{words: c.scrubber, most: c.most, strict: !answers}
}

// rest gives what is held of a unit that will not end.
func (c *answerFilter) rest() []byte {
	if c.splitter == nil && c.long != nil {
		c.long.out = nil // what was given last is still in use
		rest := c.long.feed(c.secrets.rest())
		return append(rest, c.long.end()...)
	}
	c.out = nil // likewise
	if !c.leaving {
		c.close()
	}
	rest := c.secrets.next(c.out)
	return append(rest[:len(rest):len(rest)], c.secrets.rest()...)
}

// whole reports whether nothing of a unit is out that has not ended.
func (c *answerFilter) whole() bool { return c.long == nil }

func (c *answerFilter) cleared(unit []byte) []byte {
	if len(bytes.TrimLeft(unit, "[], \t\r\n")) == 0 {
		return unit
	}
	d, fails := failing(unit)
	return d.with(unit, c.clearedValues(d.text, fails), c.scrubber)
}

// clearedValues clears data value by value: nearly all has but one.
func (c *answerFilter) clearedValues(text []byte, fails bool) (cleared []byte) {
	several := values(text)
	if len(several) < 2 {
		return c.clearedValue(text, fails)
	}
	for _, one := range several {
		bare := bytes.TrimLeft(one, " \t\r\n")
		cleared = append(cleared, one[:len(one)-len(bare)]...)
		cleared = append(cleared, c.clearedValue(bare, fails || saysError(bare))...)
	}
	return cleared
}

func (c *answerFilter) clearedValue(text []byte, fails bool) []byte {
	switch {
	case fails:
		return clearedError(text, c.scrubber())
	case string(text) == "[DONE]":
	case text != nil && !isEvent(text):
		return c.scrubber().Body(text)
	case mayFail(text):
		return clearedAnswer(text, c.scrubber())
	}
	return text
}

// values takes data apart that has one object behind another, as a stream has that ends its lines wrongly; nil when it has one, as
// nearly all do. What is no object is the last.
func values(text []byte) (several [][]byte) {
	if !bytes.ContainsAny(text, "\r\n") && !bytes.Contains(text, []byte("}{")) && !bytes.Contains(text, []byte("} {")) {
		return nil
	}
	var one json.RawMessage
	at, d := 0, json.NewDecoder(bytes.NewReader(text))
	for d.Decode(&one) == nil && one[0] == '{' {
		end := int(d.InputOffset())
		several, at = append(several, text[at:end]), end
	}
	if len(several) > 0 && len(bytes.TrimSpace(text[at:])) > 0 {
		return append(several, text[at:])
	}
	return several
}

// mayFail is a quick look at what nearly every unit lacks that is no error, and says nothing of why it ended. Providers
// escape a letter or a digit for no good reason.
func mayFail(b []byte) bool {
	for _, word := range []string{"error", "failed", "incomplete", "Message"} {
		if bytes.Contains(b, []byte(word)) {
			return true
		}
	}
	return escapesLetters(b)
}

// escapesLetters reports whether JSON has escapes of what needs none, under which a word may hide.
func escapesLetters(b []byte) bool {
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 {
			return false
		}
		b = b[i+1:]
		if len(b) > 3 && string(b[:3]) == "u00" && b[3] >= '4' && b[3] <= '7' {
			return true
		}
	}
}

// unitData is the JSON in a unit: the whole object, or the data of an event, which may stand in several lines.
type unitData struct {
	object  bool
	at, end int    // of the object, or of the first line of data
	text    []byte // of the data
}

// failing reports whether a unit is an error, and gives what it says.
func failing(unit []byte) (d unitData, fails bool) {
	start := bytes.TrimLeft(unit, "[, \t\r\n")
	if d.object = len(start) > 0 && start[0] == '{'; d.object {
		d.at, d.end, d.text = len(unit)-len(start), len(unit), start
		return d, saysError(d.text)
	}
	named := false
	for at := 0; at < len(unit); {
		end := at + len(unit[at:])
		if i := bytes.IndexAny(unit[at:], "\r\n"); i >= 0 {
			end = at + i
		}
		line := unit[at:end]
		if name, ok := fieldOf(line, "event"); ok {
			named = saysFailure(name)
		}
		if data, ok := fieldOf(line, "data"); ok {
			if d.text == nil {
				d.at, d.end, d.text = at, end, data
			} else {
				d.text = append(append(bytes.Clone(d.text), '\n'), data...)
			}
		}
		at = end + 1
	}
	return d, d.text != nil && (named || saysError(d.text))
}

func fieldOf(line []byte, name string) (value []byte, ok bool) {
	value, ok = bytes.CutPrefix(line, []byte(name))
	if !ok || len(value) > 0 && value[0] != ':' {
		return nil, false
	}
	return bytes.TrimPrefix(bytes.TrimPrefix(value, []byte(":")), []byte(" ")), true
}

// saysError reports whether an object is an error in the words of any protocol. It may have been cut off.
func saysError(object []byte) bool {
	doc := gjson.ParseBytes(object)
	switch doc.Get("type").String() {
	case "error", "response.failed":
		return true
	}
	return there(doc.Get("error")) || there(doc.Get("response.error")) || there(doc.Get("0.error"))
}

func there(r gjson.Result) bool { return r.Exists() && r.Type != gjson.Null }

// with gives the unit with other data. What stands beside the data, as comments, names and ids, is no model's either, and is
// scrubbed where there is any.
func (d *unitData) with(unit, text []byte, scrubber func() *scrub.Scrubber) []byte {
	if d.object {
		if bytes.Equal(text, d.text) {
			return unit
		}
		return append(bytes.Clone(unit[:d.at]), text...)
	}
	before, rest := unit[:d.at], unit[d.end:]
	same := bytes.Equal(text, d.text)
	if same && plainLines(before) && plainLines(rest) {
		return unit
	}
	s := scrubber()
	out := []byte(s.Text(string(before)))
	if same {
		return append(append(out, unit[d.at:d.end]...), s.Text(string(rest))...)
	}
	rest, lineEnd := afterLine(rest)
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		out = append(append(append(out, "data: "...), line...), lineEnd...)
	}
	return append(out, s.Text(string(withoutData(rest)))...)
}

// plainLines reports whether lines have nothing in them but the names of events.
func plainLines(b []byte) bool {
	for line := range bytes.FieldsFuncSeq(b, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if name, ok := fieldOf(line, "event"); !ok || !isWord(name) {
			return false
		}
	}
	return true
}

// afterLine takes the end of a line off. Some clients know one kind only, so it is kept; there is none where a stream was cut.
func afterLine(b []byte) (rest []byte, lineEnd string) {
	for _, lineEnd = range []string{"\r\n", "\n", "\r"} {
		if rest, ok := bytes.CutPrefix(b, []byte(lineEnd)); ok {
			return rest, lineEnd
		}
	}
	return b, "\n"
}

// withoutData is what else stands in an event behind its first line of data.
func withoutData(rest []byte) []byte {
	var out []byte
	for line := range bytes.Lines(rest) {
		if _, data := fieldOf(line, "data"); !data {
			out = append(out, line...)
		}
	}
	return out
}

// clearedError scrubs an error. One that has the whole response in it has the client's own words there too: of those only
// goes what is known to be the operator's.
func clearedError(object []byte, s *scrub.Scrubber) []byte {
	if !there(gjson.GetBytes(object, "response.error")) {
		return s.Body(object)
	}
	object = bytes.TrimSpace(s.Exact().Body(object))
	e := gjson.GetBytes(object, "response.error")
	if e.Index == 0 {
		return s.Body(object)
	}
	out := append(bytes.Clone(object[:e.Index]), s.Body([]byte(e.Raw))...)
	return clearedAnswer(append(out, object[e.Index+len(e.Raw):]...), s)
}
