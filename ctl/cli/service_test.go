package cli

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/ctl/cli/local"
)

// fakeService is a service that remembers what was asked of it.
type fakeService struct {
	user bool
	is   ctl.Service
	err  error
	did  *[]string
}

func (f *fakeService) do(what string) error {
	if f.user {
		what += " --user"
	}
	*f.did = append(*f.did, what)
	return f.err
}

func (f *fakeService) Install(context.Context) (ctl.Service, error) { return f.is, f.do("install") }
func (f *fakeService) Uninstall(_ context.Context, purge bool) error {
	if purge {
		return f.do("purge")
	}
	return f.do("uninstall")
}
func (f *fakeService) Start(context.Context) error                { return f.do("start") }
func (f *fakeService) Stop(context.Context) error                 { return f.do("stop") }
func (f *fakeService) Restart(context.Context) error              { return f.do("restart") }
func (f *fakeService) State(context.Context) (ctl.Service, error) { return f.is, nil }
func (f *fakeService) Logs(_ context.Context, lines int, since time.Time, follow bool, out io.Writer) error {
	_, _ = io.WriteString(out, "a line\n")
	if lines != 7 || !follow || !since.Equal(noon.Add(-2*time.Hour)) {
		return ctl.Errorf(ctl.Failed, "asked for %d, %v, %v", lines, since, follow)
	}
	return f.do("logs")
}

// serving has a command line find this service.
func serving(is ctl.Service, err error, did *[]string) func(*command.IO, *command.Programs) {
	return func(_ *command.IO, p *command.Programs) {
		p.Service = func(user bool) command.Service {
			if is.User != user {
				return &fakeService{did: did}
			}
			return &fakeService{user, is, err, did}
		}
	}
}

func TestEveryCommandReachesTheServiceThatIsMeant(t *testing.T) {
	t.Parallel()
	for _, user := range []bool{false, true} {
		is := ctl.Service{Manager: "systemd", User: user, Installed: true, Enabled: true, State: "active", Unit: "/u", Binary: "/b", Config: "/c"}
		flag := ""
		if user {
			flag = " --user"
		}
		for args, want := range map[string][]string{
			"install":                {"install" + flag},
			"install --now":          {"install" + flag, "start" + flag},
			"uninstall":              {"uninstall" + flag},
			"uninstall --purge -y":   {"purge" + flag},
			"start":                  {"start" + flag},
			"stop":                   {"stop" + flag},
			"restart":                {"restart" + flag},
			"logs -f -n7 --since 2h": {"logs" + flag},
		} {
			var did []string
			r := run(t, serving(is, nil, &did), strings.Fields(args+flag)...)
			if r.code != 0 || r.out == "" || r.err != "" || !slices.Equal(did, want) {
				t.Errorf("crs %s%s: %+v; it did %v", args, flag, r, did)
			}
		}
	}
}

func TestPurgeIsAskedFor(t *testing.T) {
	t.Parallel()
	var did []string
	r := run(t, serving(ctl.Service{}, nil, &did), "uninstall", "--purge")
	if r.code != 2 || !strings.Contains(r.err, "--yes") || len(did) > 0 {
		t.Errorf("%+v; it did %v", r, did)
	}
}

func TestWhatTheServiceSaysIsSaid(t *testing.T) {
	t.Parallel()
	var did []string
	no := ctl.Errorf(ctl.NotPermitted, "only root may").WithHint("sudo crs start")
	if r := run(t, serving(ctl.Service{}, no, &did), "start"); r.code != 5 || r.err != "error: only root may\nhint: sudo crs start\n" {
		t.Errorf("%+v", r)
	}
	if r := run(t, serving(ctl.Service{}, no, &did), "logs", "-n", "0"); r.code != 2 {
		t.Errorf("%+v", r)
	}
}

func TestStatusTellsOfAServiceThatFailed(t *testing.T) {
	t.Parallel()
	at := noon.Add(-time.Minute)
	is := ctl.Service{Manager: "systemd", Installed: true, Enabled: true, State: "failed", Since: &at, Restarts: 3, LastError: "the port is taken"}
	var did []string
	r := run(t, serving(is, nil, &did), "status", "--socket", "/nowhere/s")
	for _, want := range []string{"crs is not running", "installed, enabled, failed since 11:59:00, restarted 3 times (systemd)", "last error: the port is taken", "sudo crs start", "sudo crs logs"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("it does not say %q:\n%s", want, r.out)
		}
	}
	if r.code != 3 || r.err != "" {
		t.Errorf("%+v", r)
	}
	r = run(t, serving(is, nil, &did), "status", "--socket", "/nowhere/s", "-o", "json")
	var got local.Absence
	if err := json.Unmarshal([]byte(r.out), &got); err != nil || got.Running || !got.Installed || !got.Enabled || got.LastError != "the port is taken" || got.Version != "1.2.3" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestStatusTellsOfAUsersOwnService(t *testing.T) {
	t.Parallel()
	var did []string
	is := ctl.Service{Manager: "systemd", User: true, Installed: true, State: "inactive"}
	r := run(t, serving(is, nil, &did), "status", "--socket", "/nowhere/s")
	if !strings.Contains(r.out, "installed, not enabled, inactive") || !strings.Contains(r.out, "crs start --user") {
		t.Errorf("%s", r.out)
	}
}

func TestStatusOfARunningDaemonHasItsService(t *testing.T) {
	t.Parallel()
	socket := fake(t, map[string]any{"GET /status": ctl.Status{Running: true, Version: "9", UptimeSeconds: 60, Listen: "127.0.0.1:3000"}, "GET /accounts": []ctl.Account{}, "GET /keys": []ctl.Key{}})
	var did []string
	is := ctl.Service{Manager: "systemd", Installed: true, Enabled: true, State: "active"}
	r := run(t, serving(is, nil, &did), "status", "--socket", socket, "-o", "json")
	var got local.WellBeing
	if err := json.Unmarshal([]byte(r.out), &got); err != nil || !got.Running || !got.Healthy || !got.Installed || !got.Enabled || got.Version != "9" || got.Since == nil || !got.Since.Equal(noon.Add(-time.Minute)) || got.Listen != "127.0.0.1:3000" {
		t.Errorf("%+v, %v:\n%s", got, err, r.out)
	}
	r = run(t, serving(is, nil, &did), "status", "--socket", socket)
	if !strings.Contains(r.out, "installed, enabled, active (systemd)") || !strings.Contains(r.out, "11:59:00") {
		t.Errorf("%s", r.out)
	}
}
