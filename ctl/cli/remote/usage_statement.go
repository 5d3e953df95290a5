package remote

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

func (a *app) statementCommand() *cobra.Command {
	var q ctl.StatementQuery
	var format, to string
	cmd := &cobra.Command{
		Use: "statement", Short: "State what a month cost, by key and model", Args: command.Takes(),
		Long: "States what a month cost, by key and model: at the providers' list prices,\n" +
			"what was charged by the keys' multipliers, and, with the fixed price of a\n" +
			"subscription, what of it is whose by list cost. Every column comes to its\n" +
			"total to the cent. Days are those of the daemon's time zone. Without --month,\n" +
			"it is about the last month that is over.",
		Example: "crs usage statement\n" +
			"  crs usage statement --month 2026-11 --account max --subscription-price 200\n" +
			"  crs usage statement --month 2026-11 --tag team-a --currency EUR --rate 0.92\n" +
			"  crs usage statement --month 2026-11 --format html --to november.html",
		RunE: func(cmd *cobra.Command, _ []string) error {
			write, err := a.statementFormat(format)
			if err != nil {
				return err
			}
			s, err := a.Client().Statement(cmd.Context(), q)
			if err != nil {
				return err
			}
			if write == nil {
				return a.Show(s, func() { a.statementTable(&s) })
			}
			document, err := write(&s)
			if err != nil {
				return err
			}
			return a.Write(to, document)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Month, "month", "", "`MONTH`, such as 2026-11 (default the last)")
	a.addSelection(cmd, &q.Key, &q.Account)
	flags.StringVar(&q.Tag, "tag", "", "only keys with the tag `TAG`")
	flags.StringVar(&q.Subscription, "subscription-price", "", "a fixed price in `USD` that all keys share")
	flags.StringVar(&q.Currency, "currency", "", "amounts in `CODE`, such as EUR (default USD)")
	flags.StringVar(&q.Rate, "rate", "", "how much of the currency a dollar is, `N`")
	flags.StringVar(&format, "format", "text", "`FORMAT`: text, csv or html")
	flags.StringVar(&to, "to", "", "write csv or html to `FILE`")
	command.Complete(cmd, "format", command.Fixed("text", "csv", "html"))
	_ = cmd.RegisterFlagCompletionFunc("to", command.Files)
	return cmd
}

// statementFormat is how a statement is written; nil for text.
func (a *app) statementFormat(name string) (func(*ctl.Statement) ([]byte, error), error) {
	switch name {
	case "text":
		return nil, nil
	case "csv":
		return statementCSV, nil
	case "html":
		return statementHTML, nil
	}
	return nil, ctl.Errorf(ctl.BadRequest, "--format: %q is not text, csv or html", name)
}

func (a *app) statementTable(s *ctl.Statement) {
	if len(s.Keys) == 0 {
		a.Say("nothing was used from %s to %s", s.FirstDay, s.LastDay)
		return
	}
	a.Say("%s", statementTitle(s))
	head := []command.Column{command.Left("KEY"), command.Left("MODEL"), command.Right("REQUESTS"), command.Right("LIST COST"), command.Right("CHARGED")}
	if s.Subscription != 0 {
		head = append(head, command.Right("SHARE"))
	}
	line := func(key, model string, l *ctl.StatementLine) []string {
		return []string{key, model, command.Count(l.Requests), money(l.Cost), money(l.Charged), money(l.Share)}[:len(head)]
	}
	var rows [][]string
	for i := range s.Keys {
		k := &s.Keys[i]
		if len(k.Models) > 1 {
			rows = append(rows, line(k.Key, "", &k.StatementLine))
			k.Key = ""
		}
		for n := range k.Models {
			name := k.Key
			rows = append(rows, line(name, k.Models[n].Model, &k.Models[n].StatementLine))
		}
	}
	a.Table(head, rows, line("total", "", &s.Total))
	for _, note := range statementNotes(s) {
		a.Say("%s", note)
	}
}

// money writes an amount of whole hundredths.
func money(m ctl.Amount) string {
	const cent = 10_000_000
	return fmt.Sprintf("%d.%02d", int64(m/cent)/100, int64(m/cent)%100)
}

func statementTitle(s *ctl.Statement) string {
	return fmt.Sprintf("%s: %s to %s, in %s", s.Month, s.FirstDay, s.LastDay, s.Currency)
}

func statementNotes(s *ctl.Statement) (notes []string) {
	if s.Rate != "" {
		notes = append(notes, fmt.Sprintf("1 USD is %s %s", s.Rate, s.Currency))
	}
	if s.Subscription != 0 {
		notes = append(notes, fmt.Sprintf("shares are of a subscription of %s %s, by list cost", money(s.Subscription), s.Currency))
	}
	if !s.Over {
		notes = append(notes, "the month is not over")
	}
	return notes
}

func statementCSV(s *ctl.Statement) ([]byte, error) {
	rows := [][]string{{"month", "key", "tags", "model", "requests", "cost_usd", "charged_usd", "currency", "cost", "charged", "share"}}
	for i := range s.Keys {
		k := &s.Keys[i]
		for n := range k.Models {
			m := &k.Models[n]
			rows = append(rows, []string{
				s.Month, command.Cell(k.Key), command.Cell(strings.Join(k.Tags, " ")), command.Cell(m.Model), strconv.FormatInt(m.Requests, 10),
				m.CostUSD.Decimal(), m.ChargedUSD.Decimal(), s.Currency, money(m.Cost), money(m.Charged), money(m.Share),
			})
		}
	}
	return command.CSV(rows)
}

//go:embed statement.html
var statementPage string

func statementHTML(s *ctl.Statement) ([]byte, error) {
	page, err := template.New("statement").Funcs(template.FuncMap{"money": money, "count": command.Count, "notes": statementNotes}).Parse(statementPage)
	if err != nil {
		return nil, fmt.Errorf("read the statement's page: %w", err)
	}
	var b bytes.Buffer
	if err := page.Execute(&b, s); err != nil {
		return nil, fmt.Errorf("write the statement's page: %w", err)
	}
	return slices.Clip(b.Bytes()), nil
}
