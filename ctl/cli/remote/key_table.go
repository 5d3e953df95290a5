package remote

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/internal/config"
)

func (a *app) keyTable(all []ctl.Key) {
	if len(all) == 0 {
		a.Say("there are no keys; make one: crs key create NAME")
		return
	}
	limits := a.Programs.Catalogue.MainLimits()
	columns := []command.Column{command.Left("NAME"), command.Left("KEY"), {Name: "STATE", Paint: a.PaintState}, command.Right("IN FLIGHT")}
	for _, n := range limits {
		columns = append(columns, command.Right(n.Title))
	}
	columns = append(columns, command.Left("EXPIRES"), command.Left("BOUND TO"), command.Left("TAGS"))
	a.Table(columns, command.Rows(all, func(k *ctl.Key) []string { return a.keyRow(k, limits) }), nil)
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
	switch {
	case k.Limits.Account != "":
		return "account " + k.Limits.Account
	case k.Limits.Group != "":
		return "group " + k.Limits.Group
	}
	return ""
}

func (a *app) keyFacts(k ctl.Key) {
	l, u := &k.Limits, &k.Use
	a.Facts(
		command.Fact{"name", k.Name}, command.Fact{"id", k.ID}, command.Fact{"key", k.Hint}, command.Fact{"state", k.State}, command.Fact{"tags", strings.Join(k.Tags, ", ")},
		command.Fact{"created", a.Moment(k.CreatedAt)}, command.Fact{"first used", a.Ago(k.ActivatedAt)}, command.Fact{"expires", a.expiry(&k)}, command.Fact{"deleted", a.Ago(k.DeletedAt)},
		command.Fact{"bound to", bindingOf(&k)}, command.Fact{"permissions", strings.Join(l.Permissions, ", ")}, command.Fact{"clients", strings.Join(l.Clients, ", ")},
		command.Fact{"allowed models", strings.Join(l.AllowModels, ", ")}, command.Fact{"denied models", strings.Join(l.DenyModels, ", ")},
		command.Fact{"queue", queueOf(l)}, command.Fact{"multiplier", multiplierOf(l)}, command.Fact{"reserved", command.Budget(u.Reserved)},
	)
	a.Say("")
	a.limitTable(&k)
	a.sayUnpriced(k.Unpriced)
}

// limitTable shows how much of its limits a key uses: what counts requests and what is in them, then money.
func (a *app) limitTable(k *ctl.Key) {
	rows := command.Rows(k.Use.Limits, func(l *ctl.LimitUse) []string { return []string{l.Label, usedOf(l), orNoLimit(mostOf(l)), a.anew(l)} })
	money := slices.IndexFunc(k.Use.Limits, func(l ctl.LimitUse) bool { return l.USD })
	if money < 0 {
		money = len(rows)
	}
	rows = slices.Insert(rows, money, []string{"concurrency", command.Count(int64(k.Use.InFlight)), orNoLimit(command.Bound(k.Limits.Concurrency)), ""})
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

// anew says when a limit of which something is used begins anew, where that is known.
func (a *app) anew(l *ctl.LimitUse) string {
	if l.Share() == 0 {
		return ""
	}
	return a.Until(l.EndsAt)
}

func orNoLimit(limit string) string {
	if limit == "" {
		return "no limit"
	}
	return limit
}

func queueOf(l *ctl.Limits) string {
	if l.Queue == 0 {
		return ""
	}
	wait := time.Duration(l.QueueWaitSeconds * float64(time.Second))
	return fmt.Sprintf("%s, %s each", command.Plural(l.Queue, "request"), config.FormatDuration(wait))
}

func multiplierOf(l *ctl.Limits) string {
	if l.Multiplier == 1 {
		return ""
	}
	return strconv.FormatFloat(l.Multiplier, 'g', -1, 64)
}
