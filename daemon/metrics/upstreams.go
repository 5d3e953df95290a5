package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"crs/internal/account"
	"crs/proxyengine"
)

// platformSeries are what accounts of a platform did.
type platformSeries struct {
	verdicts              verdictSeries
	savedOver, failedOver prometheus.Counter
	firstByte, duration   prometheus.Observer
	unpriced              prometheus.Counter
}

// accountSeries are what an account did.
type accountSeries struct {
	verdicts verdictSeries
	tokens   tokenSeries
	cost     prometheus.Counter
}

// countUpstreams makes the counters of accounts and their platforms.
func (m *Metrics) countUpstreams() {
	verdicts, failovers := m.counter("crs_upstream_verdicts_total"), m.counter("crs_failovers_total")
	firstByte, duration := m.histogram("crs_request_first_byte_seconds"), m.histogram("crs_request_duration_seconds")
	unpriced := m.counter("crs_unpriced_requests_total")
	m.platforms = few(func(name string) *platformSeries {
		return &platformSeries{
			verdicts: verdictsOf(verdicts, name), savedOver: failovers.WithLabelValues(name, "served"), failedOver: failovers.WithLabelValues(name, "failed"),
			firstByte: firstByte.WithLabelValues(name), duration: duration.WithLabelValues(name), unpriced: unpriced.WithLabelValues(name),
		}
	})
	own, tokens, cost := m.counter("crs_account_verdicts_total"), m.counter("crs_account_tokens_total"), m.counter("crs_account_cost_usd_total")
	m.accounts = names(m.opt.Accounts, func(name string) *accountSeries {
		return &accountSeries{verdicts: verdictsOf(own, name), tokens: tokensOf(tokens, name), cost: cost.WithLabelValues(text(name))}
	})
}

// countAsked counts what the accounts that were asked answered. All but the last were followed by another try.
func (m *Metrics) countAsked(e *proxyengine.Ended) {
	for i, asked := range e.Asked {
		p := m.platforms.of(asked.Account.Platform)
		p.verdicts[asked.Result].Inc()
		m.accounts.of(asked.Account.Name).verdicts[asked.Result].Inc()
		switch {
		case i == len(e.Asked)-1:
		case e.Record.Status/100 == 2:
			p.savedOver.Inc()
		default:
			p.failedOver.Inc()
		}
	}
}

// verdictSeries count verdicts by account.Result. There is none for an account that was not asked.
type verdictSeries []prometheus.Counter

func verdictsOf(v *prometheus.CounterVec, name string) verdictSeries {
	all := make(verdictSeries, len(account.Results()))
	for i, r := range account.Results() {
		if r != account.Unused {
			all[i] = v.WithLabelValues(text(name), r.String())
		}
	}
	return all
}
