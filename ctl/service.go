package ctl

import "time"

// Service is what the system's own manager of services knows of crs.
type Service struct {
	Manager   string `json:"manager"` // systemd, launchd or windows; "" where there is none
	User      bool   `json:"user"`    // a user's own service, not the system's
	Installed bool   `json:"installed"`
	Enabled   bool   `json:"enabled"`          // it starts with the system, or with its user's session
	State     string `json:"state,omitempty"`  // active, activating, deactivating, inactive or failed
	Unit      string `json:"unit,omitempty"`   // the file that describes it
	Binary    string `json:"binary,omitempty"` // what it starts
	PID       int    `json:"pid,omitempty"`
	// Packaged: it came with a package of the system, which alone may take it away.
	Packaged bool       `json:"packaged,omitempty"`
	Since    *time.Time `json:"since,omitempty"` // when it came into its state
	Restarts int        `json:"restarts,omitempty"`
	// LastError is what the daemon, or its manager, said last of why it ended or could not do something.
	LastError   string     `json:"last_error,omitempty"`
	LastErrorAt *time.Time `json:"last_error_at,omitempty"`
	// Config is the configuration file of a service that was just installed.
	Config string `json:"config,omitempty"`
}
