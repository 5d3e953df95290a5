package unit

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kardianos/service"

	"crs/ctl"
	"crs/systemd"
)

// machine is a host in a directory, with programs that answer as told.
type machine struct {
	host
	t     *testing.T
	says  map[string]string // by how a command begins
	fails map[string]error
	ran   []string
	did   []string // by the backend
}

func newMachine(t *testing.T, goos string, uid int) *machine {
	t.Helper()
	m := &machine{t: t, says: map[string]string{}, fails: map[string]error{}}
	root := t.TempDir()
	m.host = host{
		goos: goos, uid: uid, root: root, args: []string{"/home/a b/crs", "install", "--now"}, getenv: func(string) string { return "" },
		binary: func() (string, error) { return filepath.Join(root, "home/crs"), nil },
		run:    m.run,
	}
	m.host.backend = func(c *service.Config) (backend, error) { return &fakeBackend{m, c}, nil }
	m.write("home/crs", "the binary")
	if goos == "linux" {
		m.write("run/systemd/system/x", "")
		m.says["systemctl show"] = "LoadState=not-found\n"
	}
	return m
}

func (m *machine) write(path, text string) {
	m.t.Helper()
	path = filepath.Join(m.root, path)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755)); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) read(path string) string {
	b, _ := os.ReadFile(filepath.Join(m.root, path))
	return string(b)
}

func (m *machine) run(_ context.Context, out io.Writer, name string, args ...string) error {
	line := name + " " + strings.Join(args, " ")
	m.ran = append(m.ran, line)
	for begin, text := range m.says {
		if strings.HasPrefix(line, begin) {
			_, _ = io.WriteString(out, text)
		}
	}
	for begin, err := range m.fails {
		if strings.HasPrefix(line, begin) {
			return err
		}
	}
	return nil
}

// fakeBackend does what kardianos does, in the machine's directory.
type fakeBackend struct {
	m *machine
	c *service.Config
}

func (b *fakeBackend) Install() error {
	b.m.did = append(b.m.did, "install")
	if text, ok := b.c.Option["SystemdScript"].(string); ok {
		if b.m.read("etc/systemd/system/crs.service") != "" {
			return errors.New("Init already exists")
		}
		b.m.write("etc/systemd/system/crs.service", text)
		b.m.says["systemctl show"] = "LoadState=loaded\nUnitFileState=enabled\nActiveState=inactive\nResult=success\nFragmentPath=/etc/systemd/system/crs.service\nExecStart={ path=/usr/local/bin/crs ; argv[]=crs serve }\n"
	}
	return nil
}
func (b *fakeBackend) Uninstall() error { b.m.did = append(b.m.did, "uninstall"); return nil }
func (b *fakeBackend) Start() error     { b.m.did = append(b.m.did, "start"); return b.m.fails["start"] }
func (b *fakeBackend) Stop() error      { b.m.did = append(b.m.did, "stop"); return nil }
func (b *fakeBackend) Restart() error   { b.m.did = append(b.m.did, "restart"); return nil }

func (m *machine) wants(err error, code ctl.Code, words ...string) {
	m.t.Helper()
	var e *ctl.Error
	if !errors.As(err, &e) || e.Code != code {
		m.t.Fatalf("got %v, want code %s", err, code)
	}
	for _, w := range words {
		if !strings.Contains(e.Message+"\n"+e.Hint, w) {
			m.t.Errorf("%q, hint %q, does not say %q", e.Message, e.Hint, w)
		}
	}
}

func TestInstallIsDoneOnce(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "linux", 0)
	s := newService(m.host, false)
	for range 2 {
		is, err := s.Install(t.Context())
		if err != nil || !is.Installed || !is.Enabled || is.Config != filepath.Join(m.root, "etc/crs/config.toml") {
			t.Fatalf("%+v, %v", is, err)
		}
	}
	if !slices.Equal(m.did, []string{"install"}) {
		t.Errorf("it did %v", m.did)
	}
	binary := filepath.Join(m.root, "usr/local/bin/crs")
	if got := m.read("etc/systemd/system/crs.service"); got != systemd.At(systemd.Unit, binary) {
		t.Errorf("the unit is\n%s", got)
	}
	if m.read("usr/local/bin/crs") != "the binary" {
		t.Error("the service has no copy of the binary")
	}
	if !slices.Contains(m.ran, `systemd-sysusers --inline u crs - "crs relay" /var/lib/crs`) {
		t.Errorf("no user is made: %q", m.ran)
	}
}

func TestAnOlderUnitIsReplacedAndTheConfigurationStays(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "linux", 0)
	m.write("etc/systemd/system/crs.service", "[Service]\nExecStart=/old\n")
	m.write("etc/crs/config.toml", "listen = \"127.0.0.1:4000\"\n")
	if _, err := newService(m.host, false).Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(m.read("etc/systemd/system/crs.service"), "Type=notify") || m.read("etc/crs/config.toml") != "listen = \"127.0.0.1:4000\"\n" {
		t.Error("the unit is the old one, or the configuration a new one")
	}
}

func TestWhatAPackageBroughtIsOnlyEnabled(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "linux", 0)
	m.says["systemctl show"] = "LoadState=loaded\nUnitFileState=disabled\nActiveState=inactive\nResult=success\nFragmentPath=/usr/lib/systemd/system/crs.service\n"
	s := newService(m.host, false)
	if _, err := s.Install(t.Context()); err != nil || len(m.did) > 0 || !slices.Contains(m.ran, "systemctl enable crs.service") {
		t.Errorf("%v; it did %v, and ran %v", err, m.did, m.ran)
	}
	m.wants(s.Uninstall(t.Context(), false), ctl.Conflict, "came with a package", "apt remove crs")
}

func TestWhoMayNotIsToldWhatWould(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "linux", 1000)
	s := newService(m.host, false)
	_, err := s.Install(t.Context())
	m.wants(err, ctl.NotPermitted, "only root may install", "sudo '/home/a b/crs' install --now", "crs install --user")
	for _, do := range []func(context.Context) error{s.Start, s.Stop, s.Restart} {
		m.wants(do(t.Context()), ctl.NotPermitted, "sudo ")
	}
	m.wants(s.Uninstall(t.Context(), true), ctl.NotPermitted, "sudo ")
	root := newMachine(t, "linux", 0)
	_, err = newService(root.host, true).Install(t.Context())
	root.wants(err, ctl.BadRequest, "root has the system's service", "--user")
	if len(m.did)+len(root.did) > 0 {
		t.Error("something was done")
	}
}

func TestWithoutSystemdItSaysSo(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "linux", 0)
	if err := os.RemoveAll(filepath.Join(m.root, "run")); err != nil {
		t.Fatal(err)
	}
	s := newService(m.host, false)
	_, err := s.Install(t.Context())
	m.wants(err, ctl.Failed, "systemd does not run this machine", "crs serve")
	m.wants(s.Start(t.Context()), ctl.Failed, "systemd does not run")
	m.wants(s.Logs(t.Context(), 10, time.Time{}, false, io.Discard), ctl.Failed, "systemd does not run")
	if is, err := s.State(t.Context()); err != nil || is.Manager != "" || is.Installed {
		t.Errorf("%+v, %v", is, err)
	}
	user := newMachine(t, "linux", 1000)
	_, err = newService(user.host, true).Install(t.Context())
	user.wants(err, ctl.Failed, "no session", "enable-linger")
	other := newMachine(t, "plan9", 0)
	other.wants(newService(other.host, false).Start(t.Context()), ctl.Failed, "cannot be a service of this system")
}

func TestStartingWhatRunsAndStoppingWhatDoesNotChangesNothing(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "linux", 0)
	s := newService(m.host, false)
	m.wants(s.Start(t.Context()), ctl.NotFound, "no service of crs here to start", "sudo crs install")
	m.says["systemctl show"] = "LoadState=loaded\nActiveState=active\nResult=success\n"
	if err := s.Start(t.Context()); err != nil || len(m.did) > 0 {
		t.Errorf("%v, %v", err, m.did)
	}
	m.says["systemctl show"] = "LoadState=loaded\nActiveState=inactive\nResult=success\n"
	if err := s.Stop(t.Context()); err != nil || len(m.did) > 0 {
		t.Errorf("%v, %v", err, m.did)
	}
	if err := errors.Join(s.Start(t.Context()), s.Restart(t.Context())); err != nil || !slices.Equal(m.did, []string{"start", "restart"}) {
		t.Errorf("%v, %v", err, m.did)
	}
}

func TestAStartThatFailsSaysWhatTheDaemonSaid(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "linux", 0)
	m.says["systemctl show"] = "LoadState=loaded\nActiveState=failed\nResult=exit-code\nExecMainStatus=1\n"
	m.fails["start"] = errors.New("systemctl failed")
	s := newService(m.host, false)
	m.wants(s.Start(t.Context()), ctl.Failed, "exit code 1 (exit-code)", "sudo crs logs")
	m.says["journalctl --unit=crs.service"] = "2026-11-26T10:44:16+0000 box crs[12]: error: listen for clients on 127.0.0.1:3000: address already in use\n2026-11-26T10:44:16+0000 box systemd[1]: crs.service: Failed.\n"
	m.wants(s.Start(t.Context()), ctl.Failed, "the service does not start: listen for clients on 127.0.0.1:3000: address already in use")
}

func TestUninstallKeepsWhatThereIsUnlessItIsToGo(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "linux", 0)
	s := newService(m.host, false)
	m.write("var/lib/crs/crs.db", "x")
	m.write("etc/crs/config.toml", "x")
	if err := s.Uninstall(t.Context(), false); err != nil || len(m.did) > 0 {
		t.Fatalf("%v, %v", err, m.did)
	}
	m.says["systemctl show"] = "LoadState=loaded\nActiveState=active\nResult=success\nFragmentPath=/etc/systemd/system/crs.service\n"
	if err := s.Uninstall(t.Context(), false); err != nil || !slices.Equal(m.did, []string{"stop", "uninstall"}) || m.read("var/lib/crs/crs.db") != "x" {
		t.Fatalf("%v, %v", err, m.did)
	}
	if err := s.Uninstall(t.Context(), true); err != nil || m.read("var/lib/crs/crs.db") != "" || m.read("etc/crs/config.toml") != "" {
		t.Errorf("%v; something is left", err)
	}
	if !slices.Contains(m.ran, "userdel crs") {
		t.Errorf("the user stays: %v", m.ran)
	}
}

func TestWhoMayNotReadTheJournalIsToldWhatWould(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "linux", 1000)
	m.fails["journalctl"] = &saidError{name: "journalctl", said: "No journal files were opened due to insufficient permissions.", err: errors.New("exit status 1")}
	m.wants(newService(m.host, false).Logs(t.Context(), 5, time.Time{}, false, io.Discard), ctl.NotPermitted, "sudo ", "systemd-journal")
}
