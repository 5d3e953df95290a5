package metrics

// Type of a metric.
type Type string

// The types.
const (
	Counter   Type = "counter"
	Gauge     Type = "gauge"
	Histogram Type = "histogram"
)

// Family is one metric, for the code and the documentation alike.
type Family struct {
	Name   string
	Type   Type
	Labels []string
	Help   string

	buckets []float64 // of a histogram, in seconds
}

// Families are all of crs's own metrics. Beside them there are those of the Go runtime and of the process, go_… and
// process_….
func Families() []Family {
	return append(append(requestFamilies(), upstreamFamilies()...), daemonFamilies()...)
}

func requestFamilies() []Family {
	return []Family{
		{Name: "crs_requests_total", Type: Counter, Labels: []string{"service", "platform", "status", "outcome"},
			Help: "Requests that have ended, by what was asked for, the platform of the last account that was tried, the status that the client got, and how it ended."},
		{Name: "crs_refusals_total", Type: Counter, Labels: []string{"reason"},
			Help: "Requests that the relay turned down, by why: the limit of the key that was reached, or what else stood against it."},
		{Name: "crs_request_first_byte_seconds", Type: Histogram, Labels: []string{"platform"}, buckets: firstByte,
			Help: "Time from the head of a request to the moment when its answer could be let go, for answers with status 2xx."},
		{Name: "crs_request_duration_seconds", Type: Histogram, Labels: []string{"platform"}, buckets: duration,
			Help: "Time from the head of a request to the last byte of its answer, for answers with status 2xx."},
		{Name: "crs_added_latency_seconds", Type: Histogram, buckets: added,
			Help: "Part of the time to an answer's first byte that the relay itself took: without the client's sending, queues, and the upstream."},
		{Name: "crs_queue_wait_seconds", Type: Histogram, Labels: []string{"queue"}, buckets: waits,
			Help: "Time that requests stood in a queue, by which; those that did not stand in one are not counted."},
		{Name: "crs_tokens_total", Type: Counter, Labels: []string{"platform", "model", "kind"},
			Help: "Tokens used. Kind reasoning is a part of kind output; input excludes cached tokens."},
		{Name: "crs_cost_usd_total", Type: Counter, Labels: []string{"platform", "model"},
			Help: "What the tokens cost at the provider's price, in US dollars."},
		{Name: "crs_unpriced_requests_total", Type: Counter, Labels: []string{"platform"},
			Help: "Requests with tokens whose model has no price, so that they were counted as costing nothing."},
		{Name: "crs_usage_records_total", Type: Counter, Labels: []string{"source"},
			Help: "Requests that used tokens, by how those are known: said by the upstream, partial because the answer was cut, estimated, or excessive: an upstream said more than can be, and only the most that is counted was counted."},
		{Name: "crs_key_requests_total", Type: Counter, Labels: []string{"key", "outcome"},
			Help: "Requests that have ended, by key and how they ended."},
		{Name: "crs_key_tokens_total", Type: Counter, Labels: []string{"key", "kind"},
			Help: "Tokens used, by key."},
		{Name: "crs_key_charged_usd_total", Type: Counter, Labels: []string{"key"},
			Help: "What a key was charged, in US dollars: the cost times the key's multiplier."},
	}
}

func upstreamFamilies() []Family {
	return []Family{
		{Name: "crs_upstream_verdicts_total", Type: Counter, Labels: []string{"platform", "verdict"},
			Help: "Requests that were sent to an account, by what the answer meant for the account. A request that failed over counts once for each."},
		{Name: "crs_failovers_total", Type: Counter, Labels: []string{"platform", "result"},
			Help: "Times that a request was sent again after an account of this platform had not served it, by whether it was served in the end."},
		{Name: "crs_account_verdicts_total", Type: Counter, Labels: []string{"account", "verdict"},
			Help: "The same verdicts, by account."},
		{Name: "crs_account_tokens_total", Type: Counter, Labels: []string{"account", "kind"},
			Help: "Tokens used, by account."},
		{Name: "crs_account_cost_usd_total", Type: Counter, Labels: []string{"account"},
			Help: "What an account's tokens cost at the provider's price, in US dollars."},
		{Name: "crs_accounts", Type: Gauge, Labels: []string{"platform", "state"},
			Help: "Accounts, by platform and state."},
		{Name: "crs_account_state", Type: Gauge, Labels: []string{"account", "state"},
			Help: "1 for the state that an account is in, 0 for the others."},
		{Name: "crs_account_in_flight", Type: Gauge, Labels: []string{"account"},
			Help: "Requests that an account is serving."},
		{Name: "crs_account_max_concurrency", Type: Gauge, Labels: []string{"account"},
			Help: "How many requests an account may serve at once; absent for one without such a limit."},
		{Name: "crs_account_quota_used_ratio", Type: Gauge, Labels: []string{"account", "window"},
			Help: "How much of a quota window of its plan an account has used, from 0 to 1, as its provider last said."},
		{Name: "crs_account_quota_reset_timestamp_seconds", Type: Gauge, Labels: []string{"account", "window"},
			Help: "When that window begins anew, in unix time."},
		{Name: "crs_account_rest_end_timestamp_seconds", Type: Gauge, Labels: []string{"account"},
			Help: "When the cool-down of an account as a whole ends, in unix time; absent for one that is not cooling."},
	}
}

func daemonFamilies() []Family {
	return []Family{
		{Name: "crs_requests_in_flight", Type: Gauge, Labels: []string{"phase"},
			Help: "Requests in flight, by how far they have come."},
		{Name: "crs_queue_length", Type: Gauge, Labels: []string{"queue"},
			Help: "Requests that stand in a queue: for a slot of their key, for a slot of an account, or for room in limits.body_budget."},
		{Name: "crs_body_bytes", Type: Gauge, Help: "Memory that requests and answers hold."},
		{Name: "crs_body_budget_bytes", Type: Gauge, Help: "Memory that they may hold (limits.body_budget)."},
		{Name: "crs_keys", Type: Gauge, Help: "Keys that are not deleted."},
		{Name: "crs_ledger_open_records", Type: Gauge, Help: "Requests that are open in the ledger."},
		{Name: "crs_ledger_unwritten_bytes", Type: Gauge, Help: "Bytes of the ledger that are not durable yet."},
		{Name: "crs_ledger_lag_seconds", Type: Gauge, Labels: []string{"stage"},
			Help: "Age of the oldest entry of the ledger that is not on disk, or not in the store's roll-ups; 0 when all are."},
		{Name: "crs_ledger_failing", Type: Gauge, Labels: []string{"stage"},
			Help: "1 while the ledger cannot be written to disk, or its sums not to the store."},
		{Name: "crs_condition", Type: Gauge, Labels: []string{"condition"},
			Help: "1 while the condition holds, of the daemon or of any account or key; crs status says of which, and what to do."},
		{Name: "crs_store_round_trips_total", Type: Counter, Labels: []string{"operation"},
			Help: "Round trips to a store that is reached over a network; absent with the local store."},
		{Name: "crs_store_errors_total", Type: Counter, Labels: []string{"operation"},
			Help: "Those of them that failed."},
		{Name: "crs_store_seconds_total", Type: Counter, Labels: []string{"operation"},
			Help: "Time that they took together."},
		{Name: "crs_build_info", Type: Gauge, Labels: []string{"version", "goversion"},
			Help: "1, with the version of crs and of Go that it was built with."},
	}
}

// The buckets of histograms, in seconds.
var (
	firstByte = []float64{.05, .1, .25, .5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300}
	duration  = []float64{.1, .25, .5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800}
	added     = []float64{.00005, .0001, .0002, .0003, .0005, .001, .002, .005, .01, .025, .05, .1, .25, 1}
	waits     = []float64{.001, .01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
)
