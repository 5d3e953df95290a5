package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/ctl/cli/remote"
)

// notes are what a fake daemon was sent.
type notes struct {
	mu  sync.Mutex // guards all
	all []string
}

// then notes what was sent to what and gives the answers, one after another; the last again and again.
func (n *notes) then(what string, answers ...any) func(string) any {
	next := 0
	return func(sent string) any {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.all = append(n.all, strings.TrimSpace(what+" "+sent))
		answer := answers[min(next, len(answers)-1)]
		next++
		return answer
	}
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.all, "\n")
}

// typing has somebody type a text.
func typing(text string) func(*command.IO, *command.Programs) {
	return func(io *command.IO, _ *command.Programs) { io.Somebody, io.In = true, strings.NewReader(text) }
}

var (
	begun   = ctl.Login{ID: "login_x", Platform: "claude", Name: "max", URL: "https://claude.example/authorize?state=s", ExpiresAt: noon.Add(10 * time.Minute)}
	awaited = ctl.Login{ID: "login_x", Platform: "openai", Name: "plus", URL: "https://openai.example/device", ExpiresAt: noon.Add(10 * time.Minute), Device: &ctl.DeviceLogin{
		URL: "https://openai.example/device", Code: "WORD-7", Direct: "https://openai.example/device?code=WORD-7", IntervalSeconds: 0.001,
	}}
	madeMax = ctl.LoggedIn{Account: ctl.Account{Name: "max", Platform: "claude", Credential: "oauth", State: "ready"}}
	wrong   = &ctl.Error{Code: ctl.BadRequest, Message: "the code is wrong", Hint: "paste it once more"}
	used    = &ctl.Error{Code: ctl.Conflict, Message: "login login_x was used already", Hint: "begin another"}
)

func TestALoginInATerminal(t *testing.T) {
	t.Parallel()
	renewed := madeMax
	renewed.Renewed = true
	for name, test := range map[string]struct {
		typed   string
		answers []any
		code    int
		sent    []string
		out     string
		says    []string // on standard error, in this order
	}{
		"at once":       {"the-code\n", []any{madeMax}, 0, []string{"the-code"}, "account max is added; its state: ready", []string{begun.URL, "address where the browser ended: ", remote.TermsNote}},
		"at the second": {"\n  bad \nthe-code", []any{wrong, madeMax}, 0, []string{"bad", "the-code"}, "account max is added", []string{"That did not work: the code is wrong", "ended: ", remote.TermsNote}},
		"again":         {"the-code\n", []any{renewed}, 0, []string{"the-code"}, "account max is logged into again", nil},
		"too often":     {"bad\nbad\n", []any{wrong, used}, 6, []string{"bad", "bad"}, "", []string{"error: login login_x was used already\nhint: begin another"}},
		"no network":    {"bad\nbad\n", []any{&ctl.Error{Code: ctl.Failed, Message: "connect: timed out"}}, 1, []string{"bad"}, "", []string{"error: connect: timed out"}},
		"nothing":       {"", []any{madeMax}, 1, nil, "", []string{"no code was pasted; the login is given up"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := new(notes)
			socket := fake(t, map[string]any{
				"POST /logins": n.then("begin", begun), "POST /logins/login_x/finish": n.then("finish", test.answers...), "DELETE /logins/login_x": n.then("cancel", "{}"),
			})
			got := run(t, typing(test.typed), "account", "login", "claude", "max", "--priority", "3", "--socket", socket)
			want := []string{`begin {"platform":"claude","name":"max","priority":3}`}
			for _, code := range test.sent {
				want = append(want, `finish {"code":"`+code+`"}`)
			}
			if test.sent == nil {
				want = append(want, "cancel")
			}
			if got.code != test.code || n.String() != strings.Join(want, "\n") || !strings.HasPrefix(got.out, test.out) || test.out == "" && got.out != "" {
				t.Errorf("%+v; the daemon was sent:\n%s", got, n)
			}
			rest := got.err
			for _, says := range test.says {
				_, after, found := strings.Cut(rest, says)
				if !found {
					t.Errorf("it does not say %q after what it said: %q", says, got.err)
				}
				rest = after
			}
			if renewed := test.out == "account max is logged into again"; renewed && strings.Contains(got.err, remote.TermsNote) {
				t.Error("the terms are noted of an account that there was")
			}
		})
	}
}

func TestALoginNeedsSomebodyOrTwoSteps(t *testing.T) {
	t.Parallel()
	socket := fake(t, nil)
	for name, args := range map[string][]string{
		"nobody to paste a code":                                    {"claude", "max"},
		"needs PLATFORM and NAME":                                   {},
		"needs NAME":                                                {"claude"},
		`does not take "claude"`:                                    {"--finish", "login_x", "claude", "max"},
		"--priority is said when a login begins":                    {"--finish", "login_x", "--priority", "3"},
		"--print-url is said when a login begins":                   {"--finish", "login_x", "--print-url"},
		"the login's id is empty":                                   {"--finish", "", "--code", "x"},
		"belongs to a login that has begun":                         {"claude", "max", "--code", "x"},
		"--region says nothing about an account on platform claude": {"claude", "max", "--print-url", "--region", "us-east-1"},
		"is not FROM=TO":                                            {"claude", "max", "--print-url", "--map", "x"},
	} {
		got := run(t, nil, append([]string{"account", "login", "--socket", socket}, args...)...)
		if got.code != 2 || !strings.Contains(got.err, name) {
			t.Errorf("%q: %+v", args, got)
		}
	}
}

func TestALoginInTwoSteps(t *testing.T) {
	t.Parallel()
	n := new(notes)
	socket := fake(t, map[string]any{
		"POST /logins": n.then("begin", begun), "GET /logins/login_x": begun, "POST /logins/login_x/finish": n.then("finish", madeMax, madeMax, wrong, used),
		"GET /logins/login_y": &ctl.Error{Code: ctl.NotFound, Message: `there is no login "login_y"`},
	})
	args := func(more ...string) []string {
		return append([]string{"account", "login", "--socket", socket}, more...)
	}
	got := run(t, nil, args("claude", "max", "--print-url", "--setup-token")...)
	if got.code != 0 || got.err != "" || !strings.Contains(got.out, begun.URL) || !strings.Contains(got.out, "crs account login --finish login_x --code CODE") {
		t.Errorf("%+v", got)
	}
	got = run(t, nil, args("claude", "max", "--print-url", "-o", "json")...)
	var told ctl.Login
	if err := json.Unmarshal([]byte(got.out), &told); err != nil || told.ID != "login_x" || told.URL != begun.URL || !told.ExpiresAt.Equal(begun.ExpiresAt) {
		t.Errorf("%+v, %v", got, err)
	}
	got = run(t, nil, args("--finish", "login_x", "--code", "the-code")...)
	if got.code != 0 || got.err != remote.TermsNote+"\n" || !strings.HasPrefix(got.out, "account max is added") {
		t.Errorf("%+v", got)
	}
	got = run(t, func(io *command.IO, _ *command.Programs) { io.In = strings.NewReader("from-stdin\n") }, args("--finish", "login_x", "--code", "-", "-o", "json")...)
	if got.code != 0 || !strings.Contains(got.out, `"renewed": false`) || !strings.Contains(got.out, `"name": "max"`) {
		t.Errorf("%+v", got)
	}
	for _, want := range []int{2, 6} { // a wrong code, then one for a login that was used
		if got = run(t, nil, args("--finish", "login_x", "--code", "bad")...); got.code != want || got.out != "" {
			t.Errorf("%+v, want %d", got, want)
		}
	}
	if got = run(t, nil, args("--finish", "login_x")...); got.code != 2 || !strings.Contains(got.err, "the code is missing") {
		t.Errorf("%+v", got)
	}
	if got = run(t, nil, args("--finish", "login_y")...); got.code != 4 {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(n.String(), `"setup_token":true`) || !strings.Contains(n.String(), `{"code":"from-stdin"}`) {
		t.Errorf("the daemon was sent:\n%s", n)
	}
}

func TestALoginOnAnotherDevice(t *testing.T) {
	t.Parallel()
	plus := madeMax
	plus.Name = "plus"
	pending, done := ctl.LoginPoll{IntervalSeconds: 0.001}, ctl.LoginPoll{Done: true, Account: &plus}
	trouble := ctl.LoginPoll{IntervalSeconds: 0.001, Trouble: "connect: timed out"}
	no := &ctl.Error{Code: ctl.Failed, Message: "the owner refused", Hint: "begin again"}
	for name, test := range map[string]struct {
		polls []any
		code  int
		out   string
		says  string
	}{
		"agreed":  {[]any{pending, trouble, trouble, pending, done}, 0, "account plus is added", "connect: timed out"},
		"refused": {[]any{pending, no}, 1, "", "error: the owner refused\nhint: begin again"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := new(notes)
			socket := fake(t, map[string]any{"POST /logins": n.then("begin", awaited), "GET /logins/login_x": awaited, "POST /logins/login_x/poll": n.then("poll", test.polls...)})
			got := run(t, nil, "account", "login", "openai", "plus", "--device", "--socket", socket)
			if got.code != test.code || !strings.HasPrefix(got.out, test.out) || strings.Count(got.err, test.says) != 1 ||
				!strings.Contains(got.err, "WORD-7") || !strings.Contains(got.err, awaited.Device.Direct) {
				t.Errorf("%+v", got)
			}
			if polls := strings.Count(n.String(), "poll"); polls != len(test.polls) || !strings.HasPrefix(n.String(), `begin {"platform":"openai","name":"plus","device":true}`) {
				t.Errorf("%d polls; the daemon was sent:\n%s", polls, n)
			}
		})
	}
	socket := fake(t, map[string]any{"GET /logins/login_x": awaited, "POST /logins/login_x/poll": new(notes).then("poll", pending, done)})
	if got := run(t, nil, "account", "login", "--finish", "login_x", "-o", "json", "--socket", socket); got.code != 0 || got.err != remote.TermsNote+"\n" {
		t.Errorf("a script's second step: %+v", got)
	}
}

func TestAnInterruptGivesALoginUp(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]ctl.Login{"pasting": begun, "waiting": awaited} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := new(notes)
			ctx, stop := context.WithCancel(t.Context())
			interrupt := func(string) any { stop(); return ctl.LoginPoll{IntervalSeconds: 600} }
			socket := fake(t, map[string]any{"POST /logins": l, "POST /logins/login_x/poll": interrupt, "DELETE /logins/login_x": n.then("cancel", "{}")})
			silent, typing := io.Pipe()
			t.Cleanup(func() { _ = typing.Close() })
			var errs bytes.Buffer
			reader := asked{silent, stop}
			if l.Device != nil {
				reader.asked = func() {}
			}
			code := Run(ctx, command.Programs{}, []string{"account", "login", l.Platform, l.Name, "--socket", socket}, command.IO{
				In: reader, Out: io.Discard, Err: &errs, Now: time.Now, Somebody: true,
			})
			if code != 1 || !strings.HasSuffix(errs.String(), "error: interrupted\n") || n.String() != "cancel" {
				t.Errorf("%d %q; the daemon was sent %q", code, errs.String(), n)
			}
		})
	}
}

// asked tells when somebody is to type something.
type asked struct {
	io.Reader
	asked func()
}

func (a asked) Read(p []byte) (int, error) {
	a.asked()
	return a.Reader.Read(p)
}
