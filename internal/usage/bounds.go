package usage

import (
	"bytes"
	"encoding/json"
	"strconv"

	"crs/internal/bound"
)

// bounds are how long the texts of a record may be, by their names in JSON. What is longer is cut: whatever is written can be
// read back.
func (r *Record) bounds() [19]text {
	return [...]text{
		{&r.ID, bound.ID}, {&r.Key, bound.ID}, {&r.KeyName, bound.Name}, {&r.Account, bound.ID}, {&r.AccountName, bound.Name},
		{&r.Platform, bound.ID}, {&r.Service, bound.ID}, {&r.Model, bound.Name}, {&r.Upstream, bound.Mapped}, {&r.Client, bound.ID},
		{&r.Error, bound.Message}, {&r.Prices, bound.Name}, {&r.Why, bound.Name},
		{&r.Answered, bound.Mapped}, {&r.PricedAs, bound.Mapped}, {&r.TierAsked, bound.ID}, {&r.Tier, bound.ID}, {&r.Region, bound.ID}, {&r.Doubt, bound.Message},
	}
}

type text struct {
	of   *string
	most int
}

func cut(all ...text) {
	for _, t := range all {
		*t.of = bound.Cut(*t.of, t.most)
	}
}

// Bound cuts what is longer than a record may hold. It changes nothing in one that has been bound.
func (r *Record) Bound() {
	for _, t := range r.bounds() {
		cut(t)
	}
	r.Source = Source(bound.Cut(string(r.Source), bound.ID))
	for i := range r.Attempts {
		a := &r.Attempts[i]
		cut(text{&a.Account, bound.ID}, text{&a.Name, bound.Name}, text{&a.Error, bound.Evidence})
	}
	for i := range r.Passed {
		p := &r.Passed[i]
		cut(text{&p.Account, bound.ID}, text{&p.Name, bound.Name}, text{&p.Reason, bound.Name}, text{&p.Detail, bound.Evidence})
	}
	r.Items = r.Items[:min(len(r.Items), MostItems)]
	for n := range r.Items {
		i := &r.Items[n]
		cut(text{&i.Model, bound.Mapped}, text{&i.Tier, bound.ID}, text{&i.Region, bound.ID})
	}
	r.Raw = boundRaw(r.Raw)
}

// boundRaw gives an upstream's usage as a line of the ledger can hold it, or says how much was left out.
func boundRaw(raw json.RawMessage) json.RawMessage {
	switch {
	case len(raw) == 0:
		return nil
	case len(raw) > bound.Raw, !json.Valid(raw):
		return append(strconv.AppendInt([]byte(`{"left_out_bytes":`), int64(len(raw)), 10), '}')
	case !bytes.ContainsAny(raw, "\r\n") && raw[0] > ' ' && raw[len(raw)-1] > ' ':
		return raw
	}
	var compact bytes.Buffer
	_ = json.Compact(&compact, raw) // it is valid
	return compact.Bytes()
}

// longestRecord is well below maxLine. Only lists of attempts and of accounts that were passed over can make a record longer.
const longestRecord = 1 << 20

// fit shortens the lists of a record until it is no longer than a line may be, and appends it.
func (r *Record) fit(b []byte) []byte {
	start := len(b)
	for {
		if b = r.appendFields(b[:start]); len(b)-start <= longestRecord {
			return b
		}
		r.Passed, r.Attempts = r.Passed[:len(r.Passed)/2], r.Attempts[:len(r.Attempts)/2]
	}
}
