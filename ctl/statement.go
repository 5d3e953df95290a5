package ctl

import (
	"context"
	"net/http"
	"net/url"
)

// StatementQuery asks for a statement of a month's cost.
type StatementQuery struct {
	Month string // 2026-11; "" is the last one that is over
	// Key and Tag select keys, Account an account. Shares are of what all keys used.
	Key, Tag, Account string
	Currency          string // a code of three letters; "" is USD
	// Rate is how much of the currency a dollar is, as a decimal number.
	Rate string
	// Subscription is a fixed price in dollars that all keys share.
	Subscription string
}

// Amount is money in a statement's currency, in whole hundredths. In JSON it is a decimal number.
type Amount = USD

// Statement is what a month cost, by key and model. Each column's amounts come to its total.
type Statement struct {
	Month    string `json:"month"`
	FirstDay string `json:"first_day"` // in the daemon's time zone
	LastDay  string `json:"last_day"`
	Over     bool   `json:"over"` // the month is
	Currency string `json:"currency"`
	Rate     string `json:"rate,omitempty"`
	// Subscription is the price that is shared; zero for none.
	Subscription Amount         `json:"subscription"`
	Keys         []StatementKey `json:"keys"`
	Total        StatementLine  `json:"total"`
}

// StatementKey is what one key cost.
type StatementKey struct {
	Key  string   `json:"key"`
	Tags []string `json:"tags"`
	StatementLine
	Models []StatementModel `json:"models"`
}

// StatementModel is what a key used of one model.
type StatementModel struct {
	Model string `json:"model"`
	StatementLine
}

// StatementLine are the figures of a line.
type StatementLine struct {
	Requests   int64  `json:"requests"`
	CostUSD    USD    `json:"cost_usd"` // at the providers' list prices, exact
	ChargedUSD USD    `json:"charged_usd"`
	Cost       Amount `json:"cost"` // the same in the statement's currency
	Charged    Amount `json:"charged"`
	Share      Amount `json:"share"` // of the subscription's price, by list cost
}

// Statement gives what a month cost.
func (c *Client) Statement(ctx context.Context, q StatementQuery) (Statement, error) {
	v := url.Values{}
	for name, value := range map[string]string{
		"month": q.Month, "key": q.Key, "tag": q.Tag, "account": q.Account, "currency": q.Currency, "rate": q.Rate, "subscription": q.Subscription,
	} {
		set(v, name, value)
	}
	return await[Statement](ctx, c, http.MethodGet, "/usage/statement?"+v.Encode(), nil)
}

// Add counts what another line counts, but for what it comes to in the statement's currency.
func (l *StatementLine) Add(more *StatementLine) {
	l.Requests, l.CostUSD, l.ChargedUSD, l.Share = l.Requests+more.Requests, l.CostUSD+more.CostUSD, l.ChargedUSD+more.ChargedUSD, l.Share+more.Share
}
