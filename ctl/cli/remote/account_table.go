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
	command.List(a.App, "there are no accounts; add one: crs account add "+a.Programs.Catalogue.Usual+" NAME --api-key-file FILE", []command.Column{
		command.Left("NAME"), command.Left("PLATFORM"), {Name: "STATE", Paint: a.PaintState}, command.Left("UNTIL"), command.Right("IN USE"), command.Right("PRIORITY"), command.Left("GROUPS"),
		command.Left("WINDOWS"), command.Left("LAST USED"), command.Left("WHY"), command.Left("NOTE"),
	}, all, func(x *ctl.Account) []string {
		return []string{
			x.Name, x.Platform, x.State, a.Until(x.Until), x.Slots(), strconv.Itoa(x.Priority), strings.Join(x.Groups, ","), gauges(x.Windows), a.Ago(x.LastUsed), why(x), x.Note,
		}
	})
}

// why is what stands against an account, or against a part of it.
func why(x *ctl.Account) string {
	if x.Why != "" || x.State != "ready" {
		return x.Why
	}
	not := func(r *ctl.Cooldown) string { return "not for " + r.Scope + command.Because(r.Evidence) }
	return strings.Join(command.Each(x.Rests, not), "; ")
}

// gauges are how much of each window is used up.
func gauges(all []ctl.Window) string {
	gauge := func(w *ctl.Window) string { return fmt.Sprintf("%s %.0f%%", w.Name, w.Used*100) }
	return strings.Join(command.Each(all, gauge), ", ")
}

func (a *app) accountFacts(x ctl.Account) {
	a.Facts(
		command.Fact{"name", x.Name}, command.Fact{"id", x.ID}, command.Fact{"platform", x.Platform}, command.Fact{"credential", x.Credential},
		command.Fact{"state", x.State}, command.Fact{"until", a.Until(x.Until)}, command.Fact{"why", x.Why},
		command.Fact{"token ends", a.Until(x.TokenExpiresAt)}, command.Fact{"subscription ends", a.Until(x.EndsAt)},
		command.Fact{"base URL", x.BaseURL}, command.Fact{"proxy", x.Proxy}, command.Fact{"priority", strconv.Itoa(x.Priority)}, command.Fact{"in use", x.Slots()},
		command.Fact{"groups", strings.Join(x.Groups, ", ")}, command.Fact{"models", strings.Join(x.Models, ", ")}, command.Fact{"map", field.Joined(x.Map, ", ")},
		command.Fact{"options", field.Joined(x.Options, ", ")}, command.Fact{"note", x.Note}, command.Fact{"clients", command.Only(x.AnyClient, "any")}, command.Fact{"created", a.Moment(x.CreatedAt)}, command.Fact{"last used", a.Ago(x.LastUsed)},
		command.Fact{"failures in a row", command.Bound(x.Failures)}, command.Fact{"last error", x.LastError}, command.Fact{"at", a.Ago(x.LastErrAt)},
	)
	rests := []command.Column{command.Left("COOLS"), command.Left("SINCE"), command.Left("UNTIL"), command.Left("EVIDENCE")}
	command.Section(a.App, rests, x.Rests, func(r *ctl.Cooldown) []string {
		return []string{cmp.Or(r.Scope, "the whole account"), a.Moment(r.Since), a.Until(&r.Until), r.Evidence}
	})
	windows := []command.Column{command.Left("WINDOW"), command.Right("USED"), command.Left("STATUS"), command.Left("RESETS")}
	command.Section(a.App, windows, x.Windows, func(w *ctl.Window) []string {
		return []string{w.Name, fmt.Sprintf("%.0f%%", w.Used*100), w.Status, a.Until(w.ResetsAt)}
	})
}
