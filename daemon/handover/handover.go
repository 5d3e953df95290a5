// Package handover moves a daemon's services to a new process, its successor, that the old process starts beside itself.
//
// The successor inherits the listening sockets and the locks of the data directory, and a connection to the old process. It
// opens what it can, and says that it is ready; it then gets the counts, opens the ledger, and serves. From then on the old
// process only lets what it has in flight run to its end: it asks the successor whenever a limit or an account is in question, and
// sends it every record. When the successor ends before that, the old process takes everything back.
package handover

import (
	"fmt"
	"time"

	"crs/internal/account"
	"crs/internal/clock"
	"crs/internal/limit"
	"crs/internal/unit"
)

// Setup is what a successor must agree with before anything is handed over.
type Setup struct {
	Listen, Socket, Data string
}

// Ready is a successor that could take over.
type Ready struct {
	PID     int
	Version string
}

// State is what a successor must know to take over.
type State struct {
	Started time.Time
	Counts  map[string]limit.Count // by key
	Pool    []byte                 // what was learnt of accounts
	Clock   clock.Reading
	Tokens  []string  // sealed pairs that the store has not taken yet
	Open    []string  // requests that are in flight in the old process
	First   []Message // what came first of what the link tells
}

// what a Message says.
type what uint8

const (
	seatAdopted what = iota + 1 // a request that is let in already
	seatLeft                    // it has given its slot back
	seatSettled
	slotAdopted // of an account
	slotFreed
	learnt // of an account
	recordOpened
	recordClosed
	seatCancelled // settled, and counted for nothing
)

// Message is something that the old process tells its successor. Order matters.
type Message struct {
	What         what
	Ticket       uint64
	Key          string
	Tokens, Cost int64
	More         []int64 // all amounts, in the order of units; versions that know none say tokens and costs
	Account      string
	Most         int
	News         *account.StateUpdate
	Record       []byte
}

// AdmitArgs asks the successor to let a request in.
type AdmitArgs struct {
	Ticket       uint64
	Key          string
	Tokens, Cost int64
	More         []int64 // as in Message
}

// amountsOf reads amounts that a process of any version says.
func amountsOf(tokens, cost int64, more []int64) unit.Amounts {
	a := unit.Read(more)
	a[unit.Tokens], a[unit.Cost] = tokens, cost
	return a
}

// Answer is what came of asking. Exactly one is set when it was refused.
type Answer struct {
	Refused *limit.Exceeded
	Error   string
	Waited  time.Duration // in the queue
}

// SlotArgs asks for a slot of the first account that has one free.
type SlotArgs struct {
	Ticket uint64
	Of     []account.Cap
}

// SlotAnswer is which one it was, -1 for none.
type SlotAnswer struct {
	Taken int
	Used  []int
}

// RenewArgs asks for a fresh token.
type RenewArgs struct {
	Account    string
	Generation int64
}

// None is nothing to say.
type None struct{}

// agrees finds what cannot be handed over because it was changed in the configuration.
func (s *Setup) agrees(successor Setup) error {
	for _, c := range []struct{ what, old, new string }{
		{"listen", s.Listen, successor.Listen}, {"socket", s.Socket, successor.Socket}, {"data", s.Data, successor.Data},
	} {
		if c.old != c.new {
			return fmt.Errorf("%s was changed from %s to %s, which takes effect only when the daemon is stopped and started", c.what, c.old, c.new)
		}
	}
	return nil
}
