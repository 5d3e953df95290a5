package admin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"crs/ctl"
	"crs/internal/bound"
	"crs/internal/convert"
	"crs/internal/pricing"
	"crs/internal/reconcile"
	"crs/internal/reprice"
	"crs/internal/usage"
)

// mostLines is how many lines a list of costs may have, added up by day and model.
const mostLines = 100_000

// mostDays is how many days it may be about.
const mostDays = 400

// Reconcile holds a provider's list of costs against the ledger's records.
func (o *Operations) Reconcile(ctx context.Context, in ctl.Reconcile) (out ctl.Reconciled, err error) {
	format, ok := reconcile.FormatOf(in.Provider)
	if !ok {
		return out, ctl.Errorf(ctl.BadRequest, "there is no list of costs of %s", bound.Quoted(in.Provider)).
			WithHint("of %s", strings.Join(convert.All(reconcile.Formats(), func(f reconcile.Format) string { return f.Provider }), ", "))
	}
	first, last, err := daysOf(&in)
	if err != nil {
		return out, err
	}
	_, account, err := o.ids("", in.Account)
	if err != nil {
		return out, err
	}
	mine := func(r *usage.Record) bool {
		return slices.Contains(format.Platforms, r.Platform) && (account == "" || r.Account == account)
	}
	book := reconcile.NewBook(&reprice.Prices{Table: o.opt.Prices.Table(), Charge: o.chargeOf}, mine)
	out = ctl.Reconciled{Provider: in.Provider, Platforms: format.Platforms, Since: first.Format(time.DateOnly), Until: last.Format(time.DateOnly), Rows: []ctl.ReconciledRow{}}
	for _, l := range in.Costs {
		if l.Day < out.Since || l.Day > out.Until {
			out.Outside++
			continue
		}
		book.Bill(l.Day, bound.Cut(l.Line, bound.Name), int64(l.Cost))
	}
	err = o.reconcile(ctx, book, first, last.AddDate(0, 0, 1), &out)
	return out, err
}

// daysOf are the first and the last day that is asked for.
func daysOf(in *ctl.Reconcile) (first, last time.Time, err error) {
	if len(in.Costs) == 0 {
		return first, last, ctl.Errorf(ctl.BadRequest, "the list of costs is empty")
	}
	if len(in.Costs) > mostLines {
		return first, last, ctl.Errorf(ctl.BadRequest, "the list has %d lines; at most %d can be compared", len(in.Costs), mostLines)
	}
	byDay := func(a, b ctl.CostLine) int { return cmp.Compare(a.Day, b.Day) }
	if first, err = readDay(cmp.Or(in.Since, slices.MinFunc(in.Costs, byDay).Day)); err != nil {
		return first, last, err
	}
	if last, err = readDay(cmp.Or(in.Until, slices.MaxFunc(in.Costs, byDay).Day)); err != nil {
		return first, last, err
	}
	switch days := int(last.Sub(first)/(24*time.Hour)) + 1; {
	case days < 1:
		return first, last, ctl.Errorf(ctl.BadRequest, "the last day, %s, is before the first, %s", last.Format(time.DateOnly), first.Format(time.DateOnly))
	case days > mostDays:
		return first, last, ctl.Errorf(ctl.BadRequest, "%d days are too many; at most %d can be compared", days, mostDays).WithHint("--since 2026-11-01 --until 2026-11-30")
	}
	return first, last, nil
}

func readDay(text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, ctl.Errorf(ctl.BadRequest, "%s is not a day such as 2026-11-23", bound.Quoted(text))
	}
	return day, nil
}

func (o *Operations) reconcile(ctx context.Context, book *reconcile.Book, since, until time.Time, out *ctl.Reconciled) error {
	if err := o.opt.Ledger.Records(ctx, since, until, book.Take); err != nil {
		return err
	}
	hours, err := o.opt.Ledger.Usage(ctx, usage.Query{Since: since, Until: until, By: []usage.Column{usage.ByHour}})
	if err != nil {
		return err
	}
	counted := map[string]int64{} // requests, by days of UTC
	for i := range hours {
		counted[hours[i].Hour.UTC().Format(time.DateOnly)] += hours[i].Requests
	}
	today := o.opt.Now().UTC().Format(time.DateOnly)
	for _, c := range book.Cells() {
		row := ctl.ReconciledRow{
			Day: c.Day, Model: c.Model, Requests: c.Requests, Bill: ctl.USD(c.Bill), Ledger: ctl.USD(c.Cost), Recorded: ctl.USD(c.Recorded), Difference: ctl.USD(c.Difference()),
		}
		out.Total.Add(&row)
		if row.Differs() {
			row.Causes = causes(&c, &coverage{records: book.Records(c.Day), requests: counted[c.Day], today: c.Day == today})
		}
		out.Rows = append(out.Rows, row)
	}
	return nil
}

// coverage is how much of a day the ledger has.
type coverage struct {
	records, requests int64
	today             bool
}

// whole reports whether the ledger has all of the day.
func (d *coverage) whole() bool { return d.requests > 0 && d.records >= d.requests }

// causes are what may explain that a bill differs from the ledger.
func causes(c *reconcile.Cell, day *coverage) (all []ctl.Cause) {
	say := func(is bool, code, sentence string, args ...any) {
		if is {
			all = append(all, ctl.Cause{Code: code, Sentence: fmt.Sprintf(sentence, args...)})
		}
	}
	usd := func(nano int64) pricing.Cost { return pricing.Cost(nano) }
	say(c.Billed && !c.Known, "not_a_model", "the line names no model of the price table")
	say(c.Billed && c.Known && c.Requests == 0 && day.whole(), "only_bill", "only the provider has it: it was not asked through crs on these accounts, or under another name")
	say(!c.Billed, "only_ledger", "only the ledger has it: the list lacks the model, or its day is another one there")
	say(day.requests > day.records, "uncovered", "the ledger has %d of %d requests of the day", day.records, day.requests)
	say(day.requests == 0 && day.records == 0, "no_records", "the ledger has nothing of the day")
	say(c.Elsewhere > 0, "elsewhere", "%s more on accounts that are not on this bill (%s)", count(c.Elsewhere, "request"), usd(c.ElsewhereCost))
	say(c.Unpriced > 0, "unpriced", "%s without a price", count(c.Unpriced, "request"))
	say(c.Guessed > 0, "estimated", "%s whose tokens were not told whole, because it was cut or the answer had none", count(c.Guessed, "request"))
	say(c.Searches > 0, "searches", "%s of the web, which may have a line of their own", count(c.Searches, "search"))
	say(c.Refused > 0, "refused", "%s that the provider refused, and that cost nothing here", count(c.Refused, "request"))
	say(c.Doubtful > 0, "doubt", "%s whose bill is in doubt", count(c.Doubtful, "request"))
	say(c.Recorded != c.Cost, "repriced", "at the prices of the time it was %s", usd(c.Recorded))
	say(day.today, "today", "the day is not over, and lists of costs come late")
	return all
}

// count says how many of something.
func count(n int64, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "ch"):
		what += "es"
	default:
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
