package ctl

import "time"

// NewLogin is a login to begin. With the name of an account that there is, nothing but platform and name may be said of the
// account: it keeps the rest.
type NewLogin struct {
	NewAccount // without a credential
	// SetupToken asks for a long-lived token that cannot be refreshed.
	SetupToken bool `json:"setup_token,omitempty"`
	// Device asks for a login on another device: nothing is to be pasted. Where there is no other way it need not be said.
	Device bool `json:"device,omitempty"`
}

// Login is a login that has begun. It can be finished once, until it expires.
type Login struct {
	ID       string `json:"id"`
	Platform string `json:"platform"`
	Name     string `json:"name"` // of the account
	Renews   bool   `json:"renews"`
	// URL is what the account's owner opens.
	URL       string       `json:"url"`
	Device    *DeviceLogin `json:"device,omitempty"`
	ExpiresAt time.Time    `json:"expires_at"`
}

// DeviceLogin is what the account's owner does on another device.
type DeviceLogin struct {
	URL             string  `json:"url"` // where to type the code
	Code            string  `json:"code"`
	Direct          string  `json:"direct,omitempty"` // the URL with the code in it
	IntervalSeconds float64 `json:"interval_seconds"` // between two polls
}

// LoginCode is what was pasted.
type LoginCode struct {
	Code string `json:"code"`
}

// LoggedIn is the account that a login made, or renewed.
type LoggedIn struct {
	Account
	Renewed bool `json:"renewed"`
}

// LoginPoll is how a login on another device stands.
type LoginPoll struct {
	Done    bool      `json:"done"`
	Account *LoggedIn `json:"account,omitempty"`
	// Trouble is what kept the daemon from finding out; it may pass.
	Trouble string `json:"trouble,omitempty"`
	// IntervalSeconds is how long to wait before the next poll.
	IntervalSeconds float64 `json:"interval_seconds"`
}
