package control

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"crs/ctl"
	"crs/internal/event"
	"crs/internal/usage"
)

func (h *Handler) requests(r *http.Request) (any, error) {
	f, err := h.filter(r)
	if err != nil {
		return nil, err
	}
	records, err := h.opt.Ledger.Search(r.Context(), f)
	if err != nil {
		return nil, err
	}
	all := []ctl.Request{}
	for _, rec := range records {
		all = append(all, showRequest(rec))
	}
	return all, nil
}

func (h *Handler) filter(r *http.Request) (f usage.Filter, err error) {
	v := r.URL.Query()
	if f.Key, f.Account, err = h.ids(v.Get("key"), v.Get("account")); err != nil {
		return f, err
	}
	if since := v.Get("since"); since != "" {
		if f.Since, _, err = readWhen(since, h.opt.Now(), h.opt.Zone); err != nil {
			return f, err
		}
	}
	if text := v.Get("limit"); text != "" {
		if f.Limit, err = strconv.Atoi(text); err != nil || f.Limit < 1 || f.Limit > 100_000 {
			return f, ctl.Errorf(ctl.BadRequest, "the limit %q is not a number from 1 to 100000", text)
		}
	}
	f.Status, err = readStatus(v.Get("status"))
	return f, err
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
	}
	for _, a := range r.Attempts {
		out.Attempts = append(out.Attempts, ctl.Attempt{
			Account: a.Name, Status: a.Status, Error: a.Error, AfterMS: a.After.Milliseconds(), Ambiguous: a.Ambiguous,
		})
	}
	return out
}

// followRequests sends the newest requests that match, as many as the limit says, and then every one as it ends; one JSON
// object a line.
func (h *Handler) followRequests(w http.ResponseWriter, r *http.Request) error {
	f, err := h.filter(r)
	if err != nil {
		return err
	}
	watch := h.opt.Requests.Watch(1024) // before the log is read: what ends meanwhile is in one of the two, or in both
	defer watch.Close()
	var newest []*usage.Record
	if f.Limit > 0 {
		if newest, err = h.opt.Ledger.Search(r.Context(), f); err != nil {
			return err
		}
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	conn := http.NewResponseController(w)
	defer h.unblock(r, conn)()
	line := lines{json.NewEncoder(w), conn.Flush}
	told := map[string]bool{}
	for _, rec := range newest {
		told[rec.ID] = true
		if !line.write(rec) {
			return nil
		}
	}
	if line.flush() != nil {
		return nil
	}
	h.follow(r, watch, line, func(rec *usage.Record) bool { return f.Matches(rec) && !told[rec.ID] })
	return nil
}

// follow ends when the watcher leaves, or the daemon stops.
func (h *Handler) follow(r *http.Request, watch *event.Watcher[usage.Record], line lines, wanted func(*usage.Record) bool) {
	ending := h.ending()
	var ended []usage.Record
	for {
		select {
		case <-watch.More():
			ended, _ = watch.Take(ended[:0])
			for i := range ended {
				if rec := &ended[i]; wanted(rec) && !line.write(rec) {
					return
				}
			}
		case <-ending:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// lines writes records to somebody who may leave.
type lines struct {
	enc   *json.Encoder
	flush func() error
}

// write reports whether the watcher is still there.
func (l lines) write(rec *usage.Record) bool {
	return l.enc.Encode(showRequest(rec)) == nil && l.flush() == nil
}
