// Package unit has crs be a service of its system: of systemd by the unit in systemd/, of launchd, or of Windows. It is the
// only package that knows kardianos/service.
package unit

import (
	"context"
	"io"
	"time"

	"github.com/kardianos/service"

	"crs/ctl"
	"crs/internal/config"
)

// Name is the service's.
const Name = "crs"

// Service is crs as a service of this machine, or of the user who calls it.
type Service struct {
	host    host
	user    bool
	manager manager
}

// manager is what differs between the systems.
type manager interface {
	// unusable says why this manager cannot have a service of crs; nil when it can.
	unusable() error
	// config is what kardianos installs from.
	config(binary string) *service.Config
	// prepare makes what the service needs before it is installed, and gives its configuration file.
	prepare(ctx context.Context) (config string, err error)
	// current reports whether what is installed is what would be installed, and enabled.
	current(ctx context.Context, binary string, now ctl.Service) bool
	// enable has an installed service start by itself from now on.
	enable(ctx context.Context) error
	// clear takes away an installed service's description, so that another can be written in its place.
	clear(now ctl.Service) error
	state(ctx context.Context) (ctl.Service, error)
	logs(ctx context.Context, ask Logs, out io.Writer) error
	// purge takes away everything that the service kept.
	purge(ctx context.Context) error
}

// backend is the part of kardianos' service that is used.
type backend interface {
	Install() error
	Uninstall() error
	Start() error
	Stop() error
	Restart() error
}

// New gives the system's service, or that of the user who runs this process.
func New(user bool) *Service { return newService(thisHost(), user) }

func newService(h host, user bool) *Service {
	s := &Service{host: h, user: user}
	switch h.goos {
	case "linux":
		s.manager = &systemdManager{host: h, user: user}
	case "darwin":
		s.manager = &launchdManager{host: h, user: user}
	case "windows":
		s.manager = &windowsManager{host: h, user: user}
	default:
		s.manager = none{}
	}
	return s
}

// State tells how the service is, as far as its manager knows. Where there is no manager it is a Service without one.
func (s *Service) State(ctx context.Context) (ctl.Service, error) {
	if s.manager.unusable() != nil {
		return ctl.Service{User: s.user}, nil
	}
	return s.manager.state(ctx)
}

// Logs is what to show of a log.
type Logs struct {
	Lines  int
	Follow bool // go on until the context ends
	Since  time.Time
}

// Logs writes what the daemon logged.
func (s *Service) Logs(ctx context.Context, lines int, since time.Time, follow bool, out io.Writer) error {
	if err := s.manager.unusable(); err != nil {
		return err
	}
	return s.manager.logs(ctx, Logs{Lines: lines, Follow: follow, Since: since}, out)
}

// Start starts the service, and waits until it serves. When it does already, nothing happens.
func (s *Service) Start(ctx context.Context) error {
	return s.change(ctx, "start", func(b backend, now ctl.Service) error {
		if now.State == "active" {
			return nil
		}
		return b.Start()
	})
}

// Stop stops the service, and waits until its answers in flight have ended. When it is stopped already, nothing happens.
func (s *Service) Stop(ctx context.Context) error {
	return s.change(ctx, "stop", func(b backend, now ctl.Service) error {
		if now.State == "inactive" {
			return nil
		}
		return b.Stop()
	})
}

// Restart stops the service and starts it again.
func (s *Service) Restart(ctx context.Context) error {
	return s.change(ctx, "restart", func(b backend, _ ctl.Service) error { return b.Restart() })
}

func (s *Service) change(ctx context.Context, verb string, do func(backend, ctl.Service) error) error {
	now, b, err := s.open(ctx, verb)
	if err != nil {
		return err
	}
	if !now.Installed {
		return ctl.Errorf(ctl.NotFound, "there is no service of crs here to %s", verb).WithHint("install it: %s; or run the daemon yourself: crs serve", s.command("install"))
	}
	if err := do(b, now); err != nil {
		return s.failed(ctx, verb, err)
	}
	return nil
}

// open gives the service as it is and what changes it, to a caller who may.
func (s *Service) open(ctx context.Context, verb string) (ctl.Service, backend, error) {
	if err := s.manager.unusable(); err != nil {
		return ctl.Service{}, nil, err
	}
	if err := s.mayChange(verb); err != nil {
		return ctl.Service{}, nil, err
	}
	now, err := s.manager.state(ctx)
	if err != nil {
		return now, nil, err
	}
	b, err := s.host.backend(s.manager.config(now.Binary))
	return now, b, err
}

// failed says why, in the daemon's own words when it had any.
func (s *Service) failed(ctx context.Context, verb string, err error) error {
	now, _ := s.manager.state(ctx)
	if now.LastError == "" {
		return ctl.Errorf(ctl.Failed, "%s the service: %v", verb, err).WithHint("see why: %s", s.command("logs"))
	}
	return ctl.Errorf(ctl.Failed, "the service does not %s: %s", verb, now.LastError).WithHint("more: %s", s.command("logs"))
}

// mayChange reports that the caller may not, with the command that would.
func (s *Service) mayChange(verb string) error {
	switch {
	case s.host.goos == "windows":
		return nil // which asks by itself, and whose error says so
	case s.user && s.host.uid == 0:
		return ctl.Errorf(ctl.BadRequest, "root has the system's service, and none of its own").WithHint("leave out --user, or do it as the user whose service it is to be")
	case s.user, s.host.uid == 0:
		return nil
	}
	e := ctl.Errorf(ctl.NotPermitted, "only root may %s the system's service", verb)
	if verb == "install" {
		return e.WithHint("sudo %s; or a service of your own: crs install --user", s.host.self())
	}
	return e.WithHint("sudo %s; or, for a service of your own: crs %s --user", s.host.self(), verb)
}

// command is how crs is called about this service.
func (s *Service) command(verb string) string {
	switch {
	case s.user:
		return "crs " + verb + " --user"
	case s.host.goos == "windows":
		return "crs " + verb
	}
	return "sudo crs " + verb
}

// none is a system whose services crs cannot be.
type none struct{ manager }

func (none) unusable() error {
	return ctl.Errorf(ctl.Failed, "crs cannot be a service of this system").WithHint("have what starts services here run: crs serve")
}

// paths are where this service's daemon keeps things.
func (h *host) paths(user bool) (config.Paths, error) {
	uid := 0
	if user {
		uid = max(h.uid, 1)
	}
	p, err := config.DefaultPaths(h.getenv, uid, "")
	if err == nil && !user {
		p = config.Paths{Config: h.at(p.Config), Data: h.at(p.Data), Socket: p.Socket}
	}
	return p, err
}
