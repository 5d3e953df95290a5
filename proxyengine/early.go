package proxyengine

import (
	"cmp"
	"errors"
	"time"

	"crs/internal/key"
	"crs/internal/limit"
	"crs/proxyengine/provider"
)

// errUnseen is in the record of a request that the key's limits refused before its body had come.
var errUnseen = errors.New("its body was not read, so what it asked for is not known")

// forGood gives the refusal that waiting does not change in the place of one that it does, as far as what has come of the
// request says so: whoever comes back later would be refused all the same. Nothing is waited for, and nothing large is read.
func (x *exchange) forGood(refused error) error {
	var limited *limit.Exceeded
	if !errors.As(refused, &limited) {
		return refused
	}
	return cmp.Or(x.denied(), x.orForbidden(refused))
}

// denied is the refusal of what the key may not ask for, if enough has come to know.
func (x *exchange) denied() error {
	if x.readArrived() {
		return x.understand()
	}
	param := x.in.Param // a path says it, in some protocols
	if param == "" || x.presented.holds(param) {
		x.unseen = true
		return nil
	}
	intent := provider.Intent{Model: param}
	if err := named(&intent); err != nil {
		return err
	}
	x.intent.Model, x.record.Model = param, param
	if !x.key.Policy.AllowsModel(param) {
		return &key.NotAllowed{What: "model", Value: param, Allowed: x.key.Policy.AllowModels}
	}
	return nil
}

// orForbidden gives, in the place of a limit's refusal, that of a key that may not use the platform of any account that is meant for
// this. Which accounts those are, does not depend on the body.
func (x *exchange) orForbidden(refused error) error {
	var limited *limit.Exceeded
	if !errors.As(refused, &limited) {
		return refused
	}
	if none := x.e.opt.Pool.Forbidden(x.want()); none != nil {
		return none
	}
	return refused
}

// arrives is how long what is on its way with the head may take.
const arrives = 50 * time.Millisecond

// readArrived reads a small body that has come with the head, and reports whether it was all there and can be read. It waits for no
// memory, and hardly for the client.
func (x *exchange) readArrived() bool {
	usual := x.settings
	hasty := *usual
	hasty.BodyMax, hasty.Body, hasty.BodyRate, hasty.BodyWait = min(small-1, usual.BodyMax), arrives, 0, 0
	x.settings = &hasty
	err := x.readBody()
	x.settings = usual
	x.hasty = !x.read && x.in.Body != nil
	x.torn, x.ended.Refused = false, "" // it is refused for its key's limit
	return err == nil && x.read
}
