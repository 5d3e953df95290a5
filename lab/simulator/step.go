package simulator

import (
	"time"

	"crs/internal/usage"
)

// verb is what a step does to the answer.
type verb int

const (
	vOK verb = iota
	vStatus
	vSlow
	vStall
	vCut
	vReset
	vRefuse
	vDrip
	vError
	vGzip
	vCRLF
	vSplit
	vGarbage
	vNoLength
	vEmpty
	vBadCRC
	vRandom
)

// notGiven is the after of a step that names no number of events.
const notGiven = -1

// step says how one request is answered. Steps are made by the parser and never change, so that requests can share them.
type step struct {
	name    string // as written, for the record
	verb    verb
	status  int           // vStatus
	word    string        // which kind of status, error or garbage; "" is the plain one
	form    string        // which form an error has, where a provider has several; "" is the usual one
	after   int           // events before the fault
	wait    time.Duration // slow: before the status line; stall: the silence; drip: after each byte
	resetIn time.Duration // when a limit resets; 0 is the provider's default
	retryIn time.Duration // what retry-after says; 0 is the provider's default
	shape
	chance // vRandom
}

// shape is what the answer itself looks like.
type shape struct {
	events         int           // content events; 0 is as many as the text suggests
	gap            time.Duration // before each event but the first
	say            string        // the text; "" is the provider's own
	size           byteSize      // of the text; 0 is as long as it is
	thinking, tool bool
	fiveHour       float64 // utilization of a subscription's windows; 0 is the provider's default
	sevenDay       float64
	bill           [len(figures)]figure
}

// byteSize is a number of bytes that scripts write with KB or MB.
type byteSize int

// figure is a token count that a step may give.
type figure struct {
	n     int64
	given bool
}

// figures are the counts a step can bill, and what scripts call them.
var figures = [...]struct {
	name  string
	field func(*usage.Tokens) *int64
}{
	{"input", func(t *usage.Tokens) *int64 { return &t.Input }},
	{"output", func(t *usage.Tokens) *int64 { return &t.Output }},
	{"cache_read", func(t *usage.Tokens) *int64 { return &t.CacheRead }},
	{"cache_write", func(t *usage.Tokens) *int64 { return &t.CacheWrite }},
	{"cache_write_1h", func(t *usage.Tokens) *int64 { return &t.CacheWrite1h }},
	{"reasoning", func(t *usage.Tokens) *int64 { return &t.Reasoning }},
}

// reasoningFigure is the place of reasoning among them.
const reasoningFigure = 5

// tokens is what an answer bills: t, with the figures that the step gives.
func (s *shape) tokens(t usage.Tokens) usage.Tokens {
	if s.bill == (shape{}).bill {
		return t
	}
	changed := t
	for i, f := range s.bill {
		if f.given {
			*figures[i].field(&changed) = f.n
		}
	}
	return changed
}

// plain answers as if there were no script.
var plain = &step{name: "ok", after: notGiven}

// refused is how requests are answered that never got as far as the script.
var refused = &step{after: notGiven}

// notFound is how a path is answered that no provider has.
var notFound = &step{verb: vStatus, status: 404, after: notGiven}
