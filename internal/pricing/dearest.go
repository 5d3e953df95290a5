package pricing

import (
	"cmp"
	"strings"
	"time"

	"crs/internal/usage"
)

// Dearest is the model that costs most per token of all that a provider sells for chat on a day; false when there is none. Those
// that have ended or have not begun are left aside, and those called -pro, which are in a class of their own.
func (t *Table) Dearest(provider string, at time.Time) (model string, ok bool) {
	if provider == "google" {
		provider = gemini
	}
	day := DayOf(at)
	var most *Price
	for name, all := range t.models {
		p := all.on(day)
		if p.Provider != provider || p.Mode != "chat" || all[0].From > day || p.Retires != 0 && p.Retires <= day ||
			!p.Has(usage.Input) || strings.HasSuffix(baseOf(name), "-pro") {
			continue
		}
		if most == nil || cmp.Or(p.compare(most), strings.Compare(model, name)) > 0 {
			model, most = name, p
		}
	}
	return model, most != nil
}

// compare compares ordinary rates, those of the answer first: they are the highest.
func (p *Price) compare(other *Price) int {
	a, b := p.Standard(), other.Standard()
	for _, k := range []usage.Kind{usage.Output, usage.Input, usage.CacheRead} {
		if c := cmp.Compare(a[k], b[k]); c != 0 {
			return c
		}
	}
	return 0
}
