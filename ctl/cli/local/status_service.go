package local

import (
	"cmp"
	"context"
	"strings"
	"time"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/internal/config"
)

// WellBeing is how crs is: its daemon, and its service.
type WellBeing struct {
	ctl.Status
	Healthy   bool        `json:"healthy"`
	Since     *time.Time  `json:"since,omitempty"` // when the daemon started
	Installed bool        `json:"installed"`
	Enabled   bool        `json:"enabled"`
	LastError string      `json:"last_error,omitempty"`
	Service   ctl.Service `json:"service"`
}

// Absence is the same where no daemon runs.
type Absence struct {
	Running   bool        `json:"running"`
	Healthy   bool        `json:"healthy"`
	Version   string      `json:"version"`          // of what would be started
	Listen    string      `json:"listen,omitempty"` // where it would
	Installed bool        `json:"installed"`
	Enabled   bool        `json:"enabled"`
	LastError string      `json:"last_error,omitempty"`
	Service   ctl.Service `json:"service"`
}

// askingManager is how long the system's manager of services has to answer: the daemon's own answer does not wait for more.
const askingManager = 5 * time.Second

// theService is the one that is meant: the system's, or the user's own where only that one is installed. What cannot be
// asked about is as if it were not there.
func (a *app) theService(ctx context.Context, user bool) ctl.Service {
	if a.Programs.Service == nil {
		return ctl.Service{}
	}
	ctx, stop := context.WithTimeout(ctx, askingManager)
	defer stop()
	var is ctl.Service
	if !user {
		is, _ = a.Programs.Service(false).State(ctx)
	}
	if user || !is.Installed && a.IO.UID != 0 {
		if own, err := a.Programs.Service(true).State(ctx); err == nil && (user || own.Installed) {
			is = own
		}
	}
	a.OwnService = is.User
	return is
}

func (a *app) wellBeing(s ctl.Status, is ctl.Service) WellBeing {
	since := a.IO.Now().Add(-time.Duration(s.UptimeSeconds * float64(time.Second))).Truncate(time.Second)
	return WellBeing{
		Status: s, Healthy: !s.Failed(), Since: &since,
		Installed: is.Installed, Enabled: is.Enabled, LastError: cmp.Or(s.LedgerError, is.LastError), Service: is,
	}
}

// notRunning is an answer, not a failure: it goes to standard output.
func (a *app) notRunning(is ctl.Service) error {
	away := Absence{Version: a.Programs.Version, Installed: is.Installed, Enabled: is.Enabled, LastError: is.LastError, Service: is}
	if loaded, err := config.Load(a.Source(nil)); err == nil {
		away.Listen = loaded.Config.Listen
	}
	err := a.Show(away, func() {
		a.Say("crs is not running: no daemon listens on %s", a.Client().Socket())
		if !is.Installed {
			a.Say("  start it: crs serve; or see first what it does: crs demo")
			return
		}
		a.Say("  the service is %s", a.serviceState(&is))
		if is.LastError != "" {
			a.Say("  last error: %s", is.LastError)
		}
		a.Say("  start it: %s; see why it ended: %s", a.withUser("crs start"), a.withUser("crs logs"))
	})
	if err != nil {
		return err
	}
	return command.Told{Code: ctl.NotRunning}
}

// serviceState says how a service is.
func (a *app) serviceState(is *ctl.Service) string {
	if !is.Installed {
		return "not installed"
	}
	parts := []string{"installed", "not enabled", is.State}
	if is.Enabled {
		parts[1] = "enabled"
	}
	if is.Since != nil {
		parts[2] += " since " + a.Moment(*is.Since)
	}
	if is.Restarts > 0 {
		parts = append(parts, "restarted "+times(is.Restarts))
	}
	return strings.Join(parts, ", ") + " (" + is.Manager + ")"
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return command.Plural(n, "time")
}

// serviceFacts are those of a running daemon's service.
func (a *app) serviceFacts(w *WellBeing) []command.Fact {
	since := ""
	if w.Since != nil {
		since = a.Moment(*w.Since)
	}
	return []command.Fact{{"since", since}, {"service", a.serviceState(&w.Service)}, {"last error", w.LastError}}
}
