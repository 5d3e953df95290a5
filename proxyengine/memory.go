package proxyengine

import (
	"unsafe"

	"github.com/dustin/go-humanize"

	"crs/proxyengine/provider"
	"crs/proxyengine/translate"
)

// What an exchange keeps besides the request's body is taken of the budget too, before it is made where that can be known.
// An answer is given its first bytes for nothing, so that no exchange stands still for want of a few. Beyond those a plain
// answer never needs any: it passes on what it has no room for. One that must be put together waits for room while nothing
// is read from the upstream, for as long as limits.body_wait; what it holds itself is never what it waits for.

// smallAnswer is how much of an answer is kept without a claim to memory.
const smallAnswer = 16 << 10

// translating takes what a translation of the request will hold, and gives back what the last one did.
func (x *exchange) translating(codec translate.Codec) (needs int64, err error) {
	x.memory.drop(forTranslation)
	err = x.heavily(func() error {
		needs, err = codec.Weigh(x.in.Body)
		return err
	})
	if err != nil {
		return 0, err
	}
	if most := x.settings.BodyBudget / 2; needs > most {
		return 0, &noMemory{fault(provider.TooLarge,
			"translating this request would take about %s of the relay's memory, and one key may have %s (half of limits.body_budget)",
			humanize.IBytes(uint64(needs)), humanize.IBytes(uint64(most)))}
	}
	return needs, x.need(forTranslation, needs)
}

// made takes what a provider has made of the request: whatever is no part of the body that it was given.
func (x *exchange) made(out *provider.Outbound, body []byte) error {
	n := int64(0)
	for _, part := range out.Body {
		if !partOf(part, body) {
			n += int64(cap(part))
		}
	}
	n += int64(len(out.Body)) * int64(unsafe.Sizeof([]byte(nil)))
	if n <= smallAnswer || x.memory.try(forTranslation, n) {
		return nil
	}
	return &noMemory{x.noRoom()}
}

// partOf reports whether a part lies in a body.
func partOf(part, body []byte) bool {
	if len(part) == 0 {
		return true
	}
	at, begin := uintptr(unsafe.Pointer(unsafe.SliceData(part))), uintptr(unsafe.Pointer(unsafe.SliceData(body)))
	return at >= begin && at < begin+uintptr(len(body))
}

// heavily does work that takes the longer the larger the body is. Of large ones only a few are at work at once, so that there
// is always a processor for whoever asks for little.
func (x *exchange) heavily(work func() error) error {
	if len(x.in.Body) <= light {
		return work()
	}
	if !x.spot.enterUntil(x.life.Done()) {
		return errGone
	}
	defer x.spot.Leave()
	return work()
}

// need waits for n bytes. Want of them is not the account's fault, and no other account would do better.
func (x *exchange) need(of purpose, n int64) error {
	if err := x.reserve(of, n); err != nil {
		return &noMemory{err}
	}
	return nil
}

// noMemory is an end of the request that no account has to do with: there was no memory for it, or its client has left.
type noMemory struct{ why error }

// Error implements error.
func (l *noMemory) Error() string { return l.why.Error() }

// Unwrap gives what the client is told.
func (l *noMemory) Unwrap() error { return l.why }
