package ctl

import "time"

// Key is an issued key, as a daemon tells of it. The key itself is told once, by whoever made it.
type Key struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Hint        string     `json:"hint"`    // how it begins
	State       string     `json:"state"`   // active, disabled, expired, deleted
	Version     int64      `json:"version"` // counts its changes
	Tags        []string   `json:"tags"`
	CreatedAt   time.Time  `json:"created_at"`
	ExpiresAt   *time.Time `json:"expires_at,omitempty"`
	ActivatedAt *time.Time `json:"activated_at,omitempty"`
	DeletedAt   *time.Time `json:"deleted_at,omitempty"`
	Limits      Limits     `json:"limits"`
	Use         KeyUse     `json:"use"`
}

// Limits are what a key may use. A zero does not limit.
type Limits struct {
	RequestsPerMinute int64    `json:"rpm"`
	TokensPerMinute   int64    `json:"tpm"`
	Concurrency       int      `json:"concurrency"`
	Queue             int      `json:"queue"`
	QueueWaitSeconds  float64  `json:"queue_wait_seconds"`
	DailyCost         USD      `json:"daily_cost_usd"`
	WeeklyCost        USD      `json:"weekly_cost_usd"`
	TotalCost         USD      `json:"total_cost_usd"`
	AllowModels       []string `json:"allow_models"`
	DenyModels        []string `json:"deny_models"`
	Clients           []string `json:"clients"`
	Permissions       []string `json:"permissions"`
	Account           string   `json:"account,omitempty"` // name of what it is bound to
	Group             string   `json:"group,omitempty"`
	Multiplier        float64  `json:"multiplier"`
	// ActivateForSeconds is how long it lives from its first use; 0 when that does not matter.
	ActivateForSeconds int64 `json:"activate_for_seconds"`
}

// KeyUse is how much of its limits a key uses now.
type KeyUse struct {
	InFlight         int   `json:"in_flight"`
	Queued           int   `json:"queued"`
	RequestsInMinute int64 `json:"requests_in_minute"`
	TokensInMinute   int64 `json:"tokens_in_minute"`
	DayCost          USD   `json:"day_cost_usd"`
	WeekCost         USD   `json:"week_cost_usd"`
	TotalCost        USD   `json:"total_cost_usd"`
	Reserved         USD   `json:"reserved_usd"` // held back for requests in flight
}

// KeyEdit sets a key's fields: all of a new key's, or those of an old one that are to change. An empty list or text
// takes the old one away.
type KeyEdit struct {
	// Version, if given, is the one that the edit was made for; a key that has another by now is a Conflict.
	Version           *int64     `json:"version,omitempty"`
	Tags              *[]string  `json:"tags,omitempty"`
	RequestsPerMinute *int64     `json:"rpm,omitempty"`
	TokensPerMinute   *int64     `json:"tpm,omitempty"`
	Concurrency       *int       `json:"concurrency,omitempty"`
	Queue             *int       `json:"queue,omitempty"`
	QueueWaitSeconds  *float64   `json:"queue_wait_seconds,omitempty"`
	DailyCost         *USD       `json:"daily_cost_usd,omitempty"`
	WeeklyCost        *USD       `json:"weekly_cost_usd,omitempty"`
	TotalCost         *USD       `json:"total_cost_usd,omitempty"`
	AllowModels       *[]string  `json:"allow_models,omitempty"`
	DenyModels        *[]string  `json:"deny_models,omitempty"`
	Clients           *[]string  `json:"clients,omitempty"`
	Permissions       *[]string  `json:"permissions,omitempty"`
	Account           *string    `json:"account,omitempty"`
	Group             *string    `json:"group,omitempty"`
	Multiplier        *float64   `json:"multiplier,omitempty"`
	ExpiresAt         *time.Time `json:"expires_at,omitempty"` // the zero time: never
	ActivateFor       *int64     `json:"activate_for_seconds,omitempty"`
}

// NewKey is a key to make.
type NewKey struct {
	Name string `json:"name"`
	KeyEdit
}

// IssuedKey is a key with its secret, which is told this once.
type IssuedKey struct {
	Key
	Secret string `json:"key"`
}
