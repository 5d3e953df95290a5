package ctl

import "time"

// BuiltIn, as a PriceUpdate's From, is the table that came with the daemon.
const BuiltIn = "built-in"

// PriceUpdate names a price table.
type PriceUpdate struct {
	// From is a URL that the daemon reads the table from, BuiltIn, or "" for LiteLLM's own. Table is the table itself.
	From  string `json:"from,omitempty"`
	Table []byte `json:"table,omitempty"`
	// Format is litellm or models.dev; "" to find out.
	Format string `json:"format,omitempty"`
	// AsOf is the day that the table is of, 2026-11-30; "" for what its source says.
	AsOf string `json:"as_of,omitempty"`
	// DryRun only tells what would change.
	DryRun bool `json:"dry_run,omitempty"`
	// Force takes a table even if most models are missing from it, and prices that are 50 times or a fiftieth of those that are known.
	Force bool `json:"force,omitempty"`
}

// PriceChanges is what another price table changes.
type PriceChanges struct {
	From     string        `json:"from"`
	Applied  bool          `json:"applied"`
	Version  string        `json:"version"` // of the table
	Models   int           `json:"models"`
	Added    []string      `json:"added"`
	Removed  []string      `json:"removed"`
	Changed  []PriceChange `json:"changed"`
	Rejected []string      `json:"rejected"` // prices that cannot be right and were left out, a sentence each
	// Format is that of the table, AsOf the day that it is of: "" when nothing says so. Read is how many models it names.
	Format string `json:"format,omitempty"`
	AsOf   string `json:"as_of,omitempty"`
	Read   int    `json:"read"`
	// Kept are models whose price here is as new or newer, so that it stayed. Unpriced are those that the table has no price of which
	// could be charged, a sentence each.
	Kept     []string `json:"kept"`
	Unpriced []string `json:"unpriced"`
}

// PriceChange is a model that costs something else.
type PriceChange struct {
	Model  string `json:"model"`
	Before Price  `json:"before"`
	After  Price  `json:"after"`
}

// PriceDetails is what else there is to know of a model's price, on the day of asking.
type PriceDetails struct {
	Mode string `json:"mode,omitempty"`
	// Unpriced: the table knows the model, but no price that could be charged.
	Unpriced bool `json:"unpriced,omitempty"`
	// Times is what tokens cost more under the name asked for, which tells of a region; 0 when they do not.
	Times float64 `json:"times,omitempty"`
	// Tokens are dollars for a million tokens, Each dollars for one of what is not counted in tokens, by kind: what the table says, and
	// nothing that follows from it.
	Tokens map[string]USD `json:"usd_per_million,omitempty"`
	Each   map[string]USD `json:"usd_each,omitempty"`
	Steps  []PriceStep    `json:"steps,omitempty"`
	Tiers  []PriceTier    `json:"tiers,omitempty"`
	// Regions are factors by their names.
	Regions map[string]float64 `json:"regions,omitempty"`
	// Unmetered are prices, in dollars, of what crs does not count and so does not charge.
	Unmetered map[string]USD `json:"unmetered_usd,omitempty"`
	// From and Until are the first and the last day of this price; Periods says the same of the model's other prices.
	From    string        `json:"from,omitempty"`
	Until   string        `json:"until,omitempty"`
	Periods []PricePeriod `json:"periods,omitempty"`
	// AsOf is the day that the data is of, Source where it is from, Retires the day on which the model ends.
	AsOf    string `json:"as_of,omitempty"`
	Source  string `json:"source,omitempty"`
	Retires string `json:"retires,omitempty"`
}

// PriceStep is what tokens cost, in dollars for a million, when the whole prompt is longer than so many.
type PriceStep struct {
	Above  int64          `json:"above_tokens"`
	Tokens map[string]USD `json:"usd_per_million"`
}

// PriceTier is what a service tier makes of it: it has a factor, or rates of its own for each step.
type PriceTier struct {
	Name  string      `json:"name"`
	Times float64     `json:"times,omitempty"`
	Steps []PriceStep `json:"steps,omitempty"`
	// Short: a prompt that is longer than the first step is served and billed as standard.
	Short bool `json:"short_prompts_only,omitempty"`
}

// PricePeriod is the ordinary price of other days.
type PricePeriod struct {
	From   string `json:"from,omitempty"`
	Until  string `json:"until,omitempty"`
	Input  USD    `json:"input_usd_per_million"`
	Output USD    `json:"output_usd_per_million"`
}

// SeenModels are the models that were asked for since a time: first those without a price, then those that cost most.
type SeenModels struct {
	Since  time.Time   `json:"since"`
	Models []SeenModel `json:"models"`
}

// SeenModel is a model as it was asked for, with what it used.
type SeenModel struct {
	Model    string `json:"model"`
	Requests int64  `json:"requests"`
	Tokens   int64  `json:"tokens"`
	Cost     USD    `json:"cost_usd"`
	// Price is nil where none is known by this name; where Cost is not 0, the model has another name upstream.
	Price *Price `json:"price,omitempty"`
}
