package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/daemon"
)

// noon is what time it is in these tests.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// result is what came of a run.
type result struct {
	code     int
	out, err string
}

// run runs a command line with what surrounds it; change may be nil.
func run(t *testing.T, change func(*command.IO, *command.Programs), args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	io := command.IO{In: strings.NewReader(""), Out: &out, Err: &errs, UID: 1000, Now: func() time.Time { return noon }}
	p := command.Programs{Version: "1.2.3", Catalogue: daemon.Catalogue()}
	if change != nil {
		change(&io, &p)
	}
	code := Run(t.Context(), p, args, io)
	return result{code, out.String(), errs.String()}
}

// printing is an app that prints into a buffer.
func printing() (*command.App, *bytes.Buffer) {
	out := new(bytes.Buffer)
	return &command.App{Programs: command.Programs{Catalogue: daemon.Catalogue()}, IO: command.IO{In: strings.NewReader(""), Out: out, Err: out, Now: func() time.Time { return noon }}}, out
}

// fake serves routes on a socket as a daemon does, and gives its path. Routes are as in http.ServeMux, without /v1. An answer
// may be a function of what was sent.
func fake(t *testing.T, routes map[string]any) string {
	t.Helper()
	mux := http.NewServeMux()
	for route, answer := range routes {
		method, path, _ := strings.Cut(route, " ")
		mux.HandleFunc(method+" /v1"+path, func(w http.ResponseWriter, r *http.Request) {
			if answers, ok := answer.(func(sent string) any); ok {
				body, _ := io.ReadAll(r.Body)
				reply(w, answers(string(body)))
				return
			}
			reply(w, answer)
		})
	}
	dir, err := os.MkdirTemp("", "cli") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = server.Close() })
	return socket
}

func reply(w http.ResponseWriter, answer any) {
	e, bad := answer.(*ctl.Error)
	if bad {
		w.WriteHeader(http.StatusTeapot)
		answer = map[string]*ctl.Error{"error": e}
	}
	if text, ok := answer.(string); ok {
		_, _ = io.WriteString(w, text)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func TestEveryErrorHasItsExitCodeAndForm(t *testing.T) {
	t.Parallel()
	for code, want := range map[ctl.Code]int{
		ctl.Failed: 1, ctl.BadRequest: 2, ctl.NotFound: 4, ctl.NotPermitted: 5, ctl.Conflict: 6, ctl.Unsupported: 1,
	} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			socket := fake(t, map[string]any{"GET /accounts": &ctl.Error{Code: code, Message: "it is so", Hint: "do that"}})
			got := run(t, nil, "account", "list", "--socket", socket)
			if got != (result{want, "", "error: it is so\nhint: do that\n"}) {
				t.Errorf("as text: %+v", got)
			}
			got = run(t, nil, "account", "list", "--socket", socket, "-o", "json")
			var sent struct{ Error ctl.Error }
			if err := json.Unmarshal([]byte(got.err), &sent); err != nil || got.code != want || got.out != "" {
				t.Errorf("as JSON: %+v, %v", got, err)
			}
			if sent.Error != (ctl.Error{Code: code, Message: "it is so", Hint: "do that"}) {
				t.Errorf("as JSON: %+v", sent.Error)
			}
		})
	}
}

func TestWithoutADaemonTheExitCodeIsThree(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "none")
	got := run(t, nil, "key", "list", "--socket", socket)
	if got.code != 3 || got.out != "" || !strings.HasPrefix(got.err, "error: no crs daemon listens on "+socket+"\nhint: ") {
		t.Errorf("%+v", got)
	}
}

func TestTheSocketIsTheOneThatTheEnvironmentNames(t *testing.T) {
	t.Parallel()
	socket := fake(t, map[string]any{"GET /groups": []ctl.Group{{Name: "shared"}}})
	got := run(t, func(io *command.IO, _ *command.Programs) { io.Environ = []string{"CRS_SOCKET=" + socket} }, "group", "list")
	if got.code != 0 || got.out != "NAME\nshared\n" {
		t.Errorf("%+v", got)
	}
}

func TestWhatComesFromOutsideCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	nasty := "a\x1b[2Jb\nc\rd\u202ee"
	socket := fake(t, map[string]any{
		"GET /accounts":   []ctl.Account{{Name: "x", State: "cooling", Why: nasty}},
		"GET /accounts/x": &ctl.Error{Code: ctl.Failed, Message: nasty, Hint: nasty},
	})
	all := run(t, nil, "account", "list", "--socket", socket).out + run(t, nil, "account", "show", "x", "--socket", socket).err
	if strings.ContainsAny(all, "\x1b\r\u202e") || !strings.Contains(all, "a?[2Jb c d?e") {
		t.Errorf("%q", all)
	}
}

func TestColoursAreForTerminalsThatWantThem(t *testing.T) {
	t.Parallel()
	socket := fake(t, map[string]any{"GET /accounts": []ctl.Account{{Name: "x", State: "ready"}}})
	for name, test := range map[string]struct {
		terminal bool
		environ  []string
		args     []string
		want     bool
	}{
		"a terminal":       {terminal: true, want: true},
		"a pipe":           {},
		"--no-color":       {terminal: true, args: []string{"--no-color"}},
		"NO_COLOR":         {terminal: true, environ: []string{"NO_COLOR=1"}},
		"an empty one":     {terminal: true, environ: []string{"NO_COLOR="}, want: true},
		"a dumb terminal":  {terminal: true, environ: []string{"TERM=dumb"}},
		"JSON, never":      {terminal: true, args: []string{"-o", "json"}},
		"a clever one too": {terminal: true, environ: []string{"TERM=xterm-256color"}, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, func(io *command.IO, _ *command.Programs) { io.Terminal, io.Environ = test.terminal, test.environ },
				append([]string{"account", "list", "--socket", socket}, test.args...)...)
			if got.code != 0 || strings.Contains(got.out, command.Green+"ready"+command.Plain) != test.want || strings.Contains(got.out, "\x1b") != test.want {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestServeIsGivenTheFlagsThatWereGiven(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var got command.ServeOptions
	serve := func(io *command.IO, p *command.Programs) {
		io.Environ = []string{"HOME=" + dir, "CRS_LISTEN=127.0.0.1:1"}
		p.Serve = func(_ context.Context, o command.ServeOptions) error { got = o; return nil }
	}
	if r := run(t, serve, "serve", "--data", dir, "--socket", "/tmp/s"); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	if len(got.Source.Flags) != 2 || got.Source.Flags["data"] != dir || got.Source.Flags["socket"] != "/tmp/s" || got.Source.UID != 1000 ||
		len(got.Source.Environ) != 2 || got.Version != "1.2.3" || got.Log == nil {
		t.Errorf("%+v", got)
	}
}

func TestAProviderThatThereIsNotIsAMistakeInTheConfiguration(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(file, []byte("[providers.claud]\napi_url = 'https://example.com'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	known := func(io *command.IO, p *command.Programs) {
		io.Environ = []string{"HOME=" + t.TempDir()}
		p.Providers = []string{"claude"}
	}
	if got := run(t, known, "config", "check", file); got.code != 1 || !strings.Contains(got.err, `did you mean "providers.claude.api_url"?`) {
		t.Errorf("%+v", got)
	}
}

func TestAnInterruptIsSaidInAWord(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var errs bytes.Buffer
	socket := fake(t, map[string]any{"GET /keys": []ctl.Key{}})
	code := Run(ctx, command.Programs{}, []string{"key", "list", "--socket", socket}, command.IO{Out: io.Discard, Err: &errs, Now: time.Now})
	if code != 1 || errs.String() != "error: interrupted\n" {
		t.Errorf("%d %q", code, errs.String())
	}
}

func TestAFlagErrorSpeaksOfTheFlag(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--rpm x":                   `--rpm: "x" is not a whole number`,
		"--multiplier x":            `--multiplier: "x" is not a number`,
		"--daily-cost x":            `--daily-cost: "x" is not an amount in US dollars`,
		"--activate-for x":          `--activate-for: "x" is not a duration`,
		"--nothing":                 `unknown flag: --nothing`,
		"--rpm":                     `flag needs an argument: --rpm`,
		"--rpm 9999999999999999999": `--rpm: "9999999999999999999" is not a whole number`,
	} {
		got := run(t, nil, append([]string{"key", "create", "x"}, strings.Fields(args)...)...)
		if got.code != 2 || !strings.HasPrefix(got.err, "error: "+want) || !strings.HasSuffix(got.err, "\nhint: see: crs key create --help\n") {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

func TestALimitThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"":              "--limit: no limit is said",
		"cost=5":        `--limit: "cost=5" is not UNIT/WINDOW=N`,
		"cost/month=x":  `--limit: "x" is no number to limit cost/month to`,
		"a/b=1,a/b=2":   "--limit: the limit a/b is said twice",
		"cost/month=-5": `--limit: "-5" is no number to limit cost/month to`,
	} {
		got := run(t, nil, "key", "edit", "x", "--limit", said)
		if got.code != 2 || !strings.HasPrefix(got.err, "error: "+want) || !strings.Contains(got.err, "\nhint: ") {
			t.Errorf("%q: %+v", said, got)
		}
	}
}

// TestLimitsAreCompleted from the daemon's catalogue, and from that of the program without one; a number comes behind.
func TestLimitsAreCompleted(t *testing.T) {
	t.Parallel()
	got := run(t, nil, "__complete", "key", "create", "x", "--limit", "")
	for _, want := range []string{"cost/month=\n", "requests/minute=\n", "images/day=\n", "cost/total=\n", "\n:6\n"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is not in\n%s", want, got.out)
		}
	}
	socket := fake(t, map[string]any{"GET /catalogue": ctl.Catalogue{LimitUnits: []string{"pages"}, LimitWindows: []string{"fortnight", "year"}}})
	got = run(t, nil, "__complete", "--socket", socket, "key", "edit", "x", "--limit", "")
	if !strings.HasPrefix(got.out, "pages/fortnight=\npages/year=\n:6\n") {
		t.Errorf("%+v", got)
	}
}
