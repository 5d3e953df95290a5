package pricing

import (
	"maps"
	"slices"
)

// Changes are the models of which another table says something else, each list sorted.
type Changes struct{ Added, Removed, Changed []string }

// Changes tells what is different in next: which models it has more and fewer, and which cost something else there.
func (t *Table) Changes(next *Table) Changes {
	var c Changes
	for _, name := range next.Models() {
		switch old, known := t.prices[name]; {
		case !known:
			c.Added = append(c.Added, name)
		case !old.same(next.prices[name]):
			c.Changed = append(c.Changed, name)
		}
	}
	for _, name := range t.Models() {
		if _, known := next.prices[name]; !known {
			c.Removed = append(c.Removed, name)
		}
	}
	return c
}

// same reports whether every answer costs the same.
func (p *Price) same(other *Price) bool {
	return slices.Equal(p.Tiers, other.Tiers) && p.WebSearch == other.WebSearch && p.Fast == other.Fast && maps.Equal(p.Regions, other.Regions)
}
