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
	// Unpriced are the models of the last day whose price is not known; lists of keys leave it out.
	Unpriced []Unpriced `json:"unpriced,omitempty"`
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
