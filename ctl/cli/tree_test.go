package cli

import (
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// every is all commands that do something, by their path.
func every(t *testing.T) map[string]*cobra.Command {
	t.Helper()
	a, _ := printing()
	all := map[string]*cobra.Command{}
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		for _, child := range c.Commands() {
			walk(child)
		}
		if (!c.HasSubCommands() || c.HasParent() && c.Example != "" && c.Name() != "completion") && !c.Hidden && c.Parent().Name() != "completion" {
			all[c.CommandPath()] = c
		}
	}
	walk(rootOf(a))
	return all
}

func TestTheCommandsAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	all := every(t)
	for _, want := range strings.Split(`crs serve|crs demo|crs mock|crs account add|crs account login|crs account import|crs account list|crs account show|crs account edit|
		crs account enable|crs account disable|crs account thaw|crs account refresh|crs account test|crs account remove|crs group create|crs group list|
		crs group show|crs group add|crs group remove|crs group delete|crs key create|crs key list|crs key show|crs key edit|crs key rotate|
		crs key disable|crs key enable|crs key delete|crs key restore|crs key purge|crs env|crs usage|crs usage reprice|crs usage export|crs usage statement|crs requests|crs explain|crs audit|crs status|crs doctor|crs top|crs tui|
		crs config path|crs config show|crs config check|crs price list|crs price show|crs price set|crs price update|crs store copy|crs version|crs install|crs uninstall|crs start|crs stop|crs restart|crs logs`, "|") {
		if all[strings.TrimSpace(want)] == nil {
			t.Errorf("there is no %s", want)
		}
	}
}

func TestEveryCommandSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	for path, c := range every(t) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") || c.Example == "" || c.Args == nil || c.ValidArgsFunction == nil {
			t.Errorf("%s lacks something: %q %q", path, c.Short, c.Example)
		}
	}
}

func TestExamplesAreRightAsTheyStand(t *testing.T) {
	t.Parallel()
	for path, c := range every(t) {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			for line := range strings.Lines(c.Example) {
				_, own, found := strings.Cut(" "+strings.TrimSpace(line)+" ", " crs ")
				if !found {
					t.Fatalf("%q is no example of it", line)
				}
				a, _ := printing()
				check(t, rootOf(a), path, fields(own))
			}
		})
	}
}

// check has the tree read arguments as far as it does before it runs a command.
func check(t *testing.T, root *cobra.Command, path string, args []string) {
	t.Helper()
	cmd, rest, err := root.Find(args)
	if err != nil || cmd.CommandPath() != path {
		t.Fatalf("%q is an example of %v: %v", args, cmd, err)
	}
	if err := cmd.ParseFlags(rest); err != nil {
		t.Errorf("%q: %v", args, err)
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		t.Errorf("%q: %v", args, err)
	}
}

// fields splits a line as a shell does, as far as examples need it.
func fields(line string) []string {
	var all []string
	for _, word := range regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line, -1) {
		all = append(all, strings.Trim(word, "'"))
	}
	return all
}

func TestNoFlagTakesASecret(t *testing.T) {
	t.Parallel()
	for path, c := range every(t) {
		for _, name := range []string{"api-key", "key-secret", "password", "token", "secret"} {
			if c.Flags().Lookup(name) != nil {
				t.Errorf("%s --%s would be seen by everybody on the machine", path, name)
			}
		}
	}
}
