package pricing

import (
	"bytes"
	"slices"
)

// Changes are the models of which another table says something else, each list sorted.
type Changes struct{ Added, Removed, Changed []string }

// Changes tells what is different in next: which models it has more and fewer, and which cost something else there.
func (t *Table) Changes(next *Table) Changes {
	var c Changes
	for _, name := range next.Models() {
		switch old, known := t.models[name]; {
		case !known:
			c.Added = append(c.Added, name)
		case !old.same(next.models[name]):
			c.Changed = append(c.Changed, name)
		}
	}
	for _, name := range t.Models() {
		if _, known := next.models[name]; !known {
			c.Removed = append(c.Removed, name)
		}
	}
	return c
}

func (p periods) same(other periods) bool {
	return slices.EqualFunc(p, other, func(a, b *Price) bool { return a == b || a.From == b.From && a.same(b) })
}

// same reports whether every answer costs the same.
func (p *Price) same(other *Price) bool {
	return bytes.Equal(p.appendTo(nil), other.appendTo(nil))
}

// everyTableHas are the providers that every table has by the names of their own. Of others' models they have different names.
var everyTableHas = []string{"anthropic", "openai", gemini}

// Lost is how many models next has no price of, of those that every table should have; had is how many those are.
func (t *Table) Lost(next *Table) (lost, had int) {
	names := t.SoldBy(everyTableHas)
	if len(names) == 0 {
		names = t.Models()
	}
	for _, name := range names {
		if _, known := next.find(name); !known {
			lost++
		}
	}
	return lost, len(names)
}
