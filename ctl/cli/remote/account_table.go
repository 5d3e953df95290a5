package remote

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/ctl/field"
)

func (a *app) accountTable(all []ctl.Account) {
	if len(all) == 0 {
		a.Say("there are no accounts; add one: crs account add %s NAME --api-key-file FILE", a.Programs.Catalogue.Usual)
		return
	}
	rows := command.Rows(all, func(x *ctl.Account) []string {
		return []string{
			x.Name, x.Platform, x.State, a.Until(x.Until), slots(x), strconv.Itoa(x.Priority), strings.Join(x.Groups, ","), gauges(x.Windows), a.Ago(x.LastUsed), why(x), x.Note,
		}
	})
	a.Table([]command.Column{
		command.Left("NAME"), command.Left("PLATFORM"), {Name: "STATE", Paint: a.PaintState}, command.Left("UNTIL"), command.Right("IN USE"), command.Right("PRIORITY"), command.Left("GROUPS"),
		command.Left("WINDOWS"), command.Left("LAST USED"), command.Left("WHY"), command.Left("NOTE"),
	}, rows, nil)
}

// why is what stands against an account, or against a part of it.
func why(x *ctl.Account) string {
	if x.Why != "" || x.State != "ready" {
		return x.Why
	}
	parts := make([]string, len(x.Rests))
	for i, r := range x.Rests {
		parts[i] = "not for " + r.Scope + command.Because(r.Evidence)
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

func (a *app) accountFacts(x ctl.Account) {
	a.Facts(
		command.Fact{"name", x.Name}, command.Fact{"id", x.ID}, command.Fact{"platform", x.Platform}, command.Fact{"credential", x.Credential},
		command.Fact{"state", x.State}, command.Fact{"until", a.Until(x.Until)}, command.Fact{"why", x.Why},
		command.Fact{"token ends", a.Until(x.TokenExpiresAt)}, command.Fact{"subscription ends", a.Until(x.EndsAt)},
		command.Fact{"base URL", x.BaseURL}, command.Fact{"proxy", x.Proxy}, command.Fact{"priority", strconv.Itoa(x.Priority)}, command.Fact{"in use", slots(&x)},
		command.Fact{"groups", strings.Join(x.Groups, ", ")}, command.Fact{"models", strings.Join(x.Models, ", ")}, command.Fact{"map", field.Joined(x.Map, ", ")},
		command.Fact{"options", field.Joined(x.Options, ", ")}, command.Fact{"note", x.Note}, command.Fact{"clients", anyClient(&x)}, command.Fact{"created", a.Moment(x.CreatedAt)}, command.Fact{"last used", a.Ago(x.LastUsed)},
		command.Fact{"failures in a row", command.Bound(x.Failures)}, command.Fact{"last error", x.LastError}, command.Fact{"at", a.Ago(x.LastErrAt)},
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

func (a *app) restTable(all []ctl.Cooldown) {
	if len(all) == 0 {
		return
	}
	rows := command.Rows(all, func(r *ctl.Cooldown) []string {
		return []string{cmp.Or(r.Scope, "the whole account"), a.Moment(r.Since), a.Until(&r.Until), r.Evidence}
	})
	a.Say("")
	a.Table([]command.Column{command.Left("COOLS"), command.Left("SINCE"), command.Left("UNTIL"), command.Left("EVIDENCE")}, rows, nil)
}

func (a *app) windowTable(all []ctl.Window) {
	if len(all) == 0 {
		return
	}
	rows := command.Rows(all, func(w *ctl.Window) []string {
		return []string{w.Name, fmt.Sprintf("%.0f%%", w.Used*100), w.Status, a.Until(w.ResetsAt)}
	})
	a.Say("")
	a.Table([]command.Column{command.Left("WINDOW"), command.Right("USED"), command.Left("STATUS"), command.Left("RESETS")}, rows, nil)
}
