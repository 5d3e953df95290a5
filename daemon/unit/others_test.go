package unit

import (
	"context"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"crs/ctl"
)

func TestSystemdsAnswersAreRead(t *testing.T) {
	t.Parallel()
	got := readState("LoadState=loaded\nFragmentPath=/etc/systemd/system/crs.service\nUnitFileState=enabled\nActiveState=active\nMainPID=71\n" +
		"StateChangeTimestamp=Thu 2026-11-26 10:44:16 UTC\nNRestarts=2\nResult=success\nExecMainStatus=0\n" +
		"ExecStart={ path=/usr/local/bin/crs ; argv[]=/usr/local/bin/crs serve ; ignore_errors=no }\n")
	at := time.Date(2026, 11, 26, 10, 44, 16, 0, time.UTC)
	want := ctl.Service{Manager: "systemd", Installed: true, Enabled: true, State: "active", Unit: "/etc/systemd/system/crs.service", Binary: "/usr/local/bin/crs", PID: 71, Since: &at, Restarts: 2}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if got := readState(""); got.Installed {
		t.Errorf("got %+v", got)
	}
}

func TestTheLastErrorOfAJournalIsFound(t *testing.T) {
	t.Parallel()
	at, text := lastErrorIn("2026-11-26T10:00:00+0000 h crs[1]: error: the first\n" +
		"2026-11-26T10:00:01+0000 h crs[1]: time=x level=ERROR msg=\"cannot save\"\n2026-11-26T10:00:02+0000 h crs[1]: hint: do this\nno line of a journal\n")
	if text != `time=x level=ERROR msg="cannot save"` || at == nil || !at.Equal(time.Date(2026, 11, 26, 10, 0, 1, 0, time.UTC)) {
		t.Errorf("%q at %v", text, at)
	}
	if _, text := lastErrorIn("2026-11-26T10:00:00+0000 h crs[1]: error: " + strings.Repeat("ä", 5000)); len([]rune(text)) != 401 {
		t.Errorf("it has %d characters", len([]rune(text)))
	}
	if _, text := lastErrorIn("2026-11-26T10:00:00+0000 h crs[1]: all is well\n"); text != "" {
		t.Errorf("%q", text)
	}
}

func TestThePropertyListIsWhatLaunchdReads(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "darwin", 501)
	m.host.getenv = func(name string) string { return map[string]string{"HOME": "/Users/a&b {x}"}[name] }
	c := (&launchdManager{host: m.host, user: true}).config("/opt/a <b>/crs")
	text, _ := c.Option["LaunchdConfig"].(string)
	var plist struct {
		Keys    []string `xml:"dict>key"`
		Strings []string `xml:"dict>string"`
		Args    []string `xml:"dict>array>string"`
	}
	if err := xml.Unmarshal([]byte(text), &plist); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	if !reflect.DeepEqual(plist.Args, []string{"/opt/a <b>/crs", "serve"}) || plist.Strings[0] != "crs" || plist.Strings[2] != "/Users/a&b {x}/Library/Logs/crs/crs.log" {
		t.Errorf("%+v", plist)
	}
	for _, want := range []string{"<key>RunAtLoad</key>\n\t<true/>", "<key>KeepAlive</key>\n\t<true/>", "<key>ThrottleInterval</key>\n\t<integer>2</integer>"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "{{") || strings.Contains(text, "UserName") || c.Option["UserService"] != true {
		t.Errorf("%+v\n%s", c, text)
	}
}

func TestTheDaemonOfMacOSRunsAsWhoInstallsIt(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "darwin", 0)
	_, err := newService(m.host, false).Install(t.Context())
	m.wants(err, ctl.BadRequest, "which user", "sudo crs install")
	m.host.getenv = func(name string) string { return map[string]string{"SUDO_USER": "ann"}[name] }
	text := (&launchdManager{host: m.host}).text("/usr/local/bin/crs")
	data := filepath.Join(m.root, launchdData)
	for _, want := range []string{"<key>UserName</key>\n\t<string>ann</string>", "<string>serve</string><string>--data</string><string>" + data + "</string>", "<string>" + data + "/crs.log</string>"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
}

func TestLaunchdsAnswersAreRead(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "darwin", 0)
	s := newService(m.host, false)
	if is, err := s.State(t.Context()); err != nil || is.Installed || is.Manager != "launchd" {
		t.Errorf("%+v, %v", is, err)
	}
	m.write("Library/LaunchDaemons/crs.plist", "x")
	m.says["launchctl list crs"] = "{\n\t\"LastExitStatus\" = 0;\n\t\"PID\" = 77;\n};\n"
	if is, _ := s.State(t.Context()); is.State != "active" || is.PID != 77 || !is.Enabled {
		t.Errorf("%+v", is)
	}
	m.says["launchctl list crs"] = "{\n\t\"LastExitStatus\" = 256;\n};\n"
	m.write(launchdData+"/crs.log", "level=INFO\nerror: the port is taken\nhint: x\n")
	if is, _ := s.State(t.Context()); is.State != "failed" || is.LastError != "the port is taken" {
		t.Errorf("%+v", is)
	}
}

func TestTheServiceOfWindowsHasFewRights(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "windows", -1)
	dir := t.TempDir()
	m.host.getenv = func(name string) string { return map[string]string{"ProgramData": dir}[name] }
	s := newService(m.host, false)
	m.fails["sc.exe queryex"] = io.EOF
	if is, err := s.Install(t.Context()); err != nil || is.Config != filepath.Join(dir, "crs", "config.toml") {
		t.Fatalf("%+v, %v", is, err)
	}
	if m.ran[1] != "icacls "+filepath.Join(dir, "crs")+" /inheritance:r /grant:r *S-1-5-19:(OI)(CI)F *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F" {
		t.Errorf("it ran %q", m.ran)
	}
	c := s.manager.config(`C:\crs.exe`)
	data := filepath.Join(dir, "crs")
	if c.UserName != `NT AUTHORITY\LocalService` || !reflect.DeepEqual(c.Arguments, []string{"serve", "--data", data, "--log-file", filepath.Join(data, "crs.log")}) || c.Option["OnFailure"] != "restart" || c.Option["OnFailureDelayDuration"] != "2s" {
		t.Errorf("%+v", c)
	}
	m.wants(newService(m.host, true).Start(t.Context()), ctl.BadRequest, "no services of a user's own")
}

func TestWindowsAnswersAreRead(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "windows", -1)
	m.says["sc.exe queryex"] = "SERVICE_NAME: crs\n        STATE              : 4  RUNNING\n        WIN32_EXIT_CODE    : 0  (0x0)\n        PID                : 4711\n"
	m.says["sc.exe qc"] = "        START_TYPE         : 2   AUTO_START\n        BINARY_PATH_NAME   : \"C:\\Program Files\\crs.exe\" serve --data C:\\x\n"
	s := newService(m.host, false)
	want := ctl.Service{Manager: "windows", Installed: true, Enabled: true, State: "active", PID: 4711, Binary: `C:\Program Files\crs.exe`}
	if is, err := s.State(t.Context()); err != nil || !reflect.DeepEqual(is, want) {
		t.Errorf("%+v, %v", is, err)
	}
	_, err := s.Install(t.Context())
	m.wants(err, ctl.Conflict, `C:\Program Files\crs.exe`, "crs uninstall")
	m.says["sc.exe queryex"] = "        STATE              : 1  STOPPED\n        WIN32_EXIT_CODE    : 1067  (0x42b)\n        PID                : 0\n"
	if is, _ := s.State(t.Context()); is.State != "failed" || !strings.Contains(is.LastError, "1067") {
		t.Errorf("%+v", is)
	}
}

func TestALogFileIsFollowed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "crs.log")
	out := new(buffer)
	if err := showFile(t.Context(), path, Logs{Lines: 2}, out); ctl.CodeOf(err) != ctl.NotFound {
		t.Fatalf("%v", err)
	}
	if err := os.WriteFile(path, []byte("one\ntwo\nthree\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- showFile(ctx, path, Logs{Lines: 2, Follow: true}, out) }()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	out.until(t, "two\nthree\n")
	_, _ = f.WriteString("four\n")
	out.until(t, "two\nthree\nfour\n")
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

type buffer struct {
	mu   sync.Mutex // guards text
	text string
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text += string(p)
	return len(p), nil
}

func (b *buffer) until(t *testing.T, want string) {
	t.Helper()
	var got string
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		b.mu.Lock()
		got = b.text
		b.mu.Unlock()
		if got == want {
			return
		}
	}
	t.Fatalf("it shows %q, not %q", got, want)
}

func TestLastLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		n    int
		want string
	}{{"", 3, ""}, {"a\nb\nc\n", 2, "b\nc\n"}, {"a\nb\nc", 1, "c"}, {"a\n", 5, "a\n"}, {"\n\n\n", 1, "\n"}} {
		if got := string(lastLines([]byte(c.text), c.n)); got != c.want {
			t.Errorf("the last %d of %q are %q", c.n, c.text, got)
		}
	}
}
