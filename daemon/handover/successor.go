package handover

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/rpc"
	"sync"
	"sync/atomic"
	"time"

	"crs/internal/account"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/patience"
	"crs/internal/unit"
	"crs/internal/usage"
)

// Services are what a successor does for the old process once it serves.
type Services struct {
	Gate   *limit.Gate
	Pool   *account.Pool
	Keys   *key.Ring
	Ledger *usage.Ledger
	// Renew replaces the token of an account.
	Renew func(ctx context.Context, id string, generation int64) error
	// Closed is told of every record that the old process closes.
	Closed func(*usage.Record)
	// Open are the requests that were in flight in the old process.
	Open []*usage.Record
	// Ended is called when the old process has; lost is how many requests ended with it.
	Ended func(lost int)
}

// Successor is the new process's end: what it answers to the old one.
type Successor struct {
	setup    Setup // set before ready gets anything
	version  string
	conn     net.Conn
	state    chan State      // gets the state once
	begun    chan error      // gets once how taking over went
	stopping chan struct{}   // closed when this process stops
	life     context.Context // ends when the old process is gone
	die      context.CancelFunc

	services atomic.Pointer[Services]
	ready    chan error // gets once whether this process could take over

	// What the old process holds, by its tickets, and its requests, by their ids.
	seats  registry[uint64, *limit.Permit]
	slots  registry[uint64, account.Slot]
	asking registry[uint64, context.CancelFunc]
	open   registry[string, *usage.Record]

	mu     sync.Mutex    // guards the fields below
	next   int           // the process that this one has handed over to; 0 when there is none
	passed chan struct{} // closed, and made anew, when next changes
	told   []toldUpTo    // what may not be durable yet
	heard  uint64        // how many records the old process has told of
	sure   uint64        // how many of them are durable
}

// toldUpTo is where in the ledger so many records of the old process end.
type toldUpTo struct{ records, lines uint64 }

// NewSuccessor makes the end of a connection that was inherited.
func NewSuccessor(conn net.Conn, version string) *Successor {
	life, die := context.WithCancel(context.Background())
	return &Successor{
		version: version, conn: conn, life: life, die: die,
		state: make(chan State, 1), begun: make(chan error, 1), ready: make(chan error, 1),
		stopping: make(chan struct{}), passed: make(chan struct{}),
	}
}

// Serve answers the old process until that has ended.
func (h *Successor) Serve() {
	server := rpc.NewServer()
	_ = server.RegisterName("Heir", &calls{h}) // its methods are as rpc wants them
	server.ServeConn(&noticed{h.conn, h.die})  // returns when every call has
	h.orphaned()
}

// noticed tells when the other process has closed the connection: calls that wait for something end then.
type noticed struct {
	net.Conn
	end func()
}

// Read implements net.Conn.
func (c *noticed) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil {
		c.end()
	}
	return n, err
}

// Ready tells the old process that this one could take over.
func (h *Successor) Ready(s Setup) {
	h.setup = s
	h.ready <- nil
}

// Fail tells the old process why this one does not take over, as long as it waits for that.
func (h *Successor) Fail(err error) {
	select {
	case h.ready <- err:
	default:
	}
	h.begun <- err
	patience.Pause(h.life, failWait)
}

// failWait is how long a successor that failed waits for the old process to have heard why.
const failWait = 5 * time.Second

// State waits for what the old process hands over.
func (h *Successor) State(ctx context.Context) (State, error) {
	select {
	case s := <-h.state:
		return s, nil
	case <-h.life.Done():
		return State{}, errors.New("the old process has ended, or keeps serving")
	case <-ctx.Done():
		return State{}, ctx.Err()
	}
}

// Start takes the services on, and does what the old process said first.
func (h *Successor) Start(d *Services, first []Message) {
	for _, rec := range d.Open {
		h.open.put(rec.ID, rec)
	}
	h.hearAll(d, first)
	h.services.Store(d)
}

// Begun tells the old process that this one serves.
func (h *Successor) Begun() { h.begun <- nil }

// Stop tells the old process that both are to stop, and waits until it has ended, or ctx does.
func (h *Successor) Stop(ctx context.Context) {
	close(h.stopping)
	select {
	case <-h.life.Done():
	case <-ctx.Done():
	}
}

// InFlight is how many requests are in flight in the old process.
func (h *Successor) InFlight() int { return h.open.len() }

// Ended is closed when the old process has ended.
func (h *Successor) Ended() <-chan struct{} { return h.life.Done() }

// orphaned gives back what the old process held: it cannot any more.
func (h *Successor) orphaned() {
	d := h.services.Load()
	if d == nil {
		return
	}
	for _, stop := range h.asking.takeAll() {
		stop()
	}
	for _, p := range h.seats.takeAll() {
		p.Release()
		p.Settle(unit.Amounts{})
	}
	for _, s := range h.slots.takeAll() {
		s.Free()
	}
	open := h.open.takeAll()
	for _, rec := range open {
		d.Ledger.Interrupt(rec)
	}
	d.Ended(len(open))
}

// hearAll does what messages say, in their order.
func (h *Successor) hearAll(d *Services, list []Message) {
	for i := range list {
		h.hear(d, &list[i])
	}
	lines, _ := d.Ledger.Progress()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard += uint64(len(linesOf(list)))
	h.told = append(h.told, toldUpTo{h.heard, lines})
}

// durable is how many records of the old process are.
func (h *Successor) durable(d *Services) uint64 {
	_, durable := d.Ledger.Progress()
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.told) > 0 && h.told[0].lines <= durable {
		h.sure, h.told = h.told[0].records, h.told[1:]
	}
	return h.sure
}

// hear does what one message says.
func (h *Successor) hear(d *Services, m *Message) {
	switch m.What {
	case seatAdopted:
		h.seats.put(m.Ticket, d.Gate.Adopt(m.Key, amountsOf(m.Tokens, m.Cost, m.More)))
	case seatLeft:
		if p := h.seats.get(m.Ticket); p != nil {
			p.Release()
		}
	case seatSettled:
		if p := h.seats.take(m.Ticket); p != nil {
			p.Settle(amountsOf(m.Tokens, m.Cost, m.More))
			p.Release()
		}
	case seatCancelled:
		if p := h.seats.take(m.Ticket); p != nil {
			p.Cancel()
		}
	case slotAdopted:
		h.slots.put(m.Ticket, d.Pool.Track(m.Account))
	case slotFreed:
		h.free(m.Ticket)
	case learnt:
		d.Pool.ApplyUpdates([]account.StateUpdate{*m.News})
	case recordOpened, recordClosed:
		h.record(d, m)
	}
}

func (h *Successor) record(d *Services, m *Message) {
	rec := new(usage.Record)
	if json.Unmarshal(m.Record, rec) != nil {
		return // the old process wrote it a moment ago
	}
	if m.What == recordOpened {
		h.open.put(rec.ID, rec)
		_ = d.Ledger.Open(rec) // refused only when the disk has failed for long: its closing is kept all the same
		return
	}
	h.open.take(rec.ID)
	d.Ledger.Close(rec)
	d.Closed(rec)
}

func (h *Successor) free(ticket uint64) {
	if s := h.slots.take(ticket); s != nil {
		s.Free()
	}
}
