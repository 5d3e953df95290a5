package ctl

import (
	"encoding/json"
	"time"
)

// Limits are what a key may use. A zero does not limit.
type Limits struct {
	RequestsPerMinute int64   `json:"rpm"`
	TokensPerMinute   int64   `json:"tpm"`
	Concurrency       int     `json:"concurrency"`
	Queue             int     `json:"queue"`
	QueueWaitSeconds  float64 `json:"queue_wait_seconds"`
	DailyCost         USD     `json:"daily_cost_usd"`
	WeeklyCost        USD     `json:"weekly_cost_usd"`
	TotalCost         USD     `json:"total_cost_usd"`
	// Rules are the limits that have no field of their own, by what they count.
	Rules       map[string]json.Number `json:"rules"`
	AllowModels []string               `json:"allow_models"`
	DenyModels  []string               `json:"deny_models"`
	Clients     []string               `json:"clients"`
	Permissions []string               `json:"permissions"`
	Account     string                 `json:"account,omitempty"` // name of what it is bound to
	Group       string                 `json:"group,omitempty"`
	Multiplier  float64                `json:"multiplier"`
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
	// Limits are those with a name, whether they limit or not, and all others that do.
	Limits []LimitUse `json:"limits"`
}

// LimitUse is how much of a limit is used.
type LimitUse struct {
	Limit string `json:"limit"` // what it counts: cost/month
	Label string `json:"label"` // in words: cost this month
	// Used and Max are whole numbers, or dollars where USD says so. A Max of zero does not limit.
	Used   json.Number `json:"used"`
	Max    json.Number `json:"max"`
	USD    bool        `json:"usd"`
	EndsAt *time.Time  `json:"ends_at,omitempty"` // when it begins anew, where that is known beforehand
}

// Share is how much of the limit is used, from 0 on; 0 where it does not limit.
func (l *LimitUse) Share() float64 {
	used, _ := l.Used.Float64()
	most, _ := l.Max.Float64()
	if most == 0 {
		return 0
	}
	return used / most
}

// Limit gives how much of a limit is used, by what it counts. Of one that is not told, which an older daemon does, nothing is known.
func (u *KeyUse) Limit(limit string) LimitUse {
	if l, known := found(u.Limits, func(l LimitUse) bool { return l.Limit == limit }); known {
		return l
	}
	return LimitUse{Limit: limit}
}

// KeyEdit sets a key's fields: all of a new key's, or those of an old one that are to change. An empty list or text
// takes the old one away.
type KeyEdit struct {
	// Version, if given, is the one that the edit was made for; a key that has another by now is a Conflict.
	Version           *int64    `json:"version,omitempty"`
	Tags              *[]string `json:"tags,omitempty"`
	RequestsPerMinute *int64    `json:"rpm,omitempty"`
	TokensPerMinute   *int64    `json:"tpm,omitempty"`
	Concurrency       *int      `json:"concurrency,omitempty"`
	Queue             *int      `json:"queue,omitempty"`
	QueueWaitSeconds  *float64  `json:"queue_wait_seconds,omitempty"`
	DailyCost         *USD      `json:"daily_cost_usd,omitempty"`
	WeeklyCost        *USD      `json:"weekly_cost_usd,omitempty"`
	TotalCost         *USD      `json:"total_cost_usd,omitempty"`
	// Rules are other limits, by what they count: a number of things, or of dollars. Those that are not given stay; 0 takes one away.
	Rules       *map[string]json.Number `json:"rules,omitempty"`
	AllowModels *[]string               `json:"allow_models,omitempty"`
	DenyModels  *[]string               `json:"deny_models,omitempty"`
	Clients     *[]string               `json:"clients,omitempty"`
	Permissions *[]string               `json:"permissions,omitempty"`
	Account     *string                 `json:"account,omitempty"`
	Group       *string                 `json:"group,omitempty"`
	Multiplier  *float64                `json:"multiplier,omitempty"`
	ExpiresAt   *time.Time              `json:"expires_at,omitempty"` // the zero time: never
	ActivateFor *int64                  `json:"activate_for_seconds,omitempty"`
}
