package admin

import (
	"context"
	"iter"
	"strconv"
	"strings"

	"crs/ctl"
	"crs/internal/convert"
	"crs/internal/event"
	"crs/internal/usage"
)

// Requests gives the newest requests that match, oldest of them first.
func (o *Operations) Requests(ctx context.Context, q ctl.RequestQuery) ([]ctl.Request, error) {
	f, err := o.filter(&q)
	if err != nil {
		return nil, err
	}
	records, err := o.opt.Ledger.Search(ctx, f)
	if err != nil {
		return nil, err
	}
	return convert.All(records, showRequest), nil
}

func (o *Operations) filter(q *ctl.RequestQuery) (f usage.Filter, err error) {
	if f.Key, f.Account, err = o.ids(q.Key, q.Account); err != nil {
		return f, err
	}
	if q.Since != "" {
		if f.Since, _, err = readWhen(q.Since, o.opt.Now(), o.opt.Zone); err != nil {
			return f, err
		}
	}
	f.Limit = q.Limit
	f.Status, err = readStatus(q.Status)
	return f, err
}

// ReadLimit reads how many rows are asked for; 0 when nothing is said.
func ReadLimit(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 100_000 {
		return 0, ctl.Errorf(ctl.BadRequest, "the limit %q is not a number from 1 to 100000", text)
	}
	return n, nil
}

// readStatus reads 429, or 4xx for the class.
func readStatus(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	if class, ok := strings.CutSuffix(strings.ToLower(text), "xx"); ok && len(class) == 1 && class >= "1" && class <= "5" {
		return int(class[0] - '0'), nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 || n > 599 {
		return 0, ctl.Errorf(ctl.BadRequest, "%q is no status", text).WithHint("say 429, or 4xx for all of them")
	}
	return n, nil
}

func showRequest(r *usage.Record) ctl.Request {
	t := &r.Tokens
	out := ctl.Request{
		ID: r.ID, At: r.At, Key: r.KeyName, Account: r.AccountName, Platform: r.Platform, Service: r.Service, Model: r.Model,
		Upstream: r.Upstream, Client: r.Client, Stream: r.Stream, Status: r.Status, Error: r.Error,
		FirstByteMS: r.FirstByte.Milliseconds(), TotalMS: r.Total.Milliseconds(), Source: string(r.Source),
		InputTokens: t.Input, OutputTokens: t.Output, CacheRead: t.CacheRead, CacheWrite5m: t.CacheWrite, CacheWrite1h: t.CacheWrite1h,
		Reasoning: t.Reasoning, Cost: ctl.USD(r.Cost), Charged: ctl.USD(r.Charged), Prices: r.Prices, Unpriced: r.Unpriced, Raw: r.Raw,
		Images: r.Images, Searches: r.Searches, TierAsked: r.TierAsked, Tier: r.Tier, Region: r.Region, Unbilled: r.Unbilled, Doubt: r.Doubt,
	}
	for _, i := range r.AppendBilled(nil) {
		out.Items = append(out.Items, ctl.Item{Kind: i.Kind.String(), Amount: i.Amount, Model: i.Model, Tier: i.Tier, Region: i.Region, Prompt: i.Prompt})
	}
	for _, a := range r.Attempts {
		out.Attempts = append(out.Attempts, ctl.Attempt{
			Account: a.Name, Status: a.Status, Error: a.Error, AfterMS: a.After.Milliseconds(), Ambiguous: a.Ambiguous,
		})
	}
	return out
}

// FollowRequests gives the newest requests that match, as many as the limit says, and then every one as it ends, until ctx does.
func (o *Operations) FollowRequests(ctx context.Context, q ctl.RequestQuery) (iter.Seq[ctl.Request], error) {
	f, err := o.filter(&q)
	if err != nil {
		return nil, err
	}
	watch := o.opt.Requests.Watch(1024) // before the log is read: what ends meanwhile is in one of the two, or in both
	var newest []*usage.Record
	if f.Limit > 0 {
		if newest, err = o.opt.Ledger.Search(ctx, f); err != nil {
			watch.Close()
			return nil, err
		}
	}
	return func(yield func(ctl.Request) bool) {
		defer watch.Close()
		told := map[string]bool{}
		for _, rec := range newest {
			told[rec.ID] = true
			if !yield(showRequest(rec)) {
				return
			}
		}
		follow(ctx, watch, func(rec *usage.Record) bool { return told[rec.ID] || !f.Matches(rec) || yield(showRequest(rec)) })
	}, nil
}

// follow ends when ctx does, or tell says that nobody listens.
func follow(ctx context.Context, watch *event.Watcher[usage.Record], tell func(*usage.Record) bool) {
	var ended []usage.Record
	for {
		select {
		case <-watch.More():
			ended, _ = watch.Take(ended[:0])
			for i := range ended {
				if !tell(&ended[i]) {
					return
				}
			}
		case <-ctx.Done():
			return
		}
	}
}
