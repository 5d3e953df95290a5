package ctl

import (
	"context"
	"net/http"
)

// CostFormat is how a provider lists what was used: the names of columns that say the day, the model and the cost, any as they are found.
// Of Model, all that there are tell together. Names are compared by their letters and digits.
type CostFormat struct {
	Provider string   `json:"provider"`
	Day      []string `json:"day"`
	Model    []string `json:"model"`
	Cost     []string `json:"cost"`
	Currency []string `json:"currency"`
	// Rows are left out where neither Service nor the model has one of Sells.
	Service []string `json:"service,omitempty"`
	Sells   []string `json:"sells,omitempty"`
}

// Reconcile asks how a provider's list of costs differs from the ledger.
type Reconcile struct {
	Provider string `json:"provider"`
	// Since and Until are days of UTC, both inclusive; "" are those of the costs.
	Since   string     `json:"since,omitempty"`
	Until   string     `json:"until,omitempty"`
	Account string     `json:"account,omitempty"` // only what went to this one
	Costs   []CostLine `json:"costs"`
}

// CostLine is what a provider says that something cost on a day.
type CostLine struct {
	Day  string `json:"day"`  // of UTC
	Line string `json:"line"` // the model, or what tells of it
	Cost USD    `json:"cost_usd"`
}

// Reconciled is what a provider says against what the ledger does, by day and model.
type Reconciled struct {
	Provider  string          `json:"provider"`
	Platforms []string        `json:"platforms"` // those whose accounts are on the bill
	Since     string          `json:"since"`     // days of UTC, both inclusive
	Until     string          `json:"until"`
	Rows      []ReconciledRow `json:"rows"`
	Total     ReconciledRow   `json:"total"`
	// Outside is how many lines are of other days.
	Outside int `json:"outside"`
}

// ReconciledRow is a model on a day.
type ReconciledRow struct {
	Day        string  `json:"day,omitempty"`
	Model      string  `json:"model,omitempty"`
	Requests   int64   `json:"requests"`
	Bill       USD     `json:"bill_usd"`
	Ledger     USD     `json:"ledger_usd"`   // by the price table in use
	Recorded   USD     `json:"recorded_usd"` // when the requests were made
	Difference USD     `json:"difference_usd"`
	Causes     []Cause `json:"causes,omitempty"`
}

// Cause is what may explain a difference.
type Cause struct {
	Code     string `json:"code"`
	Sentence string `json:"sentence"`
}

// Reconcile holds a provider's list of costs against the ledger.
func (c *Client) Reconcile(ctx context.Context, r Reconcile) (Reconciled, error) {
	return await[Reconciled](ctx, c, http.MethodPost, "/usage/reconcile", r)
}

// Add counts what another row counts.
func (r *ReconciledRow) Add(more *ReconciledRow) {
	r.Requests, r.Bill, r.Ledger = r.Requests+more.Requests, r.Bill+more.Bill, r.Ledger+more.Ledger
	r.Recorded, r.Difference = r.Recorded+more.Recorded, r.Difference+more.Difference
}

// Differs reports a difference that is not of rounding: half a cent or more.
func (r *ReconciledRow) Differs() bool {
	const half = 5_000_000
	return r.Difference >= half || r.Difference <= -half
}
