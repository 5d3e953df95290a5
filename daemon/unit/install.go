package unit

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"crs/ctl"
	"crs/internal/durable"
	"crs/internal/errs"
)

// Install makes crs a service that starts with the system, or with its user's session. What is right already is left alone.
func (s *Service) Install(ctx context.Context) (ctl.Service, error) {
	now, _, err := s.open(ctx, "install")
	if err != nil {
		return now, err
	}
	if now.Packaged {
		return s.installed(ctx, "", s.manager.enable(ctx))
	}
	binary, err := s.place()
	if err != nil {
		return now, err
	}
	config, err := s.manager.prepare(ctx)
	if err != nil {
		return now, err
	}
	if s.manager.current(ctx, binary, now) {
		return s.installed(ctx, config, nil)
	}
	if err := s.manager.clear(now); err != nil {
		return now, err
	}
	b, err := s.host.backend(s.manager.config(binary))
	if err != nil {
		return now, fmt.Errorf("install the service: %w", err)
	}
	return s.installed(ctx, config, b.Install())
}

func (s *Service) installed(ctx context.Context, config string, err error) (ctl.Service, error) {
	if err != nil {
		return ctl.Service{}, fmt.Errorf("install the service: %w", err)
	}
	now, err := s.manager.state(ctx)
	now.Config = config
	return now, err
}

// Uninstall stops the service and takes it away. What it kept stays, unless purge is wanted. When there is no service,
// nothing happens.
func (s *Service) Uninstall(ctx context.Context, purge bool) error {
	now, b, err := s.open(ctx, "uninstall")
	switch {
	case err != nil:
		return err
	case now.Packaged:
		return ctl.Errorf(ctl.Conflict, "the service came with a package: %s", now.Unit).WithHint("remove the package: sudo apt remove crs, or sudo dnf remove crs")
	}
	if now.Installed {
		if err := s.takeAway(b, now); err != nil {
			return err
		}
	}
	if purge {
		return s.manager.purge(ctx)
	}
	return nil
}

func (s *Service) takeAway(b backend, now ctl.Service) error {
	if now.State != "inactive" {
		if err := b.Stop(); err != nil {
			return fmt.Errorf("stop the service: %w", err)
		}
	}
	return errs.Wrap(b.Uninstall(), "take the service away")
}

// place gives a path of this binary that a service can have: one that only root can write to, and everybody reach. From
// anywhere else the system's service gets a copy.
func (s *Service) place() (string, error) {
	path, err := s.host.binary()
	if err != nil || s.user || s.host.goos == "windows" {
		return path, err
	}
	for _, dir := range []string{"/usr/bin/", "/usr/local/bin/", "/usr/sbin/", "/usr/local/sbin/", "/opt/"} {
		if strings.HasPrefix(path, s.host.at(dir)) {
			return path, nil
		}
	}
	to := s.host.at("/usr/local/bin/crs")
	if err := copyBinary(path, to); err != nil {
		return "", fmt.Errorf("copy crs to %s: %w", to, err)
	}
	return to, nil
}

// copyBinary moves a whole copy into place: a crs that is running there runs on.
func copyBinary(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if there, err := os.ReadFile(to); err == nil && bytes.Equal(there, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return durable.Write(to, content, 0o755)
}
