package remote

import (
	"fmt"
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
	var rows [][]string
	for i := range all {
		k := &all[i]
		rows = append(rows, []string{
			k.Name, k.Hint, k.State, strconv.Itoa(k.Use.InFlight), command.Cost(k.Use.DayCost), command.Cost(k.Use.TotalCost), a.expiry(k), bindingOf(k), strings.Join(k.Tags, ","),
		})
	}
	a.Table([]command.Column{
		command.Left("NAME"), command.Left("KEY"), {Name: "STATE", Paint: a.PaintState}, command.Right("IN FLIGHT"), command.Right("TODAY"), command.Right("IN ALL"), command.Left("EXPIRES"),
		command.Left("BOUND TO"), command.Left("TAGS"),
	}, rows, nil)
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

func (a *app) keyFacts(k *ctl.Key) {
	l, u := &k.Limits, &k.Use
	a.Facts(
		command.Fact{"name", k.Name}, command.Fact{"id", k.ID}, command.Fact{"key", k.Hint}, command.Fact{"state", k.State}, command.Fact{"tags", strings.Join(k.Tags, ", ")},
		command.Fact{"created", a.Moment(k.CreatedAt)}, command.Fact{"first used", a.Ago(k.ActivatedAt)}, command.Fact{"expires", a.expiry(k)}, command.Fact{"deleted", a.Ago(k.DeletedAt)},
		command.Fact{"bound to", bindingOf(k)}, command.Fact{"permissions", strings.Join(l.Permissions, ", ")}, command.Fact{"clients", strings.Join(l.Clients, ", ")},
		command.Fact{"allowed models", strings.Join(l.AllowModels, ", ")}, command.Fact{"denied models", strings.Join(l.DenyModels, ", ")},
		command.Fact{"queue", queueOf(l)}, command.Fact{"multiplier", multiplierOf(l)}, command.Fact{"reserved", command.Budget(u.Reserved)},
	)
	a.Say("")
	a.Table([]command.Column{command.Left("LIMIT"), command.Right("USED"), command.Right("OF")}, [][]string{
		{"requests a minute", command.Count(u.RequestsInMinute), orNoLimit(command.Bound(l.RequestsPerMinute))},
		{"tokens a minute", command.Count(u.TokensInMinute), orNoLimit(command.Bound(l.TokensPerMinute))},
		{"at once", command.Count(int64(u.InFlight)), orNoLimit(command.Bound(l.Concurrency))},
		{"cost today", command.Cost(u.DayCost), orNoLimit(command.Budget(l.DailyCost))},
		{"cost this week", command.Cost(u.WeekCost), orNoLimit(command.Budget(l.WeeklyCost))},
		{"cost in all", command.Cost(u.TotalCost), orNoLimit(command.Budget(l.TotalCost))},
	}, nil)
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
