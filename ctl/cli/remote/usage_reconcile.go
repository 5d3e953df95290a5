package remote

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/ctl/field"
)

func (a *app) reconcileCommand() *cobra.Command {
	var r ctl.Reconcile
	var file string
	var columns []string
	var every bool
	cmd := &cobra.Command{
		Use: "reconcile --file CSV --provider NAME", Short: "Hold a provider's own list of costs against the ledger", Args: command.Takes(),
		Long: "Holds the list of costs that a provider gives, as CSV, against the requests in\n" +
			"the ledger, by day of UTC and model, and says what may explain a difference.\n" +
			"The columns are found by the names that the provider gives them; --columns\n" +
			"names others. The ledger's requests are priced by the table in use. Nothing is\n" +
			"changed. Rows that differ by less than half a cent are shown with --all.",
		Example: "crs usage reconcile --file costs.csv --provider anthropic\n" +
			"  crs usage reconcile --file costs.csv --provider aws --since 2026-11-01 --until 2026-11-30 --all\n" +
			"  crs usage reconcile --file mine.csv --provider google --columns day=Date,model=What,cost=USD",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" || r.Provider == "" {
				return ctl.Errorf(ctl.BadRequest, "crs usage reconcile needs --file and --provider")
			}
			costs, err := a.costFile(cmd.Context(), r.Provider, file, columns)
			if err != nil {
				return err
			}
			if r.Costs, err = costs.lines(); err != nil {
				return err
			}
			a.sayCosts(costs)
			ready := a.Busy("reading the ledger")
			done, err := a.Client().Reconcile(cmd.Context(), r)
			ready()
			return command.Result(a.App, done, err, func(d ctl.Reconciled) { a.reconciled(&d, every) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&file, "file", "", "the list of costs, `CSV`; - for standard input")
	flags.StringVar(&r.Provider, "provider", "", "whose it is, `NAME`")
	flags.StringVar(&r.Since, "since", "", "from the `DAY` on (default the list's first)")
	flags.StringVar(&r.Until, "until", "", "up to the `DAY` (default the list's last)")
	flags.StringVar(&r.Account, "account", "", "only what went to the account `NAME`")
	flags.StringSliceVar(&columns, "columns", nil, "names of columns, `PAIRS`: day=…,model=…,cost=…")
	flags.BoolVar(&every, "all", false, "show what is equal, too")
	_ = cmd.RegisterFlagCompletionFunc("file", command.Files)
	command.Complete(cmd, "account", a.AccountNames)
	command.Complete(cmd, "provider", a.costProviders)
	return cmd
}

func (a *app) costProviders(ctx context.Context) []string {
	c, _ := a.Client().Catalogue(ctx)
	return command.Each(c.CostFormats, func(f *ctl.CostFormat) string { return f.Provider })
}

// costFile reads a list of costs.
func (a *app) costFile(ctx context.Context, provider, path string, columns []string) (*costFile, error) {
	format, err := a.costFormat(ctx, provider, columns)
	if err != nil {
		return nil, err
	}
	in := a.IO.In
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, command.WrongPath(ctl.Failed, fmt.Errorf("read the list of costs: %w", err))
		}
		defer func() { _ = f.Close() }()
		in = io.Reader(f)
	}
	ready := a.Busy("reading the list of costs")
	defer ready()
	return readCosts(in, format)
}

func (a *app) costFormat(ctx context.Context, provider string, columns []string) (*ctl.CostFormat, error) {
	c, err := a.Client().Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	named, err := field.Pairs(command.Words(columns))
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range c.CostFormats {
		f := &c.CostFormats[i]
		names = append(names, f.Provider)
		if f.Provider == provider {
			return f, rename(f, named)
		}
	}
	return nil, ctl.Errorf(ctl.BadRequest, "there is no list of costs of %q", provider).WithHint("of %s", strings.Join(names, ", "))
}

// rename has columns have other names.
func rename(f *ctl.CostFormat, named map[string]string) error {
	for what, name := range named {
		of, ok := map[string]*[]string{"day": &f.Day, "model": &f.Model, "cost": &f.Cost, "currency": &f.Currency}[what]
		if !ok {
			return ctl.Errorf(ctl.BadRequest, "--columns: %q is not day, model, cost or currency", what)
		}
		*of = []string{name}
	}
	if len(named) > 0 {
		f.Service = nil // all of it is meant
	}
	return nil
}

// sayCosts says what could not be read.
func (a *app) sayCosts(f *costFile) {
	for _, why := range f.why {
		a.warn("left out: %s", why)
	}
	if n := f.bad - len(f.why); n > 0 {
		a.warn("left out: %s more", command.Plural(n, "row"))
	}
	if f.left > 0 {
		a.Say("%s of %d are of other things that the provider sells", command.Plural(f.left, "row"), f.rows)
	}
}

// warn says something beside the answer.
func (a *app) warn(format string, args ...any) {
	_, _ = fmt.Fprintln(a.IO.Err, command.Lines(fmt.Sprintf(format, args...)))
}

func (a *app) reconciled(d *ctl.Reconciled, every bool) {
	line := func(r *ctl.ReconciledRow) []string {
		return []string{r.Day, r.Model, command.Count(r.Requests), exact(r.Bill), exact(r.Ledger), exact(r.Difference)}
	}
	var rows [][]string
	equal := 0
	for i := range d.Rows {
		if r := &d.Rows[i]; every || r.Differs() {
			rows = append(rows, line(r))
		} else {
			equal++
		}
	}
	total := line(&d.Total)
	total[0] = "total"
	a.Table([]command.Column{
		command.Left("DAY"), command.Left("MODEL"), command.Right("REQUESTS"), command.Right("BILL"), command.Right("LEDGER"), command.Right("DIFFERENCE"),
	}, rows, total)
	for i := range d.Rows {
		r := &d.Rows[i]
		for _, c := range r.Causes {
			a.Say("%s %s: %s", r.Day, r.Model, c.Sentence)
		}
	}
	if equal > 0 {
		a.Say("%s equal to the cent", command.Plural(equal, "more row"))
	}
	if d.Outside > 0 {
		a.Say("%s of other days", command.Plural(d.Outside, "line"))
	}
	a.Say("days are of UTC; the bill is that of accounts on %s", strings.Join(d.Platforms, ", "))
}

// exact writes an amount that may be below nothing, with four decimals.
func exact(m ctl.USD) string {
	if m < 0 {
		return "-" + command.Cost(-m)
	}
	return command.Cost(m)
}
