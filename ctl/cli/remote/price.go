package remote

import (
	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

func (a *app) priceCommand() *cobra.Command {
	return a.Noun("price", "What models cost, in US dollars for a million tokens", []*cobra.Command{
		a.priceListCommand(),
		one[ctl.Price]{"show MODEL", "Show the price of a model", "crs price show claude-opus-4-8", a.ModelNames, "", (*ctl.Client).Price, a.priceFacts}.command(a),
		a.priceSetCommand(), a.priceUpdateCommand(),
	})
}

func (a *app) priceSetCommand() *cobra.Command {
	var input, output, read, write5m, write1h, imageIn, imageOut, audioIn, audioOut, search, image command.Dollars
	cmd := &cobra.Command{
		Use: "set MODEL --input USD --output USD", Short: "Set the price of a model, from now on", Args: command.Takes("MODEL"),
		Long: "Sets the price of a model, in US dollars for a million tokens, for every request from now on. A cache price that is not given\n" +
			"follows from the input price, one of images or sound is that of text. What else the table has of the model, such as service\n" +
			"tiers, regions and searches, stays. An id of Bedrock is a model of its own.",
		Example:           "crs price set my-model --input 3 --output 15\n  crs price set my-model --input 3 --output 15 --cache-read 0.30",
		ValidArgsFunction: command.Completions(a.ModelNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags := cmd.Flags()
			for _, name := range []string{"input", "output"} {
				if !flags.Changed(name) {
					return ctl.Errorf(ctl.BadRequest, "the %s price is missing", name).WithHint("crs price set MODEL --input USD --output USD")
				}
			}
			p, err := a.Client().SetPrice(cmd.Context(), args[0], ctl.PriceEdit{
				Input: ctl.USD(input), Output: ctl.USD(output), CacheRead: command.Given(flags, "cache-read", ctl.USD(read)),
				CacheWrite5m: command.Given(flags, "cache-write-5m", ctl.USD(write5m)), CacheWrite1h: command.Given(flags, "cache-write-1h", ctl.USD(write1h)),
				ImageInput: command.Given(flags, "image-input", ctl.USD(imageIn)), ImageOutput: command.Given(flags, "image-output", ctl.USD(imageOut)),
				AudioInput: command.Given(flags, "audio-input", ctl.USD(audioIn)), AudioOutput: command.Given(flags, "audio-output", ctl.USD(audioOut)),
				WebSearch: command.Given(flags, "web-search", ctl.USD(search)), Image: command.Given(flags, "image", ctl.USD(image)),
			})
			return command.Result(a.App, p, err, a.priceFacts)
		},
	}
	flags := cmd.Flags()
	flags.Var(&input, "input", "for a million input tokens")
	flags.Var(&output, "output", "for a million output tokens")
	flags.Var(&read, "cache-read", "for a million tokens read from the cache")
	flags.Var(&write5m, "cache-write-5m", "for a million tokens written to the cache for five minutes")
	flags.Var(&write1h, "cache-write-1h", "for a million tokens written to the cache for an hour")
	flags.Var(&imageIn, "image-input", "for a million input tokens of images")
	flags.Var(&imageOut, "image-output", "for a million output tokens of images")
	flags.Var(&audioIn, "audio-input", "for a million input tokens of sound")
	flags.Var(&audioOut, "audio-output", "for a million output tokens of sound")
	flags.Var(&search, "web-search", "for one web search")
	flags.Var(&image, "image", "for one image, where they are not counted in tokens")
	return cmd
}

func (a *app) priceTable(all ctl.Prices) {
	rows := command.Rows(all.Models, func(p *ctl.Price) []string {
		return []string{p.Model, p.Provider, p.Input.String(), p.Output.String(), p.CacheRead.String(), p.CacheWrite5m.String(), p.CacheWrite1h.String(), own(p)}
	})
	a.Table([]command.Column{
		command.Left("MODEL"), command.Left("PROVIDER"), command.Right("INPUT"), command.Right("OUTPUT"), command.Right("CACHE READ"), command.Right("WRITE 5M"), command.Right("WRITE 1H"), command.Left(""),
	}, rows, nil)
	a.Say("\nUS dollars for a million tokens; version of the table: %s", all.Version)
}

// own marks a price that the operator has set.
func own(p *ctl.Price) string {
	if p.Overridden {
		return "set by you"
	}
	return ""
}
