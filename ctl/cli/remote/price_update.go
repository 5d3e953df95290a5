package remote

import (
	"fmt"
	"os"
	"strings"
	"time"

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
		Long: "Has the daemon read a price table in the format of LiteLLM or models.dev, and says what it changes for every request from now on,\n" +
			"what it left out, and why. It lies over the built-in table and under the prices that you have set. Of a model that the built-in\n" +
			"table has too, the price whose data is newer wins: that of a file is as old as the file, that of a URL as the answer says\n" +
			"(Last-Modified; on GitHub, the last commit), models.dev has a date for each model. A table without a date only adds models.\n" +
			"A table that cannot be read, or that lacks most of the models of the last one that was taken, changes nothing. A model is left\n" +
			"out if its price is 50 times the present one or more, or a fiftieth or less, and a new one if it costs more than $1,000 for a\n" +
			"million tokens or, if it converses, one of input and output 50 times the other; --force takes those, too. What a newer price\n" +
			"does not say, such as that of long prompts and service tiers, stays as many times the ordinary price as it was.",
		Example: "crs price update\n" +
			"  crs price update --from https://models.dev/api.json --dry-run\n" +
			"  crs price update --from prices.json --as-of 2026-11-30 --force\n" +
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
				if u.AsOf == "" {
					u.AsOf = changedOn(from)
				}
			}
			ready := a.Busy("reading the price table")
			done, err := a.Client().UpdatePrices(cmd.Context(), u)
			ready()
			return command.Result(a.App, done, err, a.priceChanges)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&from, "from", "", "`URL` that the daemon reads the table from, or a file; - for standard input, built-in for the table crs came with")
	flags.StringVar(&u.Format, "format", "", "`FORMAT` of the table, litellm or models.dev; found out if not given")
	flags.StringVar(&u.AsOf, "as-of", "", "`DATE` that the table is of, such as 2026-11-30, where its source does not say so")
	flags.BoolVar(&u.DryRun, "dry-run", false, "only say what would change")
	flags.BoolVar(&u.Force, "force", false, "take a table even if most models are missing from it, and implausible prices")
	_ = cmd.RegisterFlagCompletionFunc("from", command.Files)
	return cmd
}

// changedOn is the day on which a file was changed; "" for what is none.
func changedOn(name string) string {
	about, err := os.Stat(name)
	if err != nil || !about.Mode().IsRegular() {
		return ""
	}
	return about.ModTime().UTC().Format(time.DateOnly)
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
	a.someLines("left out", c.Rejected)
	a.someLines("without a price that could be charged", c.Unpriced)
	if c.Format != "" {
		a.Say("read %s: %d left out, %d without a price that could be charged, %d with a price here that is as new or newer",
			command.Plural(c.Read, "model"), len(c.Rejected), len(c.Unpriced), len(c.Kept))
	}
	did := "prices are now those of"
	if !c.Applied {
		did = "nothing was changed; this is what would come of"
	}
	a.Say("%s %s%s: %s, of which %d are new, %d changed and %d gone", did, c.From, ofDay(c.AsOf), command.Plural(c.Models, "model"), len(c.Added), len(c.Changed), len(c.Removed))
}

func ofDay(day string) string {
	if day == "" {
		return ""
	}
	return " of " + day
}

// someLines writes the first of a list of sentences that may be long, and how many there are.
func (a *app) someLines(what string, all []string) {
	const most = 20
	for _, line := range all[:min(len(all), most)] {
		a.Say("%s: %s", what, line)
	}
	if n := len(all) - most; n > 0 {
		a.Say("%s: %d more, all in -o json", what, n)
	}
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
