package local

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/canary"
	"crs/ctl/cli/command"
	"crs/ctl/when"
)

func (a *app) doctorCommand() *cobra.Command {
	var through string
	var wait command.Span
	cmd := &cobra.Command{
		Use: "doctor [--through URL]", Short: "Check the whole path of a request, from the client to the provider, and what it depends on", Args: command.Takes(),
		Long: "Looks at what requests depend on: the way to each account's provider, through its proxy, and as whom it is seen there; who vouches\n" +
			"for what answers; the clock; the disk; who may use the socket and the key file; the age of the price table; an older crs in the PATH.\n\n" +
			"With --through it also sends requests to the address that clients have, and says whether a reverse proxy before the daemon drops\n" +
			"header fields, refuses long requests, or holds streams back; with --wait, whether it cuts answers that pause that long. No account is\n" +
			"asked for anything by it.\n\n" +
			"The exit code is 0 when nothing failed (warnings do not count), 1 when something did, 3 when no daemon runs.",
		Example: "crs doctor\n" +
			"  crs doctor --through https://relay.example.com\n" +
			"  crs doctor --through https://relay.example.com/api --wait 70s\n" +
			"  crs doctor -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			silence := time.Duration(wait)
			switch {
			case silence > 0 && through == "":
				return ctl.Errorf(ctl.BadRequest, "--wait is about a way: name it with --through URL")
			case silence > longestSilence:
				return ctl.Errorf(ctl.BadRequest, "--wait: at most %s", longestSilence)
			}
			return a.doctor(cmd.Context(), through, silence)
		},
	}
	cmd.Flags().StringVar(&through, "through", "", "also look at the way through `URL`, the address that clients have")
	cmd.Flags().Var(&wait, "wait", "have answers pause so long on that way")
	return cmd
}

// longestSilence is less than a daemon lets canaries ask for.
const longestSilence = 10 * time.Minute

// Diagnosis is what was found, as JSON has it.
type Diagnosis struct {
	OK     bool        `json:"ok"` // nothing failed
	Checks []ctl.Check `json:"checks"`
}

func (a *app) doctor(ctx context.Context, through string, silence time.Duration) error {
	found, ending := a.examine(ctx, through, silence)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	failed := countOf(found, ctl.Bad)
	if err := a.Show(Diagnosis{failed == 0, found}, func() { a.printChecks(found, failed) }); err != nil {
		return err
	}
	if failed > 0 {
		return command.Told{Code: ending}
	}
	return nil
}

// examine looks at everything that can be looked at. ending is the code to end with when something failed.
func (a *app) examine(ctx context.Context, through string, silence time.Duration) (all []ctl.Check, ending ctl.Code) {
	daemon, conditions, err := a.daemonCheck(ctx)
	all = append([]ctl.Check{daemon, pathCheck(a.IO.Getenv("PATH"))}, conditions...)
	if err != nil {
		return all, ctl.CodeOf(err)
	}
	done := a.Busy("looking at the ways to the providers")
	found, err := a.Client().Checkup(ctx)
	done()
	if err != nil {
		e := command.Describe(err)
		return append(all, ctl.Check{Name: "checkup", State: ctl.Bad, Detail: e.Message, Hint: e.Hint}), e.Code
	}
	all = append(all, found...)
	if through == "" {
		return append(all, ctl.Check{
			Name: "through", State: ctl.Skipped, Detail: "what lies between clients and the daemon takes their address to find out", Hint: "crs doctor --through https://relay.example.com",
		}), ctl.Failed
	}
	return append(all, a.through(ctx, through, silence)...), ctl.Failed
}

// daemonCheck says whether a daemon runs, and whether it is of this crs; and what the daemon says of itself.
func (a *app) daemonCheck(ctx context.Context) (c ctl.Check, conditions []ctl.Check, err error) {
	c = ctl.Check{Name: "daemon", Subject: a.Client().Socket(), State: ctl.OK}
	s, err := a.Client().Status(ctx)
	switch {
	case err != nil:
		e := command.Describe(err)
		c.State, c.Detail, c.Hint = ctl.Bad, e.Message, e.Hint
	case s.Version != a.Programs.Version:
		c.State, c.Detail = ctl.Warning, fmt.Sprintf("the daemon is crs %s, and this is crs %s", s.Version, a.Programs.Version)
		c.Hint = "restart the daemon if it was updated, or use the crs that it is"
	default:
		c.Detail = fmt.Sprintf("crs %s, up %s, listens on %s", s.Version, when.Rough(time.Duration(s.UptimeSeconds*float64(time.Second))), s.Listen)
	}
	return c, conditionChecks(s.Conditions), err
}

func conditionChecks(all []ctl.Condition) []ctl.Check {
	states := map[string]ctl.State{ctl.SeverityFailed: ctl.Bad, ctl.SeverityWarning: ctl.Warning, ctl.SeverityNote: ctl.OK}
	return command.Each(all, func(c *ctl.Condition) ctl.Check {
		return ctl.Check{Name: "condition", Subject: c.Code, State: states[c.Severity], Detail: c.Sentence, Hint: c.Hint}
	})
}

func (a *app) through(ctx context.Context, address string, silence time.Duration) []ctl.Check {
	c, err := a.Client().NewCanary(ctx)
	if err != nil {
		e := command.Describe(err)
		return []ctl.Check{{Name: "through", Subject: address, State: ctl.Bad, Detail: e.Message, Hint: e.Hint}}
	}
	defer a.Busy("sending requests through " + address + command.Only(silence > 0, ", which takes "+when.Rough(silence)))()
	return canary.Run(ctx, canary.Options{URL: address, Token: c.Token, Silence: silence})
}

// marks stand before checks.
var marks = map[ctl.State]struct{ mark, colour string }{
	ctl.OK: {"✓", command.Green}, ctl.Warning: {"!", command.Yellow}, ctl.Bad: {"✗", command.Red}, ctl.Skipped: {"-", command.Faint},
}

func (a *app) printChecks(all []ctl.Check, failed int) {
	for i := range all {
		c := &all[i]
		m := marks[c.State]
		_, _ = fmt.Fprintf(a.IO.Out, "%s %-10s  %s\n", a.Paint(m.colour, m.mark), c.Name, command.Clean(about(c)+c.Detail))
		if c.Hint != "" {
			a.Say("              %s", c.Hint)
		}
	}
	a.Say("")
	switch warned := countOf(all, ctl.Warning); {
	case failed > 0:
		a.Say("%d of %s failed, %s", failed, command.Plural(len(all), "check"), command.Plural(warned, "warning"))
	case warned > 0:
		a.Say("nothing failed; %s", command.Plural(warned, "warning"))
	default:
		a.Say("all is well")
	}
}

func countOf(all []ctl.Check, state ctl.State) (n int) {
	for i := range all {
		if all[i].State == state {
			n++
		}
	}
	return n
}

// mostNamed is how many accounts are named for one way.
const mostNamed = 3

// about says of which one a check is, where that is not plain.
func about(c *ctl.Check) string {
	switch {
	case len(c.Accounts) > mostNamed:
		return fmt.Sprintf("%s and %d more: %s ", strings.Join(c.Accounts[:mostNamed], ", "), len(c.Accounts)-mostNamed, c.Subject)
	case len(c.Accounts) > 0:
		return strings.Join(c.Accounts, ", ") + ": " + c.Subject + " "
	}
	return command.Only(c.Subject != "" && c.Name != "daemon", c.Subject+": ")
}

// pathCheck finds out which program people run when they type crs: the service that this one replaces has a script of that
// name.
func pathCheck(path string) ctl.Check {
	own, err := os.Executable()
	if err != nil {
		return ctl.Check{Name: "path", State: ctl.Skipped, Detail: "where this crs is cannot be told"}
	}
	return judgePath(path, own)
}

func judgePath(path, own string) ctl.Check {
	c := ctl.Check{Name: "path", State: ctl.OK}
	all := namesakes(path)
	for i, file := range all {
		if sameFile(file, own) {
			continue
		}
		what := whatIs(file)
		switch {
		case what == nodeRelay:
			c.State, c.Subject, c.Detail = ctl.Bad, file, "this is the command of claude-relay-service, the Node relay"
			c.Hint = "crs migrate node-relay takes its keys over; then stop it and remove its command: " + ctl.ShellWord(file) + " stop; sudo rm " + ctl.ShellWord(file)
			if i > 0 {
				c.State = ctl.Warning // it is not what people get
			}
			return c
		case i == 0 && c.State == ctl.OK:
			c.State, c.Subject, c.Detail = ctl.Warning, file, "typing crs runs this "+what+", not "+own
			c.Hint = "remove it, or put the directory of the crs that you want first in the PATH"
		}
	}
	switch {
	case c.State != ctl.OK:
	case len(all) == 0:
		c.State, c.Detail = ctl.Skipped, "no crs is in the PATH"
	default:
		c.Detail = "typing crs runs " + all[0]
	}
	return c
}

// namesakes are the programs named crs in the PATH, in the order in which a shell looks.
func namesakes(path string) []string {
	var all []string
	for _, dir := range filepath.SplitList(path) {
		for _, name := range []string{"crs", "crs.exe"} {
			file := filepath.Join(dir, name)
			if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && (info.Mode().Perm()&0o111 != 0 || filepath.Ext(name) == ".exe") {
				all = append(all, file)
			}
		}
	}
	return all
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

const nodeRelay = "Node relay"

// whatIs looks into a program.
func whatIs(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return "program"
	}
	defer func() { _ = f.Close() }()
	text, _ := io.ReadAll(io.LimitReader(f, 256<<10))
	switch {
	case !bytes.HasPrefix(text, []byte("#!")):
		return "program, perhaps another version"
	case bytes.Contains(text, []byte("claude-relay-service")):
		return nodeRelay
	case strings.Contains(strings.SplitN(string(text), "\n", 2)[0], "node"):
		return "Node script"
	}
	return "script"
}
