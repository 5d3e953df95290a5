package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"crs/ctl"
	"crs/internal/config"
)

func (a *app) keyTable(all []ctl.Key) {
	if len(all) == 0 {
		a.say("there are no keys; make one: crs key create NAME")
		return
	}
	limits := a.programs.Catalogue.MainLimits()
	columns := []column{left("NAME"), left("KEY"), {name: "STATE", paint: a.paintState}, right("IN FLIGHT")}
	for _, n := range limits {
		columns = append(columns, right(n.Title))
	}
	columns = append(columns, left("EXPIRES"), left("BOUND TO"), left("TAGS"))
	var rows [][]string
	for i := range all {
		rows = append(rows, a.keyRow(&all[i], limits))
	}
	a.table(columns, rows, nil)
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
	return a.until(k.ExpiresAt)
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

func (a *app) keyFacts(k *ctl.Key) {
	l, u := &k.Limits, &k.Use
	a.facts(
		fact{"name", k.Name}, fact{"id", k.ID}, fact{"key", k.Hint}, fact{"state", k.State}, fact{"tags", strings.Join(k.Tags, ", ")},
		fact{"created", a.moment(k.CreatedAt)}, fact{"first used", a.ago(k.ActivatedAt)}, fact{"expires", a.expiry(k)}, fact{"deleted", a.ago(k.DeletedAt)},
		fact{"bound to", bindingOf(k)}, fact{"permissions", strings.Join(l.Permissions, ", ")}, fact{"clients", strings.Join(l.Clients, ", ")},
		fact{"allowed models", strings.Join(l.AllowModels, ", ")}, fact{"denied models", strings.Join(l.DenyModels, ", ")},
		fact{"queue", queueOf(l)}, fact{"multiplier", multiplierOf(l)}, fact{"reserved", budget(u.Reserved)},
	)
	a.say("")
	a.limitTable(k)
}

// limitTable shows how much of its limits a key uses: what counts requests and what is in them, then money.
func (a *app) limitTable(k *ctl.Key) {
	var rows [][]string
	for i := range k.Use.Limits {
		l := &k.Use.Limits[i]
		rows = append(rows, []string{l.Label, usedOf(l), orNoLimit(mostOf(l)), a.anew(l)})
	}
	money := slices.IndexFunc(k.Use.Limits, func(l ctl.LimitUse) bool { return l.USD })
	if money < 0 {
		money = len(rows)
	}
	rows = slices.Insert(rows, money, []string{"at once", count(int64(k.Use.InFlight)), orNoLimit(bound(k.Limits.Concurrency)), ""})
	a.table([]column{left("LIMIT"), right("USED"), right("OF"), left("BEGINS ANEW")}, rows, nil)
}

// usedOf is "" where nothing is known.
func usedOf(l *ctl.LimitUse) string {
	if l.Used == "" {
		return ""
	}
	if l.USD {
		return cost(ctl.Dollars(l.Used))
	}
	n, _ := l.Used.Int64()
	return count(n)
}

// mostOf is "" for one that does not limit.
func mostOf(l *ctl.LimitUse) string {
	if l.USD {
		return budget(ctl.Dollars(l.Max))
	}
	n, _ := l.Max.Int64()
	return bound(n)
}

// anew says when a limit of which something is used begins anew, where that is known.
func (a *app) anew(l *ctl.LimitUse) string {
	if l.Share() == 0 {
		return ""
	}
	return a.until(l.EndsAt)
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
	return fmt.Sprintf("%s, %s each", plural(l.Queue, "request"), config.FormatDuration(wait))
}

func multiplierOf(l *ctl.Limits) string {
	if l.Multiplier == 1 {
		return ""
	}
	return strconv.FormatFloat(l.Multiplier, 'g', -1, 64)
}
