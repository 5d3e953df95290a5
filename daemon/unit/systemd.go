package unit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kardianos/service"

	"crs/ctl"
	"crs/internal/config"
	"crs/internal/errs"
	"crs/systemd"
)

// systemdManager has crs be a service of systemd, by the unit in systemd/.
type systemdManager struct {
	host host
	user bool
}

const unitName = Name + ".service"

func (m *systemdManager) unusable() error {
	if _, err := os.Stat(m.host.at("/run/systemd/system")); err != nil {
		return ctl.Errorf(ctl.Failed, "systemd does not run this machine, and crs can be a service of no other manager here").
			WithHint("have what starts services here run: crs serve --data DIR; in a container that is all there is to do")
	}
	if m.user && m.host.uid != 0 && m.host.getenv("XDG_RUNTIME_DIR") == "" {
		return ctl.Errorf(ctl.Failed, "you have no session in which systemd could run services of yours").
			WithHint("log in as this user, not by su or sudo; or, to have one always: sudo loginctl enable-linger $USER, then export XDG_RUNTIME_DIR=/run/user/$(id -u)")
	}
	return nil
}

func (m *systemdManager) config(binary string) *service.Config {
	return &service.Config{
		Name: Name, Executable: binary,
		Option: service.KeyValue{"SystemdScript": m.text(binary), "UserService": m.user},
	}
}

func (m *systemdManager) text(binary string) string {
	if m.user {
		return systemd.At(systemd.UserUnit, binary)
	}
	return systemd.At(systemd.Unit, binary)
}

// path is where kardianos writes the unit to.
func (m *systemdManager) path() string {
	if m.user {
		return filepath.Join(m.host.getenv("HOME"), ".config/systemd/user", unitName)
	}
	return m.host.at("/etc/systemd/system/" + unitName)
}

// prepare makes the system's service its user, and a configuration that only that user reads.
func (m *systemdManager) prepare(ctx context.Context) (string, error) {
	paths, err := m.host.paths(m.user)
	if err != nil || m.user {
		return paths.Config, err
	}
	if err := m.makeUser(ctx); err != nil {
		return "", err
	}
	made, err := write(paths.Config, config.Sample, 0o640)
	if err == nil && made {
		err = giveTo(paths.Config, Name)
	}
	return paths.Config, err
}

func (m *systemdManager) makeUser(ctx context.Context) error {
	if _, err := user.Lookup(Name); err == nil && m.host.root == "" {
		return nil
	}
	_, err := m.host.ask(ctx, "systemd-sysusers", "--inline", strings.TrimSpace(systemd.Sysusers))
	return errs.Wrap(err, "make the user crs")
}

func giveTo(path, group string) error {
	g, err := user.LookupGroup(group)
	if err != nil {
		return nil // in a test, which makes no users
	}
	gid, err := strconv.Atoi(g.Gid)
	if err != nil {
		return fmt.Errorf("find the group %s: %w", group, err)
	}
	return os.Chown(path, 0, gid)
}

func (m *systemdManager) current(_ context.Context, binary string, now ctl.Service) bool {
	return now.Enabled && holds(m.path(), m.text(binary))
}

func (m *systemdManager) clear(ctl.Service) error { return clearFile(m.path(), "unit") }

func (m *systemdManager) enable(ctx context.Context) error {
	_, err := m.systemctl(ctx, "enable", unitName)
	return err
}

func (m *systemdManager) systemctl(ctx context.Context, args ...string) (string, error) {
	if m.user {
		args = append([]string{"--user"}, args...)
	}
	return m.host.ask(ctx, "systemctl", args...)
}

// properties are what state asks for.
const properties = "LoadState,FragmentPath,UnitFileState,ActiveState,MainPID,StateChangeTimestamp,NRestarts,Result,ExecMainStatus,ExecStart"

func (m *systemdManager) state(ctx context.Context) (ctl.Service, error) {
	said, err := m.systemctl(ctx, "show", unitName, "--property="+properties)
	if err != nil {
		return ctl.Service{}, ctl.Errorf(ctl.Failed, "ask systemd about the service: %v", err)
	}
	now := readState(said)
	now.User = m.user
	now.Packaged = now.Installed && !m.user && !strings.HasPrefix(now.Unit, "/etc/") && !strings.HasPrefix(now.Unit, "/run/")
	if now.Installed && (now.State != "active" || now.Restarts > 0) {
		m.lastError(ctx, &now)
	}
	return now, nil
}

// readState reads what systemctl show prints.
func readState(said string) ctl.Service {
	p := map[string]string{}
	for line := range strings.Lines(said) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		p[name] = value
	}
	now := ctl.Service{Manager: "systemd", Installed: p["LoadState"] != "" && p["LoadState"] != "not-found", Unit: p["FragmentPath"]}
	if !now.Installed {
		return now
	}
	now.Enabled, now.State = p["UnitFileState"] == "enabled", p["ActiveState"]
	now.PID, _ = strconv.Atoi(p["MainPID"])
	now.Restarts, _ = strconv.Atoi(p["NRestarts"])
	if at, err := time.Parse("Mon 2006-01-02 15:04:05 MST", p["StateChangeTimestamp"]); err == nil {
		now.Since = &at
	}
	if _, path, ok := strings.Cut(p["ExecStart"], "path="); ok {
		now.Binary, _, _ = strings.Cut(path, " ;")
	}
	if now.State == "failed" || p["Result"] != "success" {
		now.LastError = fmt.Sprintf("it ended with exit code %s (%s)", p["ExecMainStatus"], p["Result"])
	}
	return now
}

// lastError looks for what the daemon said last of why.
func (m *systemdManager) lastError(ctx context.Context, now *ctl.Service) {
	said, err := m.host.ask(ctx, "journalctl", append(m.journal(), "--lines=200", "--output=short-iso")...)
	if err != nil {
		return
	}
	if at, text := lastErrorIn(said); text != "" {
		now.LastError, now.LastErrorAt = text, at
	}
}

// lastErrorIn finds the last line that the daemon says an error in. What the command line says comes last of all, and is the
// reason for everything before it.
func lastErrorIn(journal string) (at *time.Time, text string) {
	for line := range strings.Lines(journal) {
		head, said, ok := strings.Cut(strings.TrimSpace(line), "]: ")
		if !ok {
			continue
		}
		wrong, ok := errorIn(said)
		if !ok {
			continue
		}
		text, at = wrong, nil
		stamp, _, _ := strings.Cut(head, " ")
		if t, err := time.Parse("2006-01-02T15:04:05Z0700", stamp); err == nil {
			at = &t
		}
	}
	return at, text
}

func (m *systemdManager) journal() []string {
	if m.user {
		return []string{"--user", "--user-unit=" + unitName, "--no-pager", "--quiet"}
	}
	return []string{"--unit=" + unitName, "--no-pager", "--quiet"}
}

func (m *systemdManager) logs(ctx context.Context, ask Logs, out io.Writer) error {
	args := append(m.journal(), "--output=cat", "--lines="+strconv.Itoa(ask.Lines))
	if !ask.Since.IsZero() {
		args = append(args, "--since=@"+strconv.FormatInt(ask.Since.Unix(), 10))
	}
	if ask.Follow {
		args = append(args, "--follow")
	}
	err := m.host.run(ctx, out, "journalctl", args...)
	if said, ok := errors.AsType[*saidError](err); ok && strings.Contains(said.said, "insufficient permissions") {
		return ctl.Errorf(ctl.NotPermitted, "you may not read the system's journal").
			WithHint("sudo %s; or have yourself added to the group systemd-journal", m.host.self())
	}
	return err
}

// purge takes away the service's data, configuration and user.
func (m *systemdManager) purge(ctx context.Context) error {
	paths, err := m.host.paths(m.user)
	if err != nil {
		return err
	}
	err = errors.Join(os.RemoveAll(paths.Data), os.RemoveAll(filepath.Dir(paths.Config)))
	if _, unknown := user.Lookup(Name); !m.user && (unknown == nil || m.host.root != "") {
		_, gone := m.host.ask(ctx, "userdel", Name)
		err = errors.Join(err, gone)
	}
	return errs.Wrap(err, "take away what the service kept")
}
