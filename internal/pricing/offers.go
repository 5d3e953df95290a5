package pricing

import (
	"cmp"
	"strings"
	"time"

	"crs/internal/usage"
)

// Dearest is the model that costs most per token of all that a provider sells for chat on a day; false when there is none. Those that
// are not [Table.Current] are left aside, and those called -pro, which are in a class of their own.
func (t *Table) Dearest(provider string, at time.Time) (model string, ok bool) {
	model, ok = t.offersOn(at).dearest[vendor(provider)]
	return model, ok
}

// Current are the names, sorted, of all models that a provider sells for chat on a day: those with a price that have begun and have
// not ended. They are shared by everyone who asks: they must not be changed.
func (t *Table) Current(provider string, at time.Time) []string {
	return t.offersOn(at).current[vendor(provider)]
}

// vendor is a provider as the table names it.
func vendor(provider string) string {
	if provider == "google" {
		return gemini
	}
	return provider
}

// offers are the models for chat that providers sell on a day.
type offers struct {
	day     Day
	dearest map[string]string
	current map[string][]string
}

func (t *Table) offersOn(at time.Time) *offers {
	day := DayOf(at)
	all := t.offers.Load()
	if all == nil || all.day != day {
		all = t.findOffers(day)
		t.offers.Store(all)
	}
	return all
}

func (t *Table) findOffers(day Day) *offers {
	o, prices := &offers{day, map[string]string{}, map[string][]string{}}, map[string]*Price{}
	for _, name := range t.Models() {
		all := t.models[name]
		p := all.on(day)
		if p.Mode != "chat" && p.Mode != "responses" || all[0].From > day || p.Retires != 0 && p.Retires <= day || !p.Has(usage.Input) {
			continue
		}
		o.current[p.Provider] = append(o.current[p.Provider], name)
		old := prices[p.Provider]
		if strings.HasSuffix(baseOf(name), "-pro") || old != nil && cmp.Or(p.compare(old), strings.Compare(o.dearest[p.Provider], name)) <= 0 {
			continue
		}
		o.dearest[p.Provider], prices[p.Provider] = name, p
	}
	return o
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
