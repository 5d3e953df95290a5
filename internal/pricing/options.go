package pricing

import (
	"time"

	"crs/internal/usage"
)

// Options is what else about an answer decides its price. The zero value is an ordinary request.
type Options struct {
	// ServiceTier is what the response says.
	ServiceTier string
	// Fast says that the response was made in fast mode.
	Fast bool
	// Region is where the response says that it was made; most regions cost nothing extra.
	Region string
	// WebSearches is how many searches the provider made for the answer.
	WebSearches int64
}

// Cost is the price of one answer of model today. It is 0 and false when the model is unknown: show that, do not hide it.
func (t *Table) Cost(model string, u usage.Tokens, o Options) (cost Cost, known bool) {
	tier := o.ServiceTier
	if o.Fast {
		tier = "fast"
	}
	var room [8]usage.Item
	call := usage.Call{Model: model, Tier: tier, Region: o.Region, Tokens: u}
	items := append(call.AppendItems(room[:0]), usage.Item{Kind: usage.WebSearch, Amount: o.WebSearches, Model: model})
	return t.CostOf(items, time.Now())
}
