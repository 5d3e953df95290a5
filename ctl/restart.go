package ctl

// Restart hands a running daemon over to a new process, without a request noticing.
type Restart struct {
	// Binary is the program of the new process; "" is the one that the daemon runs from. The daemon's user must be able to
	// execute it.
	Binary string `json:"binary,omitempty"`
	// CheckOnly has the binary read the configuration that the daemon runs with, and say whether that is right.
	CheckOnly bool `json:"check_only,omitempty"`
}

// Restarted is what came of it.
type Restarted struct {
	OldPID     int    `json:"old_pid"`
	OldVersion string `json:"old_version"`
	PID        int    `json:"pid"`
	Version    string `json:"version"`
	// InFlight requests run to their end in the old process.
	InFlight int `json:"in_flight"`
}
