package unit

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/kardianos/service"

	"crs/ctl"
	"crs/internal/errs"
)

// launchdManager has crs be an agent of its user, or a daemon of macOS that runs as the user who installs it: macOS has no
// way to make a user for it that its settings would not show as a person.
type launchdManager struct {
	host host
	user bool
}

func (m *launchdManager) unusable() error { return nil }

func (m *launchdManager) config(binary string) *service.Config {
	return &service.Config{
		Name: Name, Executable: binary,
		Option: service.KeyValue{"LaunchdConfig": m.text(binary), "UserService": m.user, "RunAtLoad": true, "KeepAlive": true},
	}
}

// text is the whole property list: launchd starts crs at once and whenever it has ended, two seconds later.
func (m *launchdManager) text(binary string) string {
	var b strings.Builder
	b.WriteString(xml.Header + `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` + "\n")
	b.WriteString("<plist version=\"1.0\">\n<dict>\n")
	key := func(name, value string) { fmt.Fprintf(&b, "\t<key>%s</key>\n\t%s\n", name, value) }
	key("Label", text(Name))
	args := ""
	for _, arg := range append([]string{binary}, m.arguments()...) {
		args += text(arg)
	}
	key("ProgramArguments", "<array>"+args+"</array>")
	if !m.user {
		key("UserName", text(m.host.getenv("SUDO_USER")))
	}
	key("RunAtLoad", "<true/>")
	key("KeepAlive", "<true/>")
	key("ThrottleInterval", "<integer>2</integer>")
	key("ExitTimeOut", "<integer>60</integer>")
	key("ProcessType", text("Interactive")) // or it would be slowed down
	key("SoftResourceLimits", "<dict><key>NumberOfFiles</key><integer>65536</integer></dict>")
	key("Umask", "<integer>63</integer>") // 077
	key("StandardErrorPath", text(m.logFile()))
	b.WriteString("</dict>\n</plist>\n")
	return b.String()
}

// text is a string of a property list. A brace would be an instruction to kardianos.
func text(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return "<string>" + strings.ReplaceAll(b.String(), "{", "&#123;") + "</string>"
}

const launchdData = "/usr/local/var/crs"

func (m *launchdManager) arguments() []string {
	if m.user {
		return []string{"serve"}
	}
	return []string{"serve", "--data", m.host.at(launchdData)}
}

func (m *launchdManager) logFile() string {
	if m.user {
		return filepath.Join(m.host.getenv("HOME"), "Library/Logs/crs/crs.log")
	}
	return m.host.at(filepath.Join(launchdData, "crs.log"))
}

func (m *launchdManager) path() string {
	if m.user {
		return filepath.Join(m.host.getenv("HOME"), "Library/LaunchAgents/crs.plist")
	}
	return m.host.at("/Library/LaunchDaemons/crs.plist")
}

func (m *launchdManager) prepare(context.Context) (string, error) {
	if m.user {
		paths, err := m.host.paths(true)
		return paths.Config, errors.Join(err, os.MkdirAll(filepath.Dir(m.logFile()), 0o700))
	}
	name := m.host.getenv("SUDO_USER")
	if name == "" || name == "root" {
		return "", ctl.Errorf(ctl.BadRequest, "it is not known which user the service is to run as").
			WithHint("call it by sudo as that user: sudo crs install; or, as that user: crs install --user")
	}
	dir := m.host.at(launchdData)
	config := filepath.Join(dir, "config.toml")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the data directory: %w", err)
	}
	return config, owned(dir, name)
}

func owned(path, name string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return fmt.Errorf("find the user %s: %w", name, err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return fmt.Errorf("find the user %s: %w", name, err)
	}
	return errs.Wrap(os.Chown(path, uid, -1), "give %s to %s", path, name)
}

func (m *launchdManager) current(_ context.Context, binary string, _ ctl.Service) bool {
	return holds(m.path(), m.text(binary))
}

func (m *launchdManager) clear(ctl.Service) error { return clearFile(m.path(), "property list") }

func (m *launchdManager) enable(context.Context) error { return nil }

var (
	launchdPID  = regexp.MustCompile(`"PID" = ([0-9]+);`)
	launchdExit = regexp.MustCompile(`"LastExitStatus" = ([0-9]+);`)
)

func (m *launchdManager) state(ctx context.Context) (ctl.Service, error) {
	now := ctl.Service{Manager: "launchd", User: m.user, State: "inactive"}
	if _, err := os.Stat(m.path()); err != nil {
		return now, nil
	}
	now.Installed, now.Enabled, now.Unit = true, true, m.path()
	said, err := m.host.ask(ctx, "launchctl", "list", Name)
	if err != nil {
		return now, nil // it is not loaded
	}
	if pid := first(launchdPID, said); pid != "" {
		now.State = "active"
		now.PID, _ = strconv.Atoi(pid)
		return now, nil
	}
	if status := first(launchdExit, said); status != "" && status != "0" {
		now.State, now.LastError = "failed", "it ended with status "+status
	}
	now.LastError = lastErrorOf(m.logFile(), now.LastError)
	return now, nil
}

func (m *launchdManager) logs(ctx context.Context, ask Logs, out io.Writer) error {
	return showFile(ctx, m.logFile(), ask, out)
}

func (m *launchdManager) purge(context.Context) error {
	if !m.user {
		return os.RemoveAll(m.host.at(launchdData))
	}
	paths, err := m.host.paths(true)
	if err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(paths.Data), os.RemoveAll(filepath.Dir(paths.Config)), os.RemoveAll(filepath.Dir(m.logFile())))
}
