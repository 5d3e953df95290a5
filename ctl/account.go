package ctl

import (
	"fmt"
	"strconv"
	"time"
)

// Account is an upstream account, as a daemon tells of it. Its credential is never told.
type Account struct {
	ID             string            `json:"id"`
	Name           string            `json:"name"`
	Platform       string            `json:"platform"`
	Enabled        bool              `json:"enabled"`
	Version        int64             `json:"version"` // counts its changes
	BaseURL        string            `json:"base_url,omitempty"`
	Proxy          string            `json:"proxy,omitempty"` // without its credentials
	Priority       int               `json:"priority"`
	MaxConcurrency int               `json:"max_concurrency"` // 0: no limit
	Groups         []string          `json:"groups"`          // names
	AnyClient      bool              `json:"any_client"`
	Models         []string          `json:"models"`
	Map            map[string]string `json:"map,omitempty"`
	Options        map[string]string `json:"options,omitempty"`
	Note           string            `json:"note,omitempty"`
	CreatedAt      time.Time         `json:"created_at"`
	Credential     string            `json:"credential"` // its kind: api-key, oauth, setup-token, service-account
	TokenExpiresAt *time.Time        `json:"token_expires_at,omitempty"`
	EndsAt         *time.Time        `json:"subscription_ends_at,omitempty"`

	State     string     `json:"state"` // ready, cooling, needs-login, blocked, disabled, expired
	Until     *time.Time `json:"until,omitempty"`
	Why       string     `json:"why,omitempty"`
	Rests     []Cooldown `json:"rests"` // what cools, and for how long
	Windows   []Window   `json:"windows"`
	InUse     int        `json:"in_use"`
	LastUsed  *time.Time `json:"last_used_at,omitempty"`
	Failures  int        `json:"failures"` // in a row
	LastError string     `json:"last_error,omitempty"`
	LastErrAt *time.Time `json:"last_error_at,omitempty"`
}

// Subscription reports whether its credential belongs to a person's plan.
func (a *Account) Subscription() bool {
	return a.Credential == "oauth" || a.Credential == "setup-token"
}

// Slots is how many requests it serves, and of how many that it may.
func (a *Account) Slots() string {
	if a.MaxConcurrency == 0 {
		return strconv.Itoa(a.InUse)
	}
	return fmt.Sprintf("%d/%d", a.InUse, a.MaxConcurrency)
}

// Cooldown is one of an account, or of one model family or feature of it, or for the requests of one key.
type Cooldown struct {
	Scope string    `json:"scope"`         // in words; "" for the whole account
	Key   string    `json:"key,omitempty"` // the name of the only key that it holds for
	Since time.Time `json:"since"`
	// Until may have passed where only one key has been refused: that is known for longer, in case another is refused too.
	Until    time.Time `json:"until"`
	Evidence string    `json:"evidence"`
}

// Window is a quota gauge.
type Window struct {
	Name     string     `json:"name"`
	Used     float64    `json:"used"` // 1 is all of it
	Status   string     `json:"status,omitempty"`
	ResetsAt *time.Time `json:"resets_at,omitempty"`
}

// NewAccount is an account to add. Either APIKey or File carries the credential.
type NewAccount struct {
	Platform       string            `json:"platform"`
	Name           string            `json:"name"`
	APIKey         string            `json:"api_key,omitempty"`
	File           []byte            `json:"file,omitempty"` // what a client saved when it logged in, or a file of credentials
	BaseURL        string            `json:"base_url,omitempty"`
	Proxy          string            `json:"proxy,omitempty"`
	Priority       *int              `json:"priority,omitempty"`
	MaxConcurrency int               `json:"max_concurrency,omitempty"`
	Groups         []string          `json:"groups,omitempty"` // names or ids
	AnyClient      bool              `json:"any_client,omitempty"`
	Models         []string          `json:"models,omitempty"`
	Map            map[string]string `json:"map,omitempty"`
	Options        map[string]string `json:"options,omitempty"`
	Note           string            `json:"note,omitempty"`
}

// AccountEdit changes the fields that are set; an empty list or text takes the old one away.
type AccountEdit struct {
	// Version, if given, is the one that the edit was made for; an account that has another by now is a Conflict.
	Version        *int64             `json:"version,omitempty"`
	APIKey         *string            `json:"api_key,omitempty"`
	File           *string            `json:"file,omitempty"` // a new file of credentials, for an account that has such
	BaseURL        *string            `json:"base_url,omitempty"`
	Proxy          *string            `json:"proxy,omitempty"`
	Priority       *int               `json:"priority,omitempty"`
	MaxConcurrency *int               `json:"max_concurrency,omitempty"`
	AnyClient      *bool              `json:"any_client,omitempty"`
	Models         *[]string          `json:"models,omitempty"`
	Map            *map[string]string `json:"map,omitempty"`
	Options        *map[string]string `json:"options,omitempty"`
	Note           *string            `json:"note,omitempty"`
	EndsAt         *time.Time         `json:"subscription_ends_at,omitempty"`
}

// AccountTest is what came of asking an account for a few tokens.
type AccountTest struct {
	OK      bool   `json:"ok"`
	Model   string `json:"model"`
	Status  int    `json:"status"` // the upstream's; 0 when it could not be reached
	Message string `json:"message"`
	Millis  int64  `json:"ms"`
}

// Group is a set of accounts.
type Group struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description,omitempty"`
	Accounts    []string  `json:"accounts"` // names
	Keys        []string  `json:"keys"`     // names of the keys that are bound to it
	CreatedAt   time.Time `json:"created_at"`
}

// NewGroup is a group to make.
type NewGroup struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}
