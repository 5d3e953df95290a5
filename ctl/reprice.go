package ctl

import (
	"context"
	"net/http"
	"time"
)

// The prices that usage can be priced at again.
const (
	PricesThen = "then" // of the day that each request was made on
	PricesNow  = "now"  // of today
)

// Reprice asks for usage to be priced again, by the table in use.
type Reprice struct {
	// Since and Until are as in UsageQuery. Since "" is all.
	Since string `json:"since,omitempty"`
	Until string `json:"until,omitempty"`
	// Prices says of which day they are. "" is PricesThen.
	Prices string `json:"prices,omitempty"`
	Key    string `json:"key,omitempty"` // a name or an id
	Model  string `json:"model,omitempty"`
	// DryRun only tells what would change.
	DryRun bool `json:"dry_run,omitempty"`
}

// Repriced is what other prices change.
type Repriced struct {
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
	Prices  string    `json:"prices"`
	Version string    `json:"version"` // of the price table
	Applied bool      `json:"applied"`
	// Rows are what changes, by key and model.
	Rows  []RepricedRow `json:"rows"`
	Total RepricedRow   `json:"total"`
	// UnchangedRequests are those whose hour costs what it did.
	UnchangedRequests int64 `json:"unchanged_requests"`
	// LeftAlone is what the ledger's records do not cover wholly.
	LeftAlone []LeftAlone `json:"left_alone"`
	// Unpriced are models that have no price now either.
	Unpriced []UnpricedModel `json:"unpriced"`
}

// RepricedRow is what changes for a key and a model: of the hours whose cost changes.
type RepricedRow struct {
	Key            string `json:"key,omitempty"`
	Model          string `json:"model,omitempty"`
	Requests       int64  `json:"requests"`
	CostBefore     USD    `json:"cost_before_usd"`
	Cost           USD    `json:"cost_usd"`
	ChargedBefore  USD    `json:"charged_before_usd"`
	Charged        USD    `json:"charged_usd"`
	UnpricedBefore int64  `json:"unpriced_before"` // requests whose model had no price when they were made
	Unpriced       int64  `json:"unpriced"`        // of which it has none now
}

// LeftAlone is usage that was not priced again, and why: no_records, differs, days_only, changed.
type LeftAlone struct {
	Reason   string `json:"reason"`
	Requests int64  `json:"requests"`
	Cost     USD    `json:"cost_usd"`
}

// UnpricedModel is a model without a price.
type UnpricedModel struct {
	Model    string `json:"model"`
	Requests int64  `json:"requests"`
}

// Reprice prices usage again, and moves its sums and what keys have used of their budgets.
func (c *Client) Reprice(ctx context.Context, r Reprice) (Repriced, error) {
	return await[Repriced](ctx, c, http.MethodPost, "/usage/reprice", r)
}

// Add counts what another row counts.
func (r *RepricedRow) Add(more *RepricedRow) {
	r.Requests, r.UnpricedBefore, r.Unpriced = r.Requests+more.Requests, r.UnpricedBefore+more.UnpricedBefore, r.Unpriced+more.Unpriced
	r.CostBefore, r.Cost = r.CostBefore+more.CostBefore, r.Cost+more.Cost
	r.ChargedBefore, r.Charged = r.ChargedBefore+more.ChargedBefore, r.Charged+more.Charged
}
