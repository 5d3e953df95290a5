package cli

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"crs/ctl"
)

func (a *app) accountTable(all []ctl.Account) {
	if len(all) == 0 {
		a.say("there are no accounts; add one: crs account add %s NAME --api-key-file FILE", a.programs.Catalogue.Usual)
		return
	}
	var rows [][]string
	for i := range all {
		x := &all[i]
		rows = append(rows, []string{
			x.Name, x.Platform, x.State, a.until(x.Until), slots(x), strconv.Itoa(x.Priority), strings.Join(x.Groups, ","), gauges(x.Windows), a.ago(x.LastUsed), why(x), x.Note,
		})
	}
	a.table([]column{
		left("NAME"), left("PLATFORM"), {name: "STATE", paint: a.paintState}, left("UNTIL"), right("IN USE"), right("PRIORITY"), left("GROUPS"),
		left("WINDOWS"), left("LAST USED"), left("WHY"), left("NOTE"),
	}, rows, nil)
}

// why is what stands against an account, or against a part of it.
func why(x *ctl.Account) string {
	if x.Why != "" || x.State != "ready" {
		return x.Why
	}
	parts := make([]string, len(x.Rests))
	for i, r := range x.Rests {
		parts[i] = "not for " + r.Scope + because(r.Evidence)
	}
	return strings.Join(parts, "; ")
}

// slots is how many are taken, and of how many.
func slots(x *ctl.Account) string {
	if x.MaxConcurrency == 0 {
		return strconv.Itoa(x.InUse)
	}
	return fmt.Sprintf("%d/%d", x.InUse, x.MaxConcurrency)
}

// gauges are how much of each window is used up.
func gauges(all []ctl.Window) string {
	parts := make([]string, len(all))
	for i, w := range all {
		parts[i] = fmt.Sprintf("%s %.0f%%", w.Name, w.Used*100)
	}
	return strings.Join(parts, ", ")
}

func (a *app) accountFacts(x *ctl.Account) {
	a.facts(
		fact{"name", x.Name}, fact{"id", x.ID}, fact{"platform", x.Platform}, fact{"credential", x.Credential},
		fact{"state", x.State}, fact{"until", a.until(x.Until)}, fact{"why", x.Why},
		fact{"token ends", a.until(x.TokenExpiresAt)}, fact{"subscription ends", a.until(x.EndsAt)},
		fact{"base URL", x.BaseURL}, fact{"proxy", x.Proxy}, fact{"priority", strconv.Itoa(x.Priority)}, fact{"in use", slots(x)},
		fact{"groups", strings.Join(x.Groups, ", ")}, fact{"models", strings.Join(x.Models, ", ")}, fact{"map", pairs(x.Map)},
		fact{"options", pairs(x.Options)}, fact{"note", x.Note}, fact{"clients", anyClient(x)}, fact{"created", a.moment(x.CreatedAt)}, fact{"last used", a.ago(x.LastUsed)},
		fact{"failures in a row", bound(x.Failures)}, fact{"last error", x.LastError}, fact{"at", a.ago(x.LastErrAt)},
	)
	a.restTable(x.Rests)
	a.windowTable(x.Windows)
}

func anyClient(x *ctl.Account) string {
	if x.AnyClient {
		return "any"
	}
	return ""
}

// pairs writes a map in the order of its keys.
func pairs(m map[string]string) string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		all = append(all, key+"="+m[key])
	}
	return strings.Join(all, ", ")
}

func (a *app) restTable(all []ctl.Rest) {
	if len(all) == 0 {
		return
	}
	var rows [][]string
	for _, r := range all {
		scope := r.Scope
		if scope == "" {
			scope = "the whole account"
		}
		rows = append(rows, []string{scope, a.moment(r.Since), a.until(&r.Until), r.Evidence})
	}
	a.say("")
	a.table([]column{left("COOLS"), left("SINCE"), left("UNTIL"), left("EVIDENCE")}, rows, nil)
}

func (a *app) windowTable(all []ctl.Window) {
	if len(all) == 0 {
		return
	}
	var rows [][]string
	for _, w := range all {
		rows = append(rows, []string{w.Name, fmt.Sprintf("%.0f%%", w.Used*100), w.Status, a.until(w.ResetsAt)})
	}
	a.say("")
	a.table([]column{left("WINDOW"), right("USED"), left("STATUS"), left("RESETS")}, rows, nil)
}
