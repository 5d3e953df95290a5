package provider

import (
	"time"

	"crs/internal/usage"
)

// Verb is what a step does to the answer.
type Verb int

// The verbs.
const (
	DoAnswer Verb = iota
	DoStatus
	DoSlow
	DoStall
	DoCut
	DoReset
	DoRefuse
	DoDrip
	DoError
	DoGzip
	DoCRLF
	DoSplit
	DoGarbage
	DoNoLength
	DoEmpty
	DoBadCRC
	DoRandom
)

// NotGiven is the After of a step that names no number of events.
const NotGiven = -1

// Step says how one request is answered. Steps never change, so that requests can share them.
type Step struct {
	Name    string // as written, for the record
	Verb    Verb
	Status  int           // DoStatus
	Word    string        // which kind of status, error or garbage; "" is the plain one
	Form    string        // which form an error has, where a provider has several; "" is the usual one
	After   int           // events before the fault
	Wait    time.Duration // slow: before the status line; stall: the silence; drip: after each byte
	ResetIn time.Duration // when a limit resets; 0 is the provider's default
	RetryIn time.Duration // what retry-after says; 0 is the provider's default
	Shape
}

// Shape is what the answer itself looks like.
type Shape struct {
	Events         int           // content events; 0 is as many as the text suggests
	Gap            time.Duration // before each event but the first
	Say            string        // the text; "" is the provider's own
	Size           ByteSize      // of the text; 0 is as long as it is
	Thinking, Tool bool
	FiveHour       float64 // utilization of a subscription's windows; 0 is the provider's default
	SevenDay       float64
	Bill           [6]Figure
}

// ByteSize is a number of bytes that scripts write with KB or MB.
type ByteSize int

// Figure is a token count that a step may give.
type Figure struct {
	N     int64
	Given bool
}

// FigureNames are what scripts call the counts a step can bill, in the order of Shape.Bill.
func FigureNames() [6]string {
	return [...]string{"input", "output", "cache_read", "cache_write", "cache_write_1h", "reasoning"}
}

// Billed is what an answer bills: t, with the figures that the step gives.
func (s *Shape) Billed(t usage.Tokens) usage.Tokens {
	for i, field := range []*int64{&t.Input, &t.Output, &t.CacheRead, &t.CacheWrite, &t.CacheWrite1h, &t.Reasoning} {
		if s.Bill[i].Given {
			*field = s.Bill[i].N
		}
	}
	return t
}

// Thought is the same where answers tell the reasoning: half of the output when there was thinking, unless the step says it.
// There is one kind of cache writes.
func (s *Shape) Thought(t usage.Tokens) usage.Tokens {
	t = s.Billed(t)
	t.CacheWrite1h = 0
	if s.Thinking && !s.Bill[5].Given {
		t.Reasoning = t.Output / 2
	}
	return t
}

// Plain is a step that answers as if there were no script.
func Plain() *Step { return &Step{Name: "ok", After: NotGiven} }

// StatusStep is a step that answers with an error status.
func StatusStep(status int, word string) *Step {
	return &Step{Verb: DoStatus, Status: status, Word: word, After: NotGiven}
}

// Kind is one kind of error status: scripts know it by a word, "" for the first of a status.
type Kind struct {
	Status int
	Word   string
}

// Choose finds what a step's status is like in tables of failures, the earlier ones first. A word that none of them has is
// another provider's, and means the plain kind. False means that none has the status.
func Choose[F any](st *Step, kind func(F) Kind, tables ...[]F) (_ F, found bool) {
	for _, word := range []string{st.Word, ""} {
		for _, table := range tables {
			for _, f := range table {
				if kind(f) == (Kind{st.Status, word}) {
					return f, true
				}
			}
		}
	}
	return *new(F), false
}

// Kinds lists the kinds of tables.
func Kinds[F any](kind func(F) Kind, tables ...[]F) []Kind {
	var all []Kind
	for _, table := range tables {
		for _, f := range table {
			all = append(all, kind(f))
		}
	}
	return all
}
