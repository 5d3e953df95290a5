package ctl

import (
	"encoding/json"
	"slices"
	"time"
)

type rawMessage = json.RawMessage

// Status is how a daemon is doing.
type Status struct {
	Running       bool    `json:"running"`
	Version       string  `json:"version"`
	PID           int     `json:"pid"`
	UptimeSeconds float64 `json:"uptime_seconds"`
	Listen        string  `json:"listen"`
	TLS           bool    `json:"tls"`                   // clients are served over HTTPS
	Store         string  `json:"store"`                 // its kind and place
	StoreError    string  `json:"store_error,omitempty"` // why the store that nodes share cannot be used just now
	Node          string  `json:"node,omitempty"`        // which of the nodes that share the store this is
	InFlight      int     `json:"in_flight"`
	// Leaving requests run to their end in a process that has handed over to this one.
	Leaving int `json:"leaving,omitempty"`
	// Executable is the program that the daemon runs from.
	Executable    string `json:"executable,omitempty"`
	Accounts      int    `json:"accounts"`
	AccountsReady int    `json:"accounts_ready"`
	Keys          int    `json:"keys"`
	Waiting       int    `json:"waiting"` // requests that wait for an account's slot
	BodyBytes     int64  `json:"body_bytes"`
	LedgerOpen    int    `json:"ledger_open"` // requests that are open in the ledger
	LedgerError   string `json:"ledger_error,omitempty"`
	Prices        string `json:"prices"` // version of the price table
	// PricesOf is the newest day that its prices are of, 2026-11-30.
	PricesOf  string   `json:"prices_of,omitempty"`
	Platforms []string `json:"platforms"`
	Live      []Live   `json:"live"`
	// Conditions are what somebody has to know or mend, the worst first.
	Conditions []Condition `json:"conditions"`
}

// Condition is something that is not as it should be, or worth knowing.
type Condition struct {
	Code     string    `json:"code"`
	Severity string    `json:"severity"`
	Subject  string    `json:"subject,omitempty"` // name of the account, key or platform that it is about
	Sentence string    `json:"sentence"`          // without its full stop
	Hint     string    `json:"hint"`
	Since    time.Time `json:"since"`
}

// The severities of conditions, the worst first.
const (
	SeverityFailed  = "failed"
	SeverityWarning = "warning" // somebody has to see to it
	SeverityNote    = "note"    // it passes by itself, or is about to come
)

// Failed reports whether a condition holds that has to be mended now.
func (s *Status) Failed() bool {
	return slices.ContainsFunc(s.Conditions, func(c Condition) bool { return c.Severity == SeverityFailed })
}

// Has reports whether a condition holds.
func (s *Status) Has(code string) bool {
	return slices.ContainsFunc(s.Conditions, func(c Condition) bool { return c.Code == code })
}

// Live is a request in flight.
type Live struct {
	ID          string    `json:"id"`
	At          time.Time `json:"at"`
	Key         string    `json:"key"`
	Model       string    `json:"model,omitempty"`
	Stream      bool      `json:"stream"`
	Client      string    `json:"client,omitempty"`
	Phase       string    `json:"phase"` // reading, queued, picking, waiting, streaming
	Account     string    `json:"account,omitempty"`
	Attempts    int       `json:"attempts"`
	FirstByteMS int64     `json:"first_byte_ms,omitempty"`
}

// Setting is one value of the configuration, with where it came from.
type Setting struct {
	Key    string `json:"key"`
	Value  string `json:"value"` // secrets hidden
	Origin string `json:"origin"`
	Doc    string `json:"doc,omitempty"`
}

// Price is what a model costs, in dollars for a million tokens.
type Price struct {
	Model        string `json:"model"`
	Provider     string `json:"provider,omitempty"`
	Input        USD    `json:"input_usd_per_million"`
	Output       USD    `json:"output_usd_per_million"`
	CacheWrite5m USD    `json:"cache_write_5m_usd_per_million"`
	CacheWrite1h USD    `json:"cache_write_1h_usd_per_million"`
	CacheRead    USD    `json:"cache_read_usd_per_million"`
	Overridden   bool   `json:"overridden"`
	// Match is how the model was found, when the table has it under another name.
	Match string `json:"match,omitempty"`
	// PriceDetails is everything else that can be charged: of one model, not in a list.
	*PriceDetails
}

// Prices is the table.
type Prices struct {
	Version string  `json:"version"`
	Models  []Price `json:"models"`
}

// PriceEdit sets a model's price, in dollars for a million tokens. What is nil follows from the input price.
type PriceEdit struct {
	Input        USD  `json:"input_usd_per_million"`
	Output       USD  `json:"output_usd_per_million"`
	CacheWrite5m *USD `json:"cache_write_5m_usd_per_million,omitempty"`
	CacheWrite1h *USD `json:"cache_write_1h_usd_per_million,omitempty"`
	CacheRead    *USD `json:"cache_read_usd_per_million,omitempty"`
	// Tokens of images and sound cost what those of text do unless they are given. What is not counted in tokens stays as it is.
	ImageInput  *USD `json:"image_input_usd_per_million,omitempty"`
	ImageOutput *USD `json:"image_output_usd_per_million,omitempty"`
	AudioInput  *USD `json:"audio_input_usd_per_million,omitempty"`
	AudioOutput *USD `json:"audio_output_usd_per_million,omitempty"`
	WebSearch   *USD `json:"web_search_usd,omitempty"` // for one
	Image       *USD `json:"image_usd,omitempty"`      // for one
}
