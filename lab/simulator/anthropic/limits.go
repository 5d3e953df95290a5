package anthropic

import (
	"strconv"
	"time"

	"crs/lab/simulator/provider"
)

const unified = "anthropic-ratelimit-unified-"

// planFields render the rate limit fields of a subscription.
func planFields(p provider.Plan) string {
	b := provider.Field(unified+"status", p.Status) + provider.IntField(unified+"reset", p.Reset.Unix()) +
		provider.Field(unified+"representative-claim", p.Claim) + windowFields("5h", p.Five) + windowFields("7d", p.Seven)
	if p.Family != "" {
		b += windowFields(p.Family, p.Extra)
	}
	return b + provider.Field(unified+"fallback-percentage", "0.5") + provider.Field(unified+"overage-status", "rejected") +
		provider.Field(unified+"overage-disabled-reason", "org_level_disabled")
}

func windowFields(name string, w provider.Window) string {
	return provider.Field(unified+name+"-status", w.Status) + provider.IntField(unified+name+"-reset", w.Reset.Unix()) +
		provider.Field(unified+name+"-utilization", strconv.FormatFloat(w.Used, 'f', -1, 64))
}

// consoleFields render the rate limit fields of an API key.
func consoleFields(now time.Time, spent bool) string {
	b, reset := "", now.Add(time.Minute).UTC().Format(time.RFC3339)
	for _, l := range []struct {
		name        string
		limit, left int64
	}{
		{"requests", 4000, 3999},
		{"tokens", 480_000, 479_000},
		{"input-tokens", 400_000, 399_000},
		{"output-tokens", 80_000, 79_000},
	} {
		if spent {
			l.left = 0
		}
		name := "anthropic-ratelimit-" + l.name
		b += provider.IntField(name+"-limit", l.limit) + provider.IntField(name+"-remaining", l.left) + provider.Field(name+"-reset", reset)
	}
	return b
}
