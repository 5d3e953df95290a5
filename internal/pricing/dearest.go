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
	all := t.dearest.Load()
	if all == nil || all.day != day {
		all = t.dearestOn(day)
		t.dearest.Store(all)
	}
	model, ok = all.models[provider]
	return model, ok
}

// dearest are the dearest models of a day by their providers.
type dearest struct {
	day    Day
	models map[string]string
}

func (t *Table) dearestOn(day Day) *dearest {
	models, prices := map[string]string{}, map[string]*Price{}
	for name, all := range t.models {
		p := all.on(day)
		if p.Mode != "chat" && p.Mode != "responses" || all[0].From > day || p.Retires != 0 && p.Retires <= day || !p.Has(usage.Input) || strings.HasSuffix(baseOf(name), "-pro") {
			continue
		}
		old := prices[p.Provider]
		if old == nil || cmp.Or(p.compare(old), strings.Compare(models[p.Provider], name)) > 0 {
			models[p.Provider], prices[p.Provider] = name, p
		}
	}
	return &dearest{day, models}
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
