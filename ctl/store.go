package ctl

// StoreCopy is what became of copying a store.
type StoreCopy struct {
	From   string `json:"from"`
	To     string `json:"to"`
	DryRun bool   `json:"dry_run"`
	// Replaced is how much of an operator's was in the target before; 0 unless that was allowed.
	Replaced int64       `json:"replaced"`
	Parts    []StorePart `json:"parts"`
	// Verified reports that both were read again afterwards and hold the same.
	Verified bool     `json:"verified"`
	Notes    []string `json:"notes"` // what is left to be done
}

// StorePart is a part of a store.
type StorePart struct {
	Name  string `json:"name"`
	Count int64  `json:"count"`
	// Hash is of the content, in whatever order; two stores that have the same hold the same.
	Hash string `json:"hash"`
}
