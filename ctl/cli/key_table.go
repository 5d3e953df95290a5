package cli

import (
	"fmt"
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
	var rows [][]string
	for i := range all {
		k := &all[i]
		rows = append(rows, []string{
			k.Name, k.Hint, k.State, strconv.Itoa(k.Use.InFlight), cost(k.Use.DayCost), cost(k.Use.TotalCost), a.expiry(k), bindingOf(k), strings.Join(k.Tags, ","),
		})
	}
	a.table([]column{
		left("NAME"), left("KEY"), {name: "STATE", paint: a.paintState}, right("IN FLIGHT"), right("TODAY"), right("IN ALL"), left("EXPIRES"),
		left("BOUND TO"), left("TAGS"),
	}, rows, nil)
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
	a.table([]column{left("LIMIT"), right("USED"), right("OF")}, [][]string{
		{"requests a minute", count(u.RequestsInMinute), orNoLimit(bound(l.RequestsPerMinute))},
		{"tokens a minute", count(u.TokensInMinute), orNoLimit(bound(l.TokensPerMinute))},
		{"at once", count(int64(u.InFlight)), orNoLimit(bound(l.Concurrency))},
		{"cost today", cost(u.DayCost), orNoLimit(budget(l.DailyCost))},
		{"cost this week", cost(u.WeekCost), orNoLimit(budget(l.WeeklyCost))},
		{"cost in all", cost(u.TotalCost), orNoLimit(budget(l.TotalCost))},
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
	return fmt.Sprintf("%s, %s each", plural(l.Queue, "request"), config.FormatDuration(wait))
}

func multiplierOf(l *ctl.Limits) string {
	if l.Multiplier == 1 {
		return ""
	}
	return strconv.FormatFloat(l.Multiplier, 'g', -1, 64)
}
