package proxyengine

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"crs/internal/account"
	"crs/internal/bound"
	"crs/internal/limit"
	"crs/internal/unit"
	"crs/internal/usage"
	"crs/proxyengine/provider"
)

// UnknownPrice is what becomes of requests of keys with a cost limit for a model whose price is not known. All of them are marked, and
// so are those of other keys.
type UnknownPrice string

// The choices. Where an account's address is not its vendor's, nobody knows whose models it has: requests there are only marked.
const (
	Dearest UnknownPrice = "dearest" // they are charged as the dearest model of the same vendor
	Refuse  UnknownPrice = "refuse"  // they are refused
	Warn    UnknownPrice = "warn"    // they are charged nothing
)

// vendorOf is whose protocol a service is of, as price tables name vendors.
func vendorOf(service string) string {
	vendor, _, _ := strings.Cut(service, "/")
	return vendor
}

// usualAnswer is how many tokens of an answer are held back for a request that may give many more: requests rarely use
// what they may, and holding all of it back would refuse others for nothing.
const usualAnswer = 1000

// estimate is the request at the gate, with what it may use.
func (x *exchange) estimate() limit.Ask {
	t := usage.Tokens{Input: x.intent.PromptTokens, Output: usualAnswer}
	if m := x.intent.MaxTokens; m > 0 {
		t.Output = min(m, usualAnswer)
	}
	images := x.images()
	call := usage.Call{Model: x.intent.Model, Tier: x.intent.Tier, Tokens: t, Also: usage.Amounts{usage.Image: images, usage.WebSearch: x.beside.Searches}}
	call.Tokens.Output *= min(max(x.intent.Answers, 1), mostAnswers)
	if images > 0 {
		each := cmp.Or(x.intent.ImageTokens, usualImage)
		call.Tokens.Output, call.Also[usage.ImageOutput] = images*each, images*each
	}
	if x.beside.Searches > 0 {
		call.Also[usage.GroundedTurn] = 1
	}
	var room [8]usage.Item
	items := call.AppendItems(room[:0])
	items = x.appendOthers(items, t)
	cost, known := x.e.opt.Prices().CostOf(items, x.record.At)
	charged := x.charge(bound.Figure(int64(cost), bound.Cost))
	if !known {
		charged, _ = x.chargeUnknown(items, vendorOf(x.route.service))
	}
	return limit.Ask{Holders: x.holders[:], Amounts: unit.Amounts{unit.Tokens: call.Tokens.Metered(), unit.Cost: charged, unit.Images: x.intent.Images}}
}

// appendOthers appends what other models may use that the request names, as far as they answer with text.
func (x *exchange) appendOthers(items []usage.Item, each usage.Tokens) []usage.Item {
	for _, name := range x.beside.Models {
		if m, ok := x.e.opt.Prices().Lookup(name, x.record.At); ok && m.Price.Mode == "chat" {
			call := usage.Call{Model: name, Tier: x.intent.Tier, Tokens: each}
			items = call.AppendItems(items)
		}
	}
	return items
}

// images is how many images a request will most likely make. Some models make one unasked.
func (x *exchange) images() int64 {
	if x.intent.Images > 0 {
		return x.intent.Images
	}
	if m, ok := x.e.opt.Prices().Lookup(x.intent.Model, x.record.At); ok && m.Price.Mode == "image_generation" {
		return 1
	}
	return 0
}

const (
	// usualImage is about how many tokens an image is.
	usualImage = 1500
	// mostAnswers bounds how many answers are reserved for.
	mostAnswers = 128
)

// price is what the record costs, at the price of the model that answered, and what the key is charged for it.
func (x *exchange) price(answered string) {
	r, table := &x.record, x.e.opt.Prices()
	at := r.End()
	asked := cmp.Or(r.Upstream, r.Model)
	if answered != asked && answered != r.Model {
		r.Answered = answered
	}
	if name, ok := table.Choose(at, answered, asked, r.Model); ok && name != asked {
		r.PricedAs = name
	}
	var room [12]usage.Item
	items := r.AppendBilled(room[:0])
	cost, known := table.CostOf(items, at)
	if r.Answered != "" && !table.Has(answered, at) {
		r.Doubt = cmp.Or(r.Doubt, "it was answered by "+answered+", whose price is not known: that of the model that was asked was taken")
	}
	r.Doubt = cmp.Or(r.Doubt, table.Doubt(items, at))
	r.Cost, r.Unpriced = bound.Figure(int64(cost), bound.Cost), !known
	r.Charged = x.charge(r.Cost)
	r.Prices = table.Version()
	if r.Unpriced && x.atVendor(x.served.acc) {
		if charged, as := x.chargeUnknown(items, vendorOf(x.served.want.Service)); as != "" {
			r.Charged, r.Doubt = charged, "no price is known: the key was charged as for "+as
		}
	}
}

// charge is what the key is charged for it, as far as a request can cost anything.
func (x *exchange) charge(cost int64) int64 {
	return bound.Figure(x.key.Policy.Charge(cost), bound.Cost)
}

// chargeUnknown is what a key with a cost limit is charged where a model's price is not known, and as which model; nothing where it is
// to be warned only.
func (x *exchange) chargeUnknown(items []usage.Item, vendor string) (charged int64, as string) {
	if x.settings.UnknownPrice != Dearest || !x.key.Policy.Limits.Limits(unit.Cost) {
		return 0, ""
	}
	table, at := x.e.opt.Prices(), x.record.End()
	as, ok := table.Dearest(vendor, at)
	if !ok {
		return 0, ""
	}
	for n := range items {
		if !table.Has(items[n].Model, at) {
			items[n].Model = as
		}
	}
	cost, _ := table.CostOf(items, at)
	return x.charge(bound.Figure(int64(cost), bound.Cost)), as
}

// atVendor reports whether it is known whose models an account has.
func (x *exchange) atVendor(acc *account.Account) bool {
	p := x.e.platforms[acc.Platform]
	return p.AtVendor(acc)
}

// checkPrice refuses a request whose cost nobody could hold against the key's limit, where the operator wants that.
func (x *exchange) checkPrice(acc *account.Account) error {
	if x.settings.UnknownPrice != Refuse || x.intent.Free || !x.key.Policy.Limits.Limits(unit.Cost) || !x.atVendor(acc) {
		return nil
	}
	table, at := x.e.opt.Prices(), x.record.At
	_, known := table.Choose(at, "", acc.Upstream(x.intent.Model), x.intent.Model)
	if !known {
		return noPrice(x.intent.Model)
	}
	for _, name := range x.beside.Models {
		if !table.Has(name, at) {
			return noPrice(name)
		}
	}
	return nil
}

func noPrice(model string) error {
	return &provider.Fault{Status: http.StatusForbidden, Kind: provider.Forbidden, Message: fmt.Sprintf(
		"no price is known for the model %s, and this key has a cost limit: the operator of this relay can set one", bound.Quoted(model))}
}
