package admin

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"crs/ctl"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/unit"
)

// Limits with a name have members of their own in ctl: how much may be used, how much an edit says, and how much is used. Each list has
// those of all of them, in the order of key.NamedLimits.

func mostOf(l *ctl.Limits) []*int64 {
	return []*int64{&l.RequestsPerMinute, &l.TokensPerMinute, (*int64)(&l.DailyCost), (*int64)(&l.WeeklyCost), (*int64)(&l.TotalCost)}
}

func saidOf(e *ctl.KeyEdit) []*int64 {
	return []*int64{e.RequestsPerMinute, e.TokensPerMinute, (*int64)(e.DailyCost), (*int64)(e.WeeklyCost), (*int64)(e.TotalCost)}
}

func usedOf(u *ctl.KeyUse) []*int64 {
	return []*int64{&u.RequestsInMinute, &u.TokensInMinute, (*int64)(&u.DayCost), (*int64)(&u.WeekCost), (*int64)(&u.TotalCost)}
}

// showLimits shows how much of what may be used.
func showLimits(l *limit.Limits, out *ctl.Limits) {
	most := mostOf(out)
	for i, n := range key.NamedLimits() {
		*most[i] = l.Max(n.Rule.Unit, n.Rule.Window)
	}
	out.Rules = map[string]json.Number{}
	for _, r := range l.Rules {
		if !key.IsNamed(r) {
			out.Rules[r.String()] = quantity(r.Unit, r.Max)
		}
	}
}

// quantity writes money in dollars.
func quantity(u unit.Unit, n int64) json.Number {
	if u.Money() {
		return json.Number(ctl.USD(n).Decimal())
	}
	return json.Number(strconv.FormatInt(n, 10))
}

// showUse shows how much of its limits a key uses.
func showUse(l *limit.Limits, u *limit.Use) ctl.KeyUse {
	out := ctl.KeyUse{InFlight: u.InFlight, Queued: u.Queued, Reserved: ctl.USD(u.Reserved[unit.Cost]), Limits: []ctl.LimitUse{}}
	used := usedOf(&out)
	for i, n := range key.NamedLimits() {
		*used[i] = u.In(n.Rule.Unit, n.Rule.Window)
		r := limit.Per(n.Rule.Unit, n.Rule.Window, l.Max(n.Rule.Unit, n.Rule.Window))
		out.Limits = append(out.Limits, showLimitUse(r, u, n.Use))
	}
	for _, r := range l.Rules {
		if !key.IsNamed(r) {
			out.Limits = append(out.Limits, showLimitUse(r, u, r.Unit.String()+" "+r.Window.Now()))
		}
	}
	return out
}

func showLimitUse(r limit.Rule, u *limit.Use, label string) ctl.LimitUse {
	return ctl.LimitUse{
		Limit: r.String(), Label: label, Used: quantity(r.Unit, u.In(r.Unit, r.Window)), Max: quantity(r.Unit, r.Max), USD: r.Unit.Money(), EndsAt: moment(u.End(r.Window)),
	}
}

// setRules sets the limits that an edit gives.
func setRules(l *limit.Limits, in *ctl.KeyEdit) error {
	said := saidOf(in)
	for i, n := range key.NamedLimits() {
		if said[i] != nil {
			l.Set(limit.Per(n.Rule.Unit, n.Rule.Window, *said[i]))
		}
	}
	if in.Rules == nil {
		return nil
	}
	texts := map[string]string{}
	for _, text := range slices.Sorted(maps.Keys(*in.Rules)) {
		r, err := limit.ParseRule(text)
		if err != nil {
			return ctl.Errorf(ctl.BadRequest, "%s", err).WithHint("say what is limited, in which time, and how much: --limit cost/month=50")
		}
		if other, twice := texts[r.String()]; twice {
			return ctl.Errorf(ctl.BadRequest, "the limit %s is given twice, as %s and as %s", r, other, text).WithHint("give one of them")
		}
		texts[r.String()] = text
		if err := setRule(l, r, (*in.Rules)[text], in); err != nil {
			return err
		}
	}
	return nil
}

func setRule(l *limit.Limits, r limit.Rule, most json.Number, in *ctl.KeyEdit) (err error) {
	if r.Max, err = amount(r.Unit, most); err != nil || r.Max < 0 {
		return ctl.Errorf(ctl.BadRequest, "the limit %s cannot be %q", r, most).WithHint("%s", howMuch(r.Unit))
	}
	said := saidOf(in)
	for i, n := range key.NamedLimits() {
		if n.Rule.Same(r) && said[i] != nil && *said[i] != r.Max {
			return ctl.Errorf(ctl.BadRequest, "the limit %s is said twice", r).WithHint("--%s is the same as --limit %s; give one of them", n.Flag, r)
		}
	}
	l.Set(r)
	return nil
}

func howMuch(u unit.Unit) string {
	if u.Money() {
		return "it is a number of dollars, such as 50 or 2.50; 0 takes the limit away"
	}
	return "it is a whole number; 0 takes the limit away"
}

func amount(u unit.Unit, n json.Number) (int64, error) {
	if !u.Money() {
		return strconv.ParseInt(n.String(), 10, 64)
	}
	m, err := ctl.ParseUSD(n.String())
	return int64(m), err
}
