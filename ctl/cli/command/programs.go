package command

import (
	"context"
	"errors"
	"io"
	"time"

	"crs/ctl"
	"crs/internal/config"
	"crs/internal/secret"
)

// Programs is what the command line starts but must not import.
type Programs struct {
	Version string
	// Catalogue is what there is to choose from where no daemon tells.
	Catalogue ctl.Catalogue
	// ReleaseKey verifies releases and ReleaseFrom is where they are read from; both are the build's, and may be empty.
	ReleaseKey, ReleaseFrom string
	// Providers are the names that may stand in the configuration's providers.NAME. Empty allows every name.
	Providers []string
	// CheckProviders finds settings in providers.NAME that are no settings, or make no sense. It may be nil.
	CheckProviders func(map[string]config.Provider) error
	// Serve runs a daemon until ctx ends.
	Serve func(context.Context, ServeOptions) error
	// Service is crs as a service of the system, or of the user; nil where that is not known.
	Service func(user bool) Service
	// Backup writes all that a daemon keeps into a file, and Restore puts it back. Restore gives ErrBackupEncrypted and
	// ErrStoreThere.
	Backup  func(context.Context, BackupOptions) error
	Restore func(context.Context, BackupOptions) (*Restored, error)
	// Mock runs simulated providers until ctx ends, after telling where they are.
	Mock func(context.Context, MockOptions, io.Writer) error
	// Demo starts a demonstration. The caller closes it.
	Demo func(context.Context, DemoOptions) (*DemoRun, error)
	// CopyStore copies what one store holds into another.
	CopyStore func(context.Context, CopyOptions) (ctl.StoreCopy, error)
	// Dashboard shows the dashboard until its user leaves it, or ctx ends.
	Dashboard func(context.Context, DashboardOptions) error
}

// ServeOptions are what a daemon is started with.
type ServeOptions struct {
	Source  config.Source
	Version string
	Log     io.Writer
}

// Service is crs as a service of its system.
type Service interface {
	// Install makes it one, and Uninstall takes it away: with all that it kept, when purge is wanted.
	Install(ctx context.Context) (ctl.Service, error)
	Uninstall(ctx context.Context, purge bool) error
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	Restart(ctx context.Context) error
	// State has no Manager where there is none that could have services.
	State(ctx context.Context) (ctl.Service, error)
	// Logs writes the last lines of the log; with follow, it goes on until ctx ends.
	Logs(ctx context.Context, lines int, since time.Time, follow bool, out io.Writer) error
}

// BackupOptions say what is backed up, or restored.
type BackupOptions struct {
	Source     config.Source
	Version    string
	File       string
	Passphrase secret.String // empty for none
	Force      bool
}

// Restored is what was put back.
type Restored struct {
	Version string    `json:"version"` // of the crs that wrote the backup
	Made    time.Time `json:"made"`
	Ledger  bool      `json:"ledger"`
	Config  string    `json:"config,omitempty"` // where the configuration was put
	Before  string    `json:"before,omitempty"` // where what was there before is
}

// Why a backup is not restored, as Programs.Restore says it.
var (
	ErrBackupEncrypted = errors.New("the backup is encrypted")
	ErrStoreThere      = errors.New("there is a store already")
)

// MockOptions are what simulated providers are started with.
type MockOptions struct {
	Listen string // "" is a free port of 127.0.0.1
	Script string
}

// DemoOptions are what a demonstration is started with.
type DemoOptions struct{ Version string }

// DemoRun is a demonstration: a daemon with simulated providers, an account and a key.
type DemoRun struct {
	URL    string // of the relay, without a path
	Socket string
	Key    string // the secret; it opens nothing but this daemon
	// Play relays a conversation for each protocol and prints it as it goes on.
	Play func(context.Context, io.Writer) error
	// Wait waits for the end of ctx, or for that of the daemon, which is an error.
	Wait func(context.Context) error
	// Close stops everything and deletes what was made.
	Close func() error
}

// CopyOptions are what a store is copied with.
type CopyOptions struct {
	Source        config.Source
	From, To      string
	DryRun, Force bool
	Progress      func(items int64)
}

// DashboardOptions are what the dashboard is started with.
type DashboardOptions struct {
	Client  *ctl.Client
	NoColor bool
	// Fail has a key bring it down, for tests of what it leaves behind.
	Fail string
}
