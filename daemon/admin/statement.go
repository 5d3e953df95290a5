package admin

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"time"

	"crs/ctl"
	"crs/internal/bound"
	"crs/internal/share"
	"crs/internal/usage"
)

// Statement gives what a month cost, by key and model.
func (o *Operations) Statement(ctx context.Context, in ctl.StatementQuery) (ctl.Statement, error) {
	terms, err := o.readTerms(&in)
	if err != nil {
		return ctl.Statement{}, err
	}
	q := usage.Query{FirstDay: terms.out.FirstDay, LastDay: terms.out.LastDay, By: []usage.Column{usage.ByKey, usage.ByModel}}
	if _, q.Account, err = o.ids("", in.Account); err != nil {
		return ctl.Statement{}, err
	}
	sums, err := o.opt.Ledger.Usage(ctx, q)
	if err != nil {
		return ctl.Statement{}, err
	}
	keys := o.statementKeys(sums)
	terms.share(keys)
	terms.out.Keys = slices.DeleteFunc(keys, func(k ctl.StatementKey) bool { return !terms.wants(&k) })
	terms.convert()
	return terms.out, nil
}

// terms are what a statement is by.
type terms struct {
	out  ctl.Statement
	rate int64 // billionths of the currency for a dollar
	key  string
	tag  string
}

func (t *terms) wants(k *ctl.StatementKey) bool {
	return (t.key == "" || k.Key == t.key) && (t.tag == "" || slices.Contains(k.Tags, t.tag))
}

func (o *Operations) readTerms(in *ctl.StatementQuery) (*terms, error) {
	t := &terms{rate: 1_000_000_000, tag: in.Tag}
	if in.Key != "" {
		id, _, err := o.ids(in.Key, "")
		if err != nil {
			return nil, err
		}
		t.key = o.opt.Keys.NameOf(id)
	}
	if err := o.readMonth(in.Month, &t.out); err != nil {
		return nil, err
	}
	return t, t.readMoney(in)
}

// readMonth reads 2026-11, or gives the last month that is over.
func (o *Operations) readMonth(text string, out *ctl.Statement) error {
	const month = "2006-01"
	now := o.opt.Now().In(o.opt.Zone)
	text = cmp.Or(text, time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, o.opt.Zone).Format(month))
	first, err := time.ParseInLocation(month, text, o.opt.Zone)
	if err != nil || first.Format(month) != text {
		return ctl.Errorf(ctl.BadRequest, "%s is not a month such as 2026-11", bound.Quoted(text))
	}
	next := first.AddDate(0, 1, 0)
	out.Month, out.FirstDay, out.LastDay = text, first.Format(time.DateOnly), next.AddDate(0, 0, -1).Format(time.DateOnly)
	out.Over = !now.Before(next)
	return nil
}

// dearestRate is beyond what any currency is to a dollar.
const dearestRate = 1_000_000

func (t *terms) readMoney(in *ctl.StatementQuery) error {
	t.out.Currency = cmp.Or(in.Currency, "USD")
	if !regexp.MustCompile(`^[A-Z]{3}$`).MatchString(t.out.Currency) {
		return ctl.Errorf(ctl.BadRequest, "%s is not a currency's code such as EUR", bound.Quoted(in.Currency))
	}
	switch {
	case t.out.Currency != "USD" && in.Rate == "":
		return ctl.Errorf(ctl.BadRequest, "the rate is missing: how many %s a dollar is", t.out.Currency).WithHint("--currency EUR --rate 0.92")
	case t.out.Currency == "USD" && in.Rate != "":
		return ctl.Errorf(ctl.BadRequest, "a rate needs another currency than USD").WithHint("--currency EUR --rate 0.92")
	case in.Rate != "":
		rate, err := ctl.ParseUSD(in.Rate)
		if err != nil || rate <= 0 || rate > dearestRate*1_000_000_000 {
			return ctl.Errorf(ctl.BadRequest, "%s is not a rate such as 0.92", bound.Quoted(in.Rate))
		}
		t.rate, t.out.Rate = int64(rate), rate.Decimal()
	}
	if in.Subscription != "" {
		price, err := ctl.ParseUSD(in.Subscription)
		if err != nil {
			return ctl.Errorf(ctl.BadRequest, "the price of the subscription: %s", err)
		}
		t.out.Subscription = t.amount(int64(price))
	}
	return nil
}

// cent is one hundredth, in billionths.
const cent = 10_000_000

// amount is what an amount in nano-dollars is in the currency.
func (t *terms) amount(nano int64) ctl.Amount { return ctl.Amount(share.Cents(nano, t.rate) * cent) }

// statementKeys puts rows that are ordered by key and model together.
func (o *Operations) statementKeys(sums []usage.Sum) (keys []ctl.StatementKey) {
	keys = []ctl.StatementKey{}
	id := ""
	for i := range sums {
		s := &sums[i]
		if len(keys) == 0 || s.Key != id {
			id = s.Key
			keys = append(keys, ctl.StatementKey{Key: o.opt.Keys.NameOf(id), Tags: o.tagsOf(id)})
		}
		k := &keys[len(keys)-1]
		line := ctl.StatementLine{Requests: s.Requests, CostUSD: ctl.USD(s.Cost), ChargedUSD: ctl.USD(s.Charged)}
		k.Models = append(k.Models, ctl.StatementModel{Model: s.Model, StatementLine: line})
		k.StatementLine.Add(&line)
	}
	slices.SortStableFunc(keys, func(a, b ctl.StatementKey) int { return cmp.Compare(a.Key, b.Key) })
	return keys
}

func (o *Operations) tagsOf(id string) []string {
	if k, err := o.opt.Keys.Get(id); err == nil && len(k.Tags) > 0 {
		return k.Tags
	}
	return []string{}
}

// share divides the subscription's price among all keys by list cost, and what a key gets of it among its models.
func (t *terms) share(keys []ctl.StatementKey) {
	parts := t.divide(t.out.Subscription, len(keys), func(i int) int64 { return int64(keys[i].CostUSD) })
	for i := range keys {
		k := &keys[i]
		k.Share = parts[i]
		of := t.divide(k.Share, len(k.Models), func(n int) int64 { return int64(k.Models[n].CostUSD) })
		for n := range k.Models {
			k.Models[n].Share = of[n]
		}
	}
}

// divide divides an amount of whole hundredths.
func (*terms) divide(whole ctl.Amount, n int, weight func(i int) int64) []ctl.Amount {
	weights, parts := make([]int64, n), make([]ctl.Amount, n)
	for i := range weights {
		weights[i] = max(0, weight(i))
	}
	for i, part := range share.Of(int64(whole/cent), weights) {
		parts[i] = ctl.Amount(part * cent)
	}
	return parts
}

// convert fills in the amounts in the statement's currency: the total is rounded, and the lines are what of it is theirs.
func (t *terms) convert() {
	out := &t.out
	for i := range out.Keys {
		out.Total.Add(&out.Keys[i].StatementLine)
	}
	for _, c := range []struct {
		exact, shown func(*ctl.StatementLine) *ctl.USD
	}{
		{func(l *ctl.StatementLine) *ctl.USD { return &l.CostUSD }, func(l *ctl.StatementLine) *ctl.USD { return &l.Cost }},
		{func(l *ctl.StatementLine) *ctl.USD { return &l.ChargedUSD }, func(l *ctl.StatementLine) *ctl.USD { return &l.Charged }},
	} {
		*c.shown(&out.Total) = t.amount(int64(*c.exact(&out.Total)))
		parts := t.divide(*c.shown(&out.Total), len(out.Keys), func(i int) int64 { return int64(*c.exact(&out.Keys[i].StatementLine)) })
		for i := range out.Keys {
			k := &out.Keys[i]
			*c.shown(&k.StatementLine) = parts[i]
			of := t.divide(parts[i], len(k.Models), func(n int) int64 { return int64(*c.exact(&k.Models[n].StatementLine)) })
			for n := range k.Models {
				*c.shown(&k.Models[n].StatementLine) = of[n]
			}
		}
	}
}
