package remote

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/internal/config"
)

func (a *app) keyTable(all []ctl.Key) {
	limits := a.Programs.Catalogue.MainLimits()
	columns := []command.Column{command.Left("NAME"), command.Left("KEY"), {Name: "STATE", Paint: a.PaintState}, command.Right("IN FLIGHT")}
	for _, n := range limits {
		columns = append(columns, command.Right(n.Title))
	}
	columns = append(columns, command.Left("EXPIRES"), command.Left("BOUND TO"), command.Left("TAGS"))
	command.List(a.App, "there are no keys; make one: crs key create NAME", columns, all, func(k *ctl.Key) []string { return a.keyRow(k, limits) })
}

func (a *app) keyRow(k *ctl.Key, limits []ctl.NamedLimit) []string {
	row := []string{k.Name, k.Hint, k.State, strconv.Itoa(k.Use.InFlight)}
	for _, n := range limits {
		l := k.Use.Limit(n.Limit)
		row = append(row, usedOf(&l))
	}
	return append(row, a.expiry(k), bindingOf(k), strings.Join(k.Tags, ","))
}

// expiry says when a key ends, or what that depends on.
func (a *app) expiry(k *ctl.Key) string {
	life := time.Duration(k.Limits.ActivateForSeconds) * time.Second
	if k.ExpiresAt == nil && life > 0 {
		return config.FormatDuration(life) + " after first use"
	}
	return a.Until(k.ExpiresAt)
}

func bindingOf(k *ctl.Key) string {
	l := &k.Limits
	return cmp.Or(command.Only(l.Account != "", "account "+l.Account), command.Only(l.Group != "", "group "+l.Group))
}

func (a *app) keyFacts(k ctl.Key) {
	l, u := &k.Limits, &k.Use
	wait := config.FormatDuration(time.Duration(l.QueueWaitSeconds * float64(time.Second)))
	queue := command.Only(l.Queue > 0, command.Plural(l.Queue, "request")+", "+wait+" each")
	a.Facts(
		command.Fact{"name", k.Name}, command.Fact{"id", k.ID}, command.Fact{"key", k.Hint}, command.Fact{"state", k.State}, command.Fact{"tags", strings.Join(k.Tags, ", ")},
		command.Fact{"created", a.Moment(k.CreatedAt)}, command.Fact{"first used", a.Ago(k.ActivatedAt)}, command.Fact{"expires", a.expiry(&k)}, command.Fact{"deleted", a.Ago(k.DeletedAt)},
		command.Fact{"bound to", bindingOf(&k)}, command.Fact{"permissions", strings.Join(l.Permissions, ", ")}, command.Fact{"clients", strings.Join(l.Clients, ", ")},
		command.Fact{"allowed models", strings.Join(l.AllowModels, ", ")}, command.Fact{"denied models", strings.Join(l.DenyModels, ", ")},
		command.Fact{"queue", queue}, command.Fact{"multiplier", command.Only(l.Multiplier != 1, strconv.FormatFloat(l.Multiplier, 'g', -1, 64))}, command.Fact{"reserved", command.Budget(u.Reserved)},
	)
	a.Say("")
	a.limitTable(&k)
	a.sayUnpriced(k.Unpriced)
}

// noLimit stands for how much may be used of what is not limited.
const noLimit = "no limit"

// limitTable shows how much of its limits a key uses: what counts requests and what is in them, then money.
func (a *app) limitTable(k *ctl.Key) {
	rows := command.Rows(k.Use.Limits, func(l *ctl.LimitUse) []string {
		return []string{l.Label, usedOf(l), cmp.Or(mostOf(l), noLimit), command.Only(l.Share() != 0, a.Until(l.EndsAt))}
	})
	money := slices.IndexFunc(k.Use.Limits, func(l ctl.LimitUse) bool { return l.USD })
	if money < 0 {
		money = len(rows)
	}
	rows = slices.Insert(rows, money, []string{"concurrency", command.Count(int64(k.Use.InFlight)), cmp.Or(command.Bound(k.Limits.Concurrency), noLimit), ""})
	a.Table([]command.Column{command.Left("LIMIT"), command.Right("USED"), command.Right("OF"), command.Left("BEGINS ANEW")}, rows, nil)
}

// usedOf is "" where nothing is known.
func usedOf(l *ctl.LimitUse) string {
	if l.Used == "" {
		return ""
	}
	if l.USD {
		return command.Cost(ctl.Dollars(l.Used))
	}
	n, _ := l.Used.Int64()
	return command.Count(n)
}

// mostOf is "" for one that does not limit.
func mostOf(l *ctl.LimitUse) string {
	if l.USD {
		return command.Budget(ctl.Dollars(l.Max))
	}
	n, _ := l.Max.Int64()
	return command.Bound(n)
}
