package remote

import (
	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

func (a *app) priceListCommand() *cobra.Command {
	var seen bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the price of every model, or of those that were asked for", Args: command.Takes(),
		Example: "crs price list\n  crs price list --seen",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if seen {
				found, err := a.Client().SeenModels(cmd.Context())
				return command.Result(a.App, found, err, a.seenTable)
			}
			all, err := a.Client().Prices(cmd.Context())
			return command.Result(a.App, all, err, a.priceTable)
		},
	}
	cmd.Flags().BoolVar(&seen, "seen", false, "only models that were asked for within 30 days, first those without a price")
	return cmd
}

func (a *app) seenTable(found ctl.SeenModels) {
	if len(found.Models) == 0 {
		a.Say("no model was asked for since %s", a.Moment(found.Since))
		return
	}
	without := 0
	rows := command.Rows(found.Models, func(m *ctl.SeenModel) []string {
		input, output := "none", "none"
		if m.Price != nil {
			input, output = m.Price.Input.String(), m.Price.Output.String()
		} else if m.Cost > 0 {
			input, output = "of the", "upstream's" // it has another name upstream
		} else {
			without++
		}
		return []string{m.Model, command.Count(m.Requests), command.Count(m.Tokens), command.Cost(m.Cost), input, output}
	})
	a.Table([]command.Column{
		command.Left("MODEL"), command.Right("REQUESTS"), command.Right("TOKENS"), command.Right("COST"), command.Right("INPUT"), command.Right("OUTPUT"),
	}, rows, nil)
	if without > 0 {
		a.Say("\n%s without a price: crs price set MODEL --input USD --output USD, or crs price update", command.Plural(without, "model"))
	}
}
