package metrics

import (
	"cmp"

	"github.com/prometheus/client_golang/prometheus"

	"crs/internal/convert"
	"crs/internal/pricing"
	"crs/internal/usage"
)

// keySeries are what a key has used.
type keySeries struct {
	ended   [outcomes]prometheus.Counter
	tokens  tokenSeries
	charged prometheus.Counter
}

// modelSeries are what a model has used on a platform.
type modelSeries struct {
	tokens tokenSeries
	cost   prometheus.Counter
}

type platformModel struct{ platform, model string }

// countUse makes the counters of tokens and money.
func (m *Metrics) countUse() {
	ended, tokens, charged := m.counter("crs_key_requests_total"), m.counter("crs_key_tokens_total"), m.counter("crs_key_charged_usd_total")
	m.keys = names(m.opt.Keys, func(name string) *keySeries {
		s := &keySeries{tokens: tokensOf(tokens, name), charged: charged.WithLabelValues(text(name))}
		for how := range outcomes {
			s.ended[how] = ended.WithLabelValues(text(name), how.String())
		}
		return s
	})
	all, cost := m.counter("crs_tokens_total"), m.counter("crs_cost_usd_total")
	rest := func(k platformModel) platformModel { return platformModel{k.platform, other} }
	m.models = newLabels(m.opt.Models, rest, func(k platformModel) *modelSeries {
		return &modelSeries{tokens: tokensOf(all, k.platform, k.model), cost: cost.WithLabelValues(k.platform, text(k.model))}
	})
	m.countSources()
}

// use counts what a request used. Most that are refused used nothing.
func (m *Metrics) use(r *usage.Record, how outcome) {
	k := m.keys.of(r.KeyName)
	k.ended[how].Inc()
	if r.Tokens == (usage.Tokens{}) && r.Cost == 0 {
		return
	}
	k.tokens.add(&r.Tokens)
	k.charged.Add(dollars(r.Charged))
	model := m.models.of(platformModel{r.Platform, modelOf(m.opt.Prices(), r)})
	model.tokens.add(&r.Tokens)
	model.cost.Add(dollars(r.Cost))
	a := m.accounts.of(r.AccountName)
	a.tokens.add(&r.Tokens)
	a.cost.Add(dollars(r.Cost))
	if c := m.sources[r.Source]; c != nil {
		c.Inc()
	}
	if r.Unpriced {
		m.platforms.of(r.Platform).unpriced.Inc()
	}
}

// modelOf is the name that the price table has for a request's model; clients may ask for any other.
func modelOf(table *pricing.Table, r *usage.Record) string {
	found, ok := table.Lookup(cmp.Or(r.Upstream, r.Model), r.At)
	if !ok {
		found, ok = table.Lookup(r.Model, r.At)
	}
	if !ok {
		return other
	}
	return found.Name
}

func dollars(nano int64) float64 { return float64(nano) / 1e9 }

// tokenSeries count tokens by kind, in the order of kinds.
type tokenSeries [6]prometheus.Counter

func kinds() [6]string {
	return [...]string{"input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "reasoning"}
}

func tokensOf(v *prometheus.CounterVec, values ...string) (s tokenSeries) {
	for i, kind := range kinds() {
		s[i] = v.WithLabelValues(append(convert.All(values, text), kind)...)
	}
	return s
}

func (s *tokenSeries) add(t *usage.Tokens) {
	for i, n := range [...]int64{t.Input, t.Output, t.CacheRead, t.CacheWrite, t.CacheWrite1h, t.Reasoning} {
		if n > 0 {
			s[i].Add(float64(n))
		}
	}
}
