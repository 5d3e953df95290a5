package ctl

import (
	"fmt"
	"math"
	"time"
)

// UsageQuery selects usage. Zero fields do not select.
type UsageQuery struct {
	// By are the columns to group by: key, account, model, day, hour.
	By []string
	// Since and Until are how a person says it: 24h, 7d, today, 2026-11-23, or a moment in RFC 3339. Since "" is 24h.
	Since, Until string
	Key, Account string // names or ids
	Model        string
}

// Usage is what was used.
type Usage struct {
	Since time.Time  `json:"since"`
	Until time.Time  `json:"until"`
	Rows  []UsageRow `json:"rows"`
	Total UsageRow   `json:"total"`
	// Unpriced are the models of the last day whose price is not known, whatever span was asked for.
	Unpriced []Unpriced `json:"unpriced,omitempty"`
}

// Unpriced is what was asked, within a day, of a model whose price is not known.
type Unpriced struct {
	Model    string    `json:"model"`
	Requests int64     `json:"requests"`
	Tokens   int64     `json:"tokens"`
	Charged  USD       `json:"charged_usd"` // to keys with a cost limit, as for the dearest model of its vendor
	Last     time.Time `json:"last"`
}

// UsageRow is what one group used. Only the fields that were grouped by are set.
type UsageRow struct {
	Key                string `json:"key,omitempty"`
	Account            string `json:"account,omitempty"`
	Model              string `json:"model,omitempty"`
	Day                string `json:"day,omitempty"`
	Hour               string `json:"hour,omitempty"`
	Requests           int64  `json:"requests"`
	InputTokens        int64  `json:"input_tokens"`
	OutputTokens       int64  `json:"output_tokens"`
	CacheReadTokens    int64  `json:"cache_read_tokens"`
	CacheWrite5mTokens int64  `json:"cache_write_5m_tokens"`
	CacheWrite1hTokens int64  `json:"cache_write_1h_tokens"`
	ReasoningTokens    int64  `json:"reasoning_tokens"`
	Cost               USD    `json:"cost_usd"`
	Charged            USD    `json:"charged_usd"` // after the keys' multipliers
}

// Add counts what another row counts. A sum stays at the end of an int64 where it is beyond.
func (r *UsageRow) Add(other *UsageRow) {
	more := other.counts()
	for i, n := range r.counts() {
		switch sum := *n + *more[i]; {
		case *more[i] > 0 && sum < *n:
			*n = math.MaxInt64
		case *more[i] < 0 && sum > *n:
			*n = math.MinInt64
		default:
			*n = sum
		}
	}
}

func (r *UsageRow) counts() [9]*int64 {
	return [...]*int64{
		&r.Requests, &r.InputTokens, &r.OutputTokens, &r.CacheReadTokens, &r.CacheWrite5mTokens, &r.CacheWrite1hTokens, &r.ReasoningTokens,
		(*int64)(&r.Cost), (*int64)(&r.Charged),
	}
}

// RequestQuery selects requests. Zero fields do not select.
type RequestQuery struct {
	Key, Account string // names or ids
	// Status is one status (429) or a class (4xx).
	Status string
	Since  string // as in UsageQuery
	Limit  int    // 0: 100
}

// Request is one line of the request log.
type Request struct {
	ID           string     `json:"id"`
	At           time.Time  `json:"at"`
	Key          string     `json:"key"`
	Account      string     `json:"account,omitempty"`
	Platform     string     `json:"platform,omitempty"`
	Service      string     `json:"service"`
	Model        string     `json:"model,omitempty"`
	Upstream     string     `json:"upstream_model,omitempty"`
	Client       string     `json:"client,omitempty"`
	Stream       bool       `json:"stream"`
	Status       int        `json:"status"` // 0: the client left, or the daemon ended, before there was one
	Error        string     `json:"error,omitempty"`
	FirstByteMS  int64      `json:"first_byte_ms"`
	TotalMS      int64      `json:"total_ms"`
	Source       string     `json:"source,omitempty"` // upstream, partial, estimated
	InputTokens  int64      `json:"input_tokens"`
	OutputTokens int64      `json:"output_tokens"`
	CacheRead    int64      `json:"cache_read_tokens"`
	CacheWrite5m int64      `json:"cache_write_5m_tokens"`
	CacheWrite1h int64      `json:"cache_write_1h_tokens"`
	Reasoning    int64      `json:"reasoning_tokens"`
	Cost         USD        `json:"cost_usd"`
	Charged      USD        `json:"charged_usd"`
	Prices       string     `json:"prices,omitempty"` // version of the price table
	Unpriced     bool       `json:"unpriced,omitempty"`
	Images       int64      `json:"images,omitempty"`
	Searches     int64      `json:"searches,omitempty"` // of the web
	Items        []Item     `json:"items,omitempty"`    // what it is billed for, each thing once
	TierAsked    string     `json:"tier_asked,omitempty"`
	Tier         string     `json:"tier,omitempty"`     // the service tier, as it was served
	Region       string     `json:"region,omitempty"`   // as far as that has a price
	Unbilled     bool       `json:"unbilled,omitempty"` // the provider refused before it said anything, and bills only what is in Items
	Doubt        string     `json:"doubt,omitempty"`    // what of the bill may not be as the provider has it
	Attempts     []Attempt  `json:"attempts,omitempty"`
	Raw          rawMessage `json:"raw,omitempty"` // the upstream's usage, as it said it
}

// Item is an amount of one kind that one model used up: tokens of a kind, searches, images.
type Item struct {
	Kind   string `json:"kind"`
	Amount int64  `json:"amount"`
	Model  string `json:"model"`
	Tier   string `json:"tier,omitempty"`
	Region string `json:"region,omitempty"`
	Prompt int64  `json:"prompt_tokens,omitempty"` // how long the whole prompt was, which decides about prices for long ones
}

// Several reports whether it is billed for more than one model, or for more than tokens of text.
func (r *Request) Several() bool {
	plain := map[string]bool{"input": true, "output": true, "reasoning": true, "cache_read": true, "cache_write_5m": true, "cache_write_1h": true}
	for i := range r.Items {
		if !plain[r.Items[i].Kind] || r.Items[i].Model != r.Items[0].Model {
			return true
		}
	}
	return false
}

// Remark is what is worth knowing of the request besides its figures.
func (r *Request) Remark() string {
	switch n := len(r.Attempts); {
	case r.Error != "":
		return r.Error
	case n == 1:
		return "1 account failed before"
	case n > 1:
		return fmt.Sprintf("%d accounts failed before", n)
	case r.Unpriced:
		return "no price for the model"
	case r.Doubt != "":
		return r.Doubt
	case r.Unbilled:
		return "refused: not billed"
	case r.Source != "" && r.Source != "upstream":
		return "tokens: " + r.Source
	}
	return ""
}

// Attempt is an account that was tried and did not serve the request.
type Attempt struct {
	Account   string `json:"account"`
	Status    int    `json:"status"` // 0: no answer
	Error     string `json:"error"`
	AfterMS   int64  `json:"after_ms"`
	Ambiguous bool   `json:"ambiguous,omitempty"` // it may have done the work
}

// Explanation is why a request went where it went, or would go.
type Explanation struct {
	// Request is nil when the question was what would happen.
	Request *Request `json:"request,omitempty"`
	// Chosen is the account, "" when there was none; Why says why that one.
	Chosen string `json:"chosen,omitempty"`
	Why    string `json:"why,omitempty"`
	// Accounts are the ones that were looked at, those that would do first.
	Accounts []Candidate `json:"accounts"`
}

// Candidate is one account, and what stood against it.
type Candidate struct {
	Account  string     `json:"account"`
	Platform string     `json:"platform,omitempty"`
	Eligible bool       `json:"eligible"`
	Rank     int        `json:"rank,omitempty"` // 1 is the first choice
	Reason   string     `json:"reason"`
	Until    *time.Time `json:"until,omitempty"`
	Detail   string     `json:"detail,omitempty"`
}

// ExplainQuery asks what would happen to a request.
type ExplainQuery struct {
	Key     string `json:"key"`
	Model   string `json:"model"`
	Session string `json:"session,omitempty"`
	Client  string `json:"client,omitempty"` // claude-code when empty
	Service string `json:"service,omitempty"`
}
