package remote

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

func (a *app) explainCommand() *cobra.Command {
	var q ctl.ExplainQuery
	cmd := &cobra.Command{
		Use: "explain REQUEST_ID", Short: "Say why a request went where it went, or where one would go", Args: cobra.MaximumNArgs(1),
		Long: "Says which account served a request, and for every other one why it did not. With --key and --model instead of a request,\n" +
			"says where such a request would go now; that is found out by the code that picks accounts.",
		Example: "crs explain req_01k9w3x4y5z6a7b8c9d0e1f2g3\n  crs explain --key alice --model claude-opus-4-8",
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := a.explanation(cmd.Context(), args, q)
			return command.Result(a.App, e, err, a.explain)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Key, "key", "", "`NAME` of the key")
	flags.StringVar(&q.Model, "model", "", "`MODEL` that is asked for")
	flags.StringVar(&q.Session, "session", "", "`ID` of the conversation")
	flags.StringVar(&q.Client, "client", "", "the `PROGRAM` that asks (default "+strings.Join(a.Programs.Catalogue.ClientNames()[:min(1, len(a.Programs.Catalogue.Clients))], "")+")")
	command.Complete(cmd, "key", a.KeyNames)
	command.Complete(cmd, "model", a.ModelNames)
	command.Complete(cmd, "client", func(ctx context.Context) []string { c := a.catalogue(ctx); return c.ClientNames() })
	return cmd
}

// explanation asks for one of the two kinds.
func (a *app) explanation(ctx context.Context, args []string, q ctl.ExplainQuery) (ctl.Explanation, error) {
	switch {
	case len(args) == 1 && q == ctl.ExplainQuery{}:
		return a.Client().Explain(ctx, args[0])
	case len(args) == 0 && q.Key != "" && q.Model != "":
		return a.Client().ExplainWant(ctx, q)
	}
	return ctl.Explanation{}, ctl.Errorf(ctl.BadRequest, "crs explain needs a request's id, or --key and --model").
		WithHint("find the id with: crs requests")
}

func (a *app) explain(e ctl.Explanation) {
	if e.Request != nil {
		a.requestFacts(e.Request)
		a.Say("")
		a.attemptTable(e.Request.Attempts)
	}
	a.sightTable(&e)
	a.Say("%s", a.verdict(&e))
}

func (a *app) requestFacts(r *ctl.Request) {
	a.Facts(
		command.Fact{"request", r.ID}, command.Fact{"at", a.Moment(r.At)}, command.Fact{"key", r.Key}, command.Fact{"client", r.Client}, command.Fact{"model", r.Model},
		command.Fact{"asked upstream", r.Upstream}, command.Fact{"status", statusOr(r.Status, "none")}, command.Fact{"error", r.Error},
		command.Fact{"took", fmt.Sprintf("%s, first byte after %s", command.Took(r.TotalMS), command.Took(r.FirstByteMS))},
		command.Fact{"tokens", fmt.Sprintf("%s input, %s output, %s cache read, %s cache write", command.Count(r.InputTokens), command.Count(r.OutputTokens),
			command.Count(r.CacheRead), command.Count(r.CacheWrite5m+r.CacheWrite1h))},
		command.Fact{"tier", tierOf(r)}, command.Fact{"cost", command.Cost(r.Cost)}, command.Fact{"charged", charged(r)}, command.Fact{"doubt", r.Doubt},
	)
	a.itemTable(r)
}

// tierOf is the service tier that was asked for, and the one that was served.
func tierOf(r *ctl.Request) string {
	switch {
	case r.TierAsked == "" || r.TierAsked == r.Tier:
		return r.Tier
	case r.Tier == "":
		return r.TierAsked + " was asked for; the answer says none"
	}
	return r.Tier + "; asked for: " + r.TierAsked
}

// charged is what the key was charged, where it is not the cost.
func charged(r *ctl.Request) string {
	if r.Charged == r.Cost {
		return ""
	}
	return command.Cost(r.Charged)
}

// itemTable shows what a request is billed for that is more than tokens of one model.
func (a *app) itemTable(r *ctl.Request) {
	if !r.Several() {
		return
	}
	rows := command.Rows(r.Items, func(i *ctl.Item) []string {
		return []string{strings.ReplaceAll(i.Kind, "_", " "), command.Count(i.Amount), i.Model, i.Tier}
	})
	a.Say("")
	a.Table([]command.Column{command.Left("BILLED FOR"), command.Right("AMOUNT"), command.Left("MODEL"), command.Left("TIER")}, rows, nil)
}

func (a *app) attemptTable(all []ctl.Attempt) {
	if len(all) == 0 {
		return
	}
	rows := command.Rows(all, func(t *ctl.Attempt) []string {
		note := t.Error + command.Only(t.Ambiguous, " (it may have done the work all the same)")
		return []string{t.Account, statusOr(t.Status, "none"), command.Took(t.AfterMS), note}
	})
	a.Table([]command.Column{command.Left("TRIED"), {Name: "STATUS", Right: true, Paint: a.PaintStatus}, command.Right("AFTER"), command.Left("ERROR")}, rows, nil)
	a.Say("")
}

func (a *app) sightTable(e *ctl.Explanation) {
	if len(e.Accounts) == 0 {
		return
	}
	tried := func(account string) bool {
		return e.Request != nil && slices.ContainsFunc(e.Request.Attempts, func(t ctl.Attempt) bool { return t.Account == account })
	}
	var rows [][]string
	for _, s := range e.Accounts {
		place := standing(e, &s)
		if place != "chosen" && tried(s.Account) {
			continue // it is above
		}
		why := s.Reason + command.Because(s.Detail)
		rows = append(rows, []string{s.Account, s.Platform, place, a.Until(s.Until), why})
	}
	a.Table([]command.Column{command.Left("ACCOUNT"), command.Left("PLATFORM"), {Name: "STANDING", Paint: a.PaintState}, command.Left("UNTIL"), command.Left("WHY")}, rows, nil)
	a.Say("")
}

// standing is a word for what became of an account, or would.
func standing(e *ctl.Explanation, s *ctl.Candidate) string {
	switch {
	case s.Account == e.Chosen && s.Rank == 1:
		return "chosen"
	case s.Eligible:
		return "eligible"
	}
	return "passed over"
}

// verdict is the sentence that everything comes down to.
func (a *app) verdict(e *ctl.Explanation) string {
	switch {
	case e.Chosen != "":
		return "chosen: " + e.Chosen + command.Only(e.Why != "", ", because: "+e.Why)
	case e.Request != nil && e.Request.Error != "":
		return "chosen: none: " + e.Request.Error
	case len(e.Accounts) == 0:
		return "chosen: none: there are no accounts; add one: crs account add"
	}
	next := a.nextBack(e.Accounts)
	if next == nil {
		return "chosen: none: no account can serve this; change the configuration"
	}
	return "chosen: none: no account can serve this now; the next is back at " + a.Until(next)
}

// nextBack is when the first of the accounts that merely rest is back; nil when none will by itself.
func (a *app) nextBack(all []ctl.Candidate) *time.Time {
	var next *time.Time
	for _, s := range all {
		if s.Until != nil && s.Until.After(a.IO.Now()) && (next == nil || s.Until.Before(*next)) {
			next = s.Until
		}
	}
	return next
}
