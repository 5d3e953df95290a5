package admin

import (
	"context"
	"time"

	"crs/ctl"
	"crs/internal/account"
	"crs/internal/usage"
	"crs/proxyengine"
)

// Explain tells why a request went where it went.
func (o *Operations) Explain(ctx context.Context, id string) (ctl.Explanation, error) {
	rec, err := o.opt.Ledger.Find(ctx, id)
	if err != nil {
		return ctl.Explanation{}, err
	}
	if rec == nil {
		return ctl.Explanation{}, ctl.Errorf(ctl.NotFound, "there is no request %q in the log", id).
			WithHint("requests that have ended are in it, as far back as usage.keep says; see the newest: crs requests")
	}
	return explained(rec), nil
}

func explained(rec *usage.Record) ctl.Explanation {
	shown := showRequest(rec)
	e := ctl.Explanation{Request: &shown, Accounts: []ctl.Candidate{}}
	if served := rec.Status/100 == 2 || len(rec.Attempts) == 0 && rec.Account != ""; served {
		e.Chosen, e.Why = rec.AccountName, rec.Why
		e.Accounts = append(e.Accounts, ctl.Candidate{Account: rec.AccountName, Platform: rec.Platform, Eligible: true, Rank: 1, Reason: rec.Why})
	}
	for _, a := range rec.Attempts {
		reason := "tried after " + a.After.Round(time.Millisecond).String() + ": " + a.Error
		e.Accounts = append(e.Accounts, ctl.Candidate{Account: a.Name, Eligible: true, Reason: reason})
	}
	for _, p := range rec.Passed {
		e.Accounts = append(e.Accounts, ctl.Candidate{Account: p.Name, Reason: p.Reason, Until: moment(p.Until), Detail: p.Detail})
	}
	return e
}

// ExplainWant tells where a request would go now.
func (o *Operations) ExplainWant(_ context.Context, in ctl.ExplainQuery) (ctl.Explanation, error) {
	k, err := o.opt.Keys.Get(in.Key)
	if err != nil {
		return ctl.Explanation{}, err
	}
	want := proxyengine.WantOf(o.opt.Usually, k, in.Service, in.Model, in.Client, in.Session)
	sights, why := o.opt.Pool.Explain(want)
	e := ctl.Explanation{Why: why, Accounts: []ctl.Candidate{}}
	for _, s := range sights {
		if s.Rank == 1 {
			e.Chosen = s.Name
		}
		e.Accounts = append(e.Accounts, ctl.Candidate{
			Account: s.Name, Platform: s.Platform, Eligible: s.Reason == account.Eligible, Rank: s.Rank, Reason: s.Reason.String(),
			Until: moment(s.Until), Detail: s.Detail,
		})
	}
	return e, nil
}
