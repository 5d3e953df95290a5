// Package reconcile holds what a provider says that models cost, by day, against what records say.
package reconcile

// Format is a provider's own list of costs.
type Format struct {
	Provider string
	// The names of columns that say the day or a moment of it, the model or what tells of it, and the cost; any of them as they are found,
	// for there are several kinds of lists. Of Model, all that there are tell together. Names are compared by their letters and digits.
	Day, Model, Cost []string
	Currency         []string // where it is there, it must be USD
	// Service names the column of what else the provider sells; rows of which neither it nor the model has one of Sells are left out.
	Service, Sells []string
	// Platforms are those whose accounts are on this bill.
	Platforms []string
}

// Formats are all that are known.
func Formats() []Format {
	return []Format{
		{ // the Console's Cost page
			Provider: "anthropic", Day: []string{"usage_date_utc", "starting_at", "date"}, Model: []string{"model", "cost_type", "description"},
			Cost: []string{"cost_usd"}, Currency: []string{"currency"}, Platforms: []string{"claude-console"},
		},
		{ // the dashboard's costs, grouped by line item
			Provider: "openai", Day: []string{"start_time_iso", "start_time", "usage_date_utc", "date"}, Model: []string{"line_item", "model"},
			Cost: []string{"amount_value", "cost_usd"}, Currency: []string{"amount_currency"}, Platforms: []string{"openai-responses"},
		},
		{ // Cloud Billing's export to BigQuery, with names of nested fields joined in any way
			Provider: "google", Day: []string{"usage_start_time", "usage_start_date"}, Model: []string{"sku_description"},
			Cost: []string{"cost", "cost_usd"}, Currency: []string{"currency"},
			Service: []string{"service_description"}, Sells: []string{"vertex", "gemini", "generative"}, Platforms: []string{"gemini-api", "vertex"},
		},
		{ // Cost and Usage Reports, the older names (lineItem/UsageStartDate) and the newer (line_item_usage_start_date)
			Provider: "aws", Day: []string{"line_item_usage_start_date"},
			Model: []string{"product_servicename", "product_product_name", "line_item_usage_type", "line_item_line_item_description"},
			Cost:  []string{"line_item_unblended_cost"}, Currency: []string{"line_item_currency_code"},
			Service: []string{"line_item_product_code"}, Sells: []string{"bedrock"}, Platforms: []string{"bedrock"},
		},
	}
}

// FormatOf gives the format of a provider.
func FormatOf(provider string) (Format, bool) {
	for _, f := range Formats() {
		if f.Provider == provider {
			return f, true
		}
	}
	return Format{}, false
}
