package unit

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/kardianos/service"

	"crs/ctl"
)

// windowsManager has crs be a service of Windows, as the account that Windows has for services with few rights.
type windowsManager struct {
	host host
	user bool
}

// What the service runs as, by its name and, in whatever language Windows speaks, by its number.
const (
	localService   = `NT AUTHORITY\LocalService`
	localServiceID = "*S-1-5-19"
)

func (m *windowsManager) unusable() error {
	if m.user {
		return ctl.Errorf(ctl.BadRequest, "Windows has no services of a user's own").WithHint("install the system's, as an administrator: crs install")
	}
	return nil
}

func (m *windowsManager) config(binary string) *service.Config {
	return &service.Config{
		Name: Name, DisplayName: "crs", Description: "A relay for AI provider APIs", Executable: binary, UserName: localService,
		Arguments: []string{"serve", "--data", m.data(), "--log-file", m.logFile()},
		Option: service.KeyValue{
			"StartType": "automatic", "OnFailure": "restart", "OnFailureDelayDuration": "2s", "OnFailureResetPeriod": 60,
		},
	}
}

func (m *windowsManager) data() string {
	return filepath.Join(cmp.Or(m.host.getenv("ProgramData"), `C:\ProgramData`), "crs")
}

func (m *windowsManager) logFile() string { return filepath.Join(m.data(), "crs.log") }

// prepare makes the data directory, which only the service, administrators and the system can enter.
func (m *windowsManager) prepare(ctx context.Context) (string, error) {
	if err := os.MkdirAll(m.data(), 0o700); err != nil {
		return "", fmt.Errorf("make the data directory: %w", err)
	}
	const all = ":(OI)(CI)F"
	_, err := m.host.ask(ctx, "icacls", m.data(), "/inheritance:r", "/grant:r", localServiceID+all, "*S-1-5-18"+all, "*S-1-5-32-544"+all)
	if err != nil {
		return "", ctl.Errorf(ctl.NotPermitted, "close the data directory to others: %v", err).WithHint("do it in a terminal that was started as administrator: %s", m.host.self())
	}
	return filepath.Join(m.data(), "config.toml"), nil
}

func (m *windowsManager) current(_ context.Context, binary string, now ctl.Service) bool {
	return now.Installed && now.Enabled && now.Binary == binary
}

// clear leaves a service alone that is registered for another binary: its operator decides.
func (m *windowsManager) clear(now ctl.Service) error {
	if !now.Installed {
		return nil
	}
	return ctl.Errorf(ctl.Conflict, "there is a service crs already, which starts %s", now.Binary).WithHint("take it away first; what it keeps stays: crs uninstall")
}

func (m *windowsManager) enable(context.Context) error { return nil }

var (
	scState  = regexp.MustCompile(`(?m)^\s*STATE\s*:\s*\d+\s+([A-Z_]+)`)
	scPID    = regexp.MustCompile(`(?m)^\s*PID\s*:\s*(\d+)`)
	scExit   = regexp.MustCompile(`(?m)^\s*WIN32_EXIT_CODE\s*:\s*(\d+)`)
	scStart  = regexp.MustCompile(`(?m)^\s*START_TYPE\s*:\s*\d+\s+([A-Z_]+)`)
	scBinary = regexp.MustCompile(`(?m)^\s*BINARY_PATH_NAME\s*:\s*("[^"]*"|\S+)`)
)

func (m *windowsManager) state(ctx context.Context) (ctl.Service, error) {
	now := ctl.Service{Manager: "windows", State: "inactive"}
	said, err := m.host.ask(ctx, "sc.exe", "queryex", Name)
	if err != nil {
		return now, nil // there is none
	}
	now.Installed = true
	states := map[string]string{"RUNNING": "active", "START_PENDING": "activating", "STOP_PENDING": "deactivating"}
	now.State = cmp.Or(states[first(scState, said)], "inactive")
	now.PID, _ = strconv.Atoi(first(scPID, said))
	if code := first(scExit, said); now.State == "inactive" && code != "0" && code != "1077" { // it has not been started since the system was
		now.State, now.LastError = "failed", "it ended with code "+code
	}
	if how, err := m.host.ask(ctx, "sc.exe", "qc", Name); err == nil {
		now.Enabled, now.Binary = first(scStart, how) == "AUTO_START", strings.Trim(first(scBinary, how), `"`)
	}
	if now.State != "active" {
		now.LastError = lastErrorOf(m.logFile(), now.LastError)
	}
	return now, nil
}

func first(pattern *regexp.Regexp, text string) string {
	if found := pattern.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return ""
}

func (m *windowsManager) logs(ctx context.Context, ask Logs, out io.Writer) error {
	return showFile(ctx, m.logFile(), ask, out)
}

func (m *windowsManager) purge(context.Context) error { return os.RemoveAll(m.data()) }
