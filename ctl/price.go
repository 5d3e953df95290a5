package ctl

// BuiltIn, as a PriceUpdate's From, is the table that came with the daemon.
const BuiltIn = "built-in"

// PriceUpdate names a price table in LiteLLM's format.
type PriceUpdate struct {
	// From is a URL that the daemon reads the table from, BuiltIn, or "" for LiteLLM's own. Table is the table itself.
	From  string `json:"from,omitempty"`
	Table []byte `json:"table,omitempty"`
	// DryRun only tells what would change.
	DryRun bool `json:"dry_run,omitempty"`
	// Force takes a table even if most models are missing from it.
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
	Rejected []string      `json:"rejected"` // entries that cannot be right and were left out, a sentence each
}

// PriceChange is a model that costs something else.
type PriceChange struct {
	Model  string `json:"model"`
	Before Price  `json:"before"`
	After  Price  `json:"after"`
}
