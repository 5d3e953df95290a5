package remote

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

// largestTable is what a price table may have.
const largestTable = 16 << 20

func (a *app) priceUpdateCommand() *cobra.Command {
	var from string
	var u ctl.PriceUpdate
	cmd := &cobra.Command{
		Use: "update [--from URL|FILE]", Short: "Take the prices of another table, LiteLLM's as it is now if none is named", Args: command.Takes(),
		Long: "Has the daemon read a price table in LiteLLM's format, and says what it changes for every request from now on. It lies over the\n" +
			"built-in table, so that no model loses its price by it, and under the prices that you have set. A table that cannot be read,\n" +
			"or that lacks most of the models that the present one has, changes nothing.",
		Example: "crs price update\n" +
			"  crs price update --from https://example.com/prices.json --dry-run\n" +
			"  crs price update --from prices.json --force\n" +
			"  crs price update --from built-in",
		RunE: func(cmd *cobra.Command, _ []string) error {
			u.From = from
			if from == "-" || from != "" && from != ctl.BuiltIn && !strings.Contains(from, "://") {
				table, err := a.ReadUpTo("the price table", from, largestTable)
				if err != nil {
					return err
				}
				if len(table) == 0 {
					return ctl.Errorf(ctl.BadRequest, "the price table is empty")
				}
				u.Table = table
			}
			ready := a.Busy("reading the price table")
			done, err := a.Client().UpdatePrices(cmd.Context(), u)
			ready()
			return command.Result(a.App, done, err, a.priceChanges)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&from, "from", "", "`URL` that the daemon reads the table from, or a file; - for standard input, built-in for the table crs came with")
	flags.BoolVar(&u.DryRun, "dry-run", false, "only say what would change")
	flags.BoolVar(&u.Force, "force", false, "take a table even if most models are missing from it")
	_ = cmd.RegisterFlagCompletionFunc("from", command.Files)
	return cmd
}

// priceChanges says what another table changes.
func (a *app) priceChanges(c ctl.PriceChanges) {
	if len(c.Changed) > 0 {
		rows := command.Rows(c.Changed, func(x *ctl.PriceChange) []string {
			return []string{x.Model, change(x.Before.Input, x.After.Input), change(x.Before.Output, x.After.Output), change(x.Before.CacheRead, x.After.CacheRead)}
		})
		a.Table([]command.Column{command.Left("CHANGED"), command.Right("INPUT"), command.Right("OUTPUT"), command.Right("CACHE READ")}, rows, nil)
		a.Say("US dollars for a million tokens; what is equal here differs in other prices\n")
	}
	a.nameSome("new", c.Added)
	a.nameSome("without a price from now on", c.Removed)
	for _, why := range c.Rejected {
		a.Say("left out: %s", why)
	}
	did := "prices are now those of"
	if !c.Applied {
		did = "nothing was changed; this is what would come of"
	}
	a.Say("%s %s: %s, of which %d are new, %d changed and %d gone", did, c.From, command.Plural(c.Models, "model"), len(c.Added), len(c.Changed), len(c.Removed))
}

// change writes a price before and after.
func change(before, after ctl.USD) string {
	if before == after {
		return after.String()
	}
	return before.String() + " → " + after.String()
}

// nameSome names the first of a list that may be long.
func (a *app) nameSome(what string, all []string) {
	const most = 20
	if len(all) == 0 {
		return
	}
	rest := ""
	if n := len(all) - most; n > 0 {
		all, rest = all[:most], fmt.Sprintf(", and %d more", n)
	}
	a.Say("%s: %s%s", what, strings.Join(all, ", "), rest)
}
