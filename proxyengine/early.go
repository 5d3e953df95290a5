package proxyengine

import (
	"cmp"
	"errors"
	"io"
	"slices"
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
	var limited *limit.Refused
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
		return &key.Denied{What: "model", Value: param, Allowed: x.key.Policy.AllowModels}
	}
	return nil
}

// forbidden is the refusal of a key that may not use the platform of any account that is meant for this. Which accounts those are, does
// not depend on the body.
func (x *exchange) forbidden() error {
	if none := x.e.opt.Pool.Forbidden(x.want()); none != nil {
		return none
	}
	return nil
}

// orForbidden gives that refusal in the place of a limit's.
func (x *exchange) orForbidden(refused error) error {
	var limited *limit.Refused
	if !errors.As(refused, &limited) {
		return refused
	}
	return cmp.Or(x.forbidden(), refused)
}

// arrives is how long what is on its way with the head may take.
const arrives = 50 * time.Millisecond

// readArrived reads a small body that has come with the head, and reports whether it was all there and can be read.
func (x *exchange) readArrived() bool {
	stream, length := x.ctx.RequestBodyStream(), int64(x.ctx.Request.Header.ContentLength())
	most := min(small, x.settings.BodyMax)
	if stream == nil || length == 0 || length > most {
		return false
	}
	if length > 0 {
		most = length
	}
	if !x.weight.try(forBody, sizeOf(most)) || x.ctx.SetReadDeadline(time.Now().Add(arrives)) != nil {
		return false
	}
	x.in.Body = getBuffer(int(most))
	x.pace = pace{stream: stream, chunks: x.pace.chunks}
	if x.read = x.readUpTo(most, length); !x.read {
		x.hasty = true
		return false
	}
	if !x.unpackArrived() {
		return false
	}
	return x.ctx.SetReadDeadline(time.Time{}) == nil
}

// readUpTo reads a body of at most so many bytes, and reports whether that was all of it. One in chunks has a negative length.
func (x *exchange) readUpTo(most, length int64) bool {
	for {
		n, err := x.pace.take(x.in.Body[len(x.in.Body):most])
		x.in.Body = x.in.Body[:len(x.in.Body)+n]
		switch got := int64(len(x.in.Body)); {
		case got == length, length < 0 && err == io.EOF:
			return true
		case err != nil, got == most:
			return false
		}
	}
}

// unpackArrived takes the encoding off a body that has arrived, if there is room at once and it stays small.
func (x *exchange) unpackArrived() bool {
	coding := codingOf(x.in.Header)
	if coding == "" {
		return true
	}
	turn := weight{budget: x.e.decoders, key: x.weight.key}
	defer turn.close()
	if !slices.Contains(codings, coding) || !turn.try(forDecoder, 1) || !x.weight.try(forDecoder, windowOf(coding, x.in.Body)+decoderSize) {
		return false
	}
	defer x.weight.drop(forDecoder)
	from, err := decoder(coding, x.in.Body)
	if err != nil || !x.weight.try(forBody, small) {
		return false
	}
	defer from.Close()
	plain := getBuffer(small)
	n, err := io.ReadFull(from, plain[:small])
	if err != io.ErrUnexpectedEOF { // there is more, or nothing, or what nobody can read
		putBuffer(plain)
		x.weight.give(forBody, small)
		return false
	}
	x.weight.give(forBody, int64(cap(x.in.Body)))
	putBuffer(x.in.Body)
	x.in.Body = plain[:n]
	return true
}
