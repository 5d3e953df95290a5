package metrics

import (
	"cmp"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"crs/internal/usage"
	"crs/proxyengine"
)

// Ended counts a request that has ended. It takes less than a microsecond and waits for nobody.
func (m *Metrics) Ended(e *proxyengine.Ended) {
	r, how := e.Record, outcomeOf(e)
	m.answers.of(answer{cmp.Or(r.Service, none), cmp.Or(r.Platform, none), statusOf(r.Status), how}).Inc()
	if e.Refused != "" {
		m.refusals.of(e.Refused).Inc()
	}
	m.time(e)
	m.countAsked(e)
	if r.Key != "" {
		m.use(r, how)
	}
}

// answer is a way for a request to end.
type answer struct {
	service, platform string
	status            int // 0 when the client left before it got one, 1 to 5 for a class of them
	how               outcome
}

func (m *Metrics) countRequests() {
	answers := m.counter("crs_requests_total")
	m.answers = few(func(a answer) prometheus.Counter {
		return answers.WithLabelValues(a.service, a.platform, statusText(a.status), a.how.String())
	})
	refusals := m.counter("crs_refusals_total")
	m.refusals = few(func(reason string) prometheus.Counter { return refusals.WithLabelValues(reason) })
	for _, reason := range proxyengine.Refusals() {
		m.refusals.of(reason)
	}
	m.own = m.histogram("crs_added_latency_seconds").WithLabelValues()
	waits := m.histogram("crs_queue_wait_seconds")
	m.waits = map[string]prometheus.Observer{}
	for _, queue := range queues() {
		m.waits[queue] = waits.WithLabelValues(queue)
	}
}

// The queues that a request may stand in.
const (
	keyQueue     = "key"
	accountQueue = "account"
	bodyQueue    = "body"
)

func queues() []string { return []string{keyQueue, accountQueue, bodyQueue} }

// time takes the times of a request.
func (m *Metrics) time(e *proxyengine.Ended) {
	r := e.Record
	if e.Own > 0 {
		m.own.Observe(e.Own.Seconds())
	}
	if r.Status/100 == 2 && r.Platform != "" {
		p := m.platforms.of(r.Platform)
		p.firstByte.Observe(r.FirstByte.Seconds())
		p.duration.Observe(r.Total.Seconds())
	}
	if e.KeyQueue > 0 {
		m.waits[keyQueue].Observe(e.KeyQueue.Seconds())
	}
	if e.AccountQueue > 0 {
		m.waits[accountQueue].Observe(e.AccountQueue.Seconds())
	}
	if e.BodyQueue > 0 {
		m.waits[bodyQueue].Observe(e.BodyQueue.Seconds())
	}
}

// outcome is how a request ended, in a word.
type outcome uint8

const (
	served   outcome = iota // answered, to the end
	cut                     // the answer had begun and did not come to its end, whoever's fault that was
	left                    // the client left before it had an answer
	refused                 // by the relay
	rejected                // by the upstream, for what was asked (4xx)
	failed                  // nobody could answer (5xx)
	outcomes
)

// String says it.
func (o outcome) String() string {
	return [...]string{"served", "cut", "left", "refused", "rejected", "failed"}[o]
}

func outcomeOf(e *proxyengine.Ended) outcome {
	r := e.Record
	switch {
	case e.Refused != "":
		return refused
	case r.Status == 0:
		return left
	case r.Status/100 == 2 && r.Error == "":
		return served
	case r.Status/100 == 2:
		return cut
	case r.Status >= 500:
		return failed
	}
	return rejected
}

// statusOf is a status that is met in practice, or the class of any other: upstreams may send what they like.
func statusOf(status int) int {
	switch status {
	case 0, 200, 201, 202, 204, 400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 415, 422, 426, 429, 431, 500, 501, 502, 503, 504, 529:
		return status
	}
	return min(max(status/100, 1), 5)
}

func statusText(status int) string {
	switch {
	case status == 0:
		return left.String()
	case status < 10:
		return strconv.Itoa(status) + "xx"
	}
	return strconv.Itoa(status)
}

// countSources makes the counters of how tokens are known.
func (m *Metrics) countSources() {
	records := m.counter("crs_usage_records_total")
	m.sources = map[usage.Source]prometheus.Counter{}
	for _, s := range usage.Sources() {
		m.sources[s] = records.WithLabelValues(string(s))
	}
}
