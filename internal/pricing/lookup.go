package pricing

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"crs/internal/model"
)

// How says what had to be taken off a model's name to find its price.
type How string

const (
	Exact   How = "exact"   // nothing
	Context How = "context" // the context size, [1m]
	Vendor  How = "vendor"  // a vendor's prefix
	Bedrock How = "bedrock" // what Bedrock puts around the name
	Date    How = "date"    // the date of a snapshot
	Suffix  How = "suffix"  // -latest, -preview, -thinking, an effort
	Bare    How = "bare"    // nothing: the table has the name with a vendor's prefix only, and only once
	Case    How = "case"    // nothing: the table has the name with other capital letters only, and only once
)

// Match is a price and how it was found.
type Match struct {
	// Name is the model in the table.
	Name string
	// Price is of the day that was asked about. It is shared by everyone who asks: it must not be changed.
	Price *Price
	How   How
	// Times is what the price of tokens is to be multiplied by, as the name asked for tells of a region that the table's name does
	// not.
	Times Multiplier
}

// Lookup finds the price of a model on a day by its name, then by ever less of its name, in a fixed order, and then so without regard
// to capital letters. Names match whole or not at all: a model that only resembles another one has no price. The price of the first period holds before it too, that of the last
// one after it. When the table knows the model but no price that could be charged, it gives what it knows, and false.
func (t *Table) Lookup(model string, at time.Time) (Match, bool) {
	f, ok := t.find(model)
	if !ok {
		return Match{}, false
	}
	p := f.prices.on(DayOf(at))
	return Match{f.name, p, f.how, f.times}, p.has != 0
}

// Has reports whether a model has a price on a day.
func (t *Table) Has(model string, at time.Time) bool {
	_, ok := t.Lookup(model, at)
	return ok
}

// finding is a model of the table that a name was found to mean; without prices when it was found to mean none.
type finding struct {
	name   string
	prices periods
	how    How
	times  Multiplier
}

func (t *Table) find(model string) (finding, bool) {
	if p, ok := t.models[model]; ok {
		return finding{model, p, Exact, times1}, true
	}
	f, ok := t.found.get(model)
	if !ok {
		f = t.search(model)
		t.found.put(model, f)
	}
	return f, f.prices != nil
}

// mostFound is how many names a table remembers the meaning of. Clients may make up any number of them.
const mostFound = 512

// findings remembers what names mean that are not in the table themselves: to find out takes microseconds.
type findings struct {
	mu  sync.Mutex // held by whoever adds
	all atomic.Pointer[map[string]finding]
}

func (f *findings) get(model string) (finding, bool) {
	all := f.all.Load()
	if all == nil {
		return finding{}, false
	}
	known, ok := (*all)[model]
	return known, ok
}

func (f *findings) put(model string, meaning finding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := map[string]finding{}
	if old := f.all.Load(); old != nil {
		if len(*old) >= mostFound {
			return
		}
		all = maps.Clone(*old)
	}
	all[strings.Clone(model)] = meaning
	f.all.Store(&all)
}

// search is a look for the meaning of one name.
type search struct {
	t     *Table
	name  string // what is left of it
	times Multiplier
	// folded: the name is in small letters, and those of the table are taken for such.
	folded bool
	found  finding
}

func (t *Table) search(model string) finding {
	s := &search{t: t, name: model, times: times1}
	if !s.all() {
		s = &search{t: t, name: strings.ToLower(model), times: times1, folded: true}
		_ = s.is(s.name, Case, times1) || s.all()
	}
	return s.found
}

// all tries all that a name can do without.
func (s *search) all() bool {
	return s.without(Context, stripContext) || s.without(Vendor, s.stripVendor) || s.bare(s.name, Bare) || s.ofOthers() || s.onBedrock() ||
		s.without(Date, stripDate) || s.without(Suffix, stripSuffix) || s.without(Suffix, stripDate) // one that was hidden by a suffix
}

// is takes a name's price, if the table has it.
func (s *search) is(name string, how How, times Multiplier) bool {
	if s.folded {
		if written, ok := s.t.folded[name]; ok {
			name = written
		}
	}
	p, ok := s.t.models[name]
	if ok {
		s.found = finding{name, p, how, times}
	}
	return ok
}

// without tries ever less of the name.
func (s *search) without(how How, strip func(string) string) bool {
	for {
		shorter := strip(s.name)
		if shorter == s.name {
			return false
		}
		s.name = shorter
		if s.is(s.name, how, s.times) {
			return true
		}
	}
}

// bare tries the name as one that the table has with a prefix only.
func (s *search) bare(name string, how How) bool {
	rows := s.t.bare
	if s.folded {
		rows = s.t.bareFolded
	}
	row := rows[name]
	return row != "" && s.is(row, how, s.times)
}

// ofOthers tries the name without a prefix that is of no known vendor, such as that of who publishes the weights.
func (s *search) ofOthers() bool {
	first, rest, ok := strings.Cut(s.name, "/")
	if !ok || first == "" || first == "bedrock" || strings.HasPrefix(first, "arn:") || strings.Contains(rest, "/") {
		return false
	}
	return s.is(rest, Vendor, s.times) || s.bare(rest, Vendor)
}

// index finds the rows that are found by another name than their own.
func (t *Table) index() {
	t.bare, t.bareFolded, t.folded = map[string]string{}, map[string]string{}, map[string]string{}
	t.bedrock, t.found = map[string]string{}, &findings{}
	for _, name := range t.Models() {
		once(t.folded, strings.ToLower(name), name)
		if i := strings.LastIndexByte(name, '/'); i >= 0 {
			once(t.bare, name[i+1:], name)
			once(t.bareFolded, strings.ToLower(name[i+1:]), name)
			continue
		}
		if geo, id := model.CutPlace(name); geo != "" && geo != global {
			t.bedrock[id] = name
		}
	}
}

// once notes a row by another name, "" where several have that.
func once(rows map[string]string, by, name string) {
	if _, several := rows[by]; several {
		name = ""
	}
	rows[by] = name
}
