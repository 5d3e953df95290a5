package handover

import (
	"context"
	"errors"
	"net"
	"net/rpc"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"crs/internal/account"
	"crs/internal/limit"
	"crs/internal/oauth"
	"crs/internal/patience"
	"crs/internal/unit"
	"crs/internal/usage"
)

// Link is the old process's end. Until Commit, whoever asks it waits and what it is told is kept; after Return, everybody is
// sent back to where they came from.
type Link struct {
	successor *rpc.Client
	tickets   atomic.Uint64

	committed chan struct{} // closed when the successor serves
	returned  chan struct{} // closed when it never will, or has ended and everything was taken back
	lost      chan struct{} // closed when the successor has ended
	once      sync.Once
	next      atomic.Int64 // the process that the successor has handed over to; 0 when there is none

	leaving   sync.Mutex // held while the successor is told that all is done; guards dismissed
	dismissed bool

	mu    sync.Mutex // guards the fields below
	queue []Message
	more  chan struct{}
	sent  []Message    // on their way: whether the successor has got them is not known
	heard []usage.Line // that the successor has got, and may not have made durable
	sure  uint64       // how many are durable, of all that it has got
	idle  *sync.Cond
}

// NewLink makes a link over the connection to a successor.
func NewLink(conn net.Conn) *Link {
	l := &Link{
		committed: make(chan struct{}), returned: make(chan struct{}), lost: make(chan struct{}), more: make(chan struct{}, 1),
	}
	l.idle = sync.NewCond(&l.mu)
	l.successor = rpc.NewClient(conn)
	return l
}

// Hello waits until the successor is ready.
func (l *Link) Hello(ctx context.Context, s Setup) (Ready, error) {
	var r Ready
	return r, l.call(ctx, "Hello", &s, &r)
}

// Take hands over, and returns when the successor serves.
func (l *Link) Take(ctx context.Context, s State) error {
	l.mu.Lock()
	s.First, l.queue = l.queue, nil
	l.sent = s.First
	l.mu.Unlock()
	return l.call(ctx, "Take", &s, new(None))
}

// Commit lets everybody through to the successor.
func (l *Link) Commit() {
	l.mu.Lock()
	l.heard, l.sent = append(l.heard, linesOf(l.sent)...), nil
	l.mu.Unlock()
	close(l.committed)
	go l.pump()
	go l.followSuccessor()
	go func() {
		_ = l.successor.Call("Heir.Last", None{}, new(None)) // ends with the successor
		l.broke()
	}()
}

// Lost is closed when nothing leads to the successor any more: it has ended, or was told that all is done.
func (l *Link) Lost() <-chan struct{} { return l.lost }

func (l *Link) broke() {
	l.once.Do(func() {
		close(l.lost)
		l.mu.Lock()
		l.idle.Broadcast()
		l.mu.Unlock()
	})
}

// Stopping waits until the successor is told to stop, and reports whether it was. It is false when the successor has ended, or ctx.
func (l *Link) Stopping(ctx context.Context) bool {
	return l.call(ctx, "Stopping", &None{}, new(None)) == nil
}

// Return sends everybody back, and gives the records that the successor may not have made durable. It gives each once.
func (l *Link) Return() []usage.Line {
	l.broke()
	_ = l.successor.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := append(append(l.heard, linesOf(l.sent)...), linesOf(l.queue)...)
	l.heard, l.sent, l.queue = nil, nil, nil
	return lines
}

func linesOf(messages []Message) []usage.Line {
	var lines []usage.Line
	for _, m := range messages {
		if m.What == recordOpened || m.What == recordClosed {
			lines = append(lines, usage.Line{Opened: m.What == recordOpened, Record: m.Record})
		}
	}
	return lines
}

// Settled reports whether everything that the successor was told is durable with it.
func (l *Link) Settled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue)+len(l.sent)+len(l.heard) == 0
}

// Release lets those go who wait for an answer: what they asked for is decided where it was before.
func (l *Link) Release() { close(l.returned) }

func (l *Link) isLost() bool { return patience.Over(l.lost) }

func (l *Link) call(ctx context.Context, method string, in, out any) error {
	c := l.successor.Go("Heir."+method, in, out, make(chan *rpc.Call, 1))
	select {
	case <-c.Done:
		return c.Error
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tell sends m some time, in its order.
func (l *Link) tell(m Message) {
	l.mu.Lock()
	l.queue = append(l.queue, m)
	l.mu.Unlock()
	patience.Poke(l.more)
}

// pump sends what was told, one batch after the other, and keeps what is not durable with the successor yet.
func (l *Link) pump() {
	defer l.broke()
	for {
		batch, unsure := l.nextBatch()
		var ask <-chan time.Time
		if unsure {
			ask = time.After(askAgain)
		}
		if len(batch) == 0 {
			select {
			case <-l.more:
				continue
			case <-ask:
			case <-l.lost:
				return
			}
		}
		if len(batch) > 0 {
			if err := l.successor.Call("Heir.Hear", batch, new(None)); err != nil {
				return
			}
		}
		if err := l.askDurable(); err != nil {
			return
		}
	}
}

// askAgain is when the successor is asked again whether it has made durable what it was told.
const askAgain = 100 * time.Millisecond

// nextBatch gives what is to be sent, and reports whether something that was sent may not be durable.
func (l *Link) nextBatch() (batch []Message, unsure bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent, l.queue = l.queue, nil
	if len(l.sent)+len(l.heard) == 0 {
		l.idle.Broadcast()
	}
	return l.sent, len(l.heard) > 0
}

// askDurable forgets what is durable with the successor. One of an older version does not say; it is taken at its word then.
func (l *Link) askDurable() error {
	l.mu.Lock()
	l.heard, l.sent = append(l.heard, linesOf(l.sent)...), nil
	all := l.sure + uint64(len(l.heard))
	l.mu.Unlock()
	durable := all
	err := l.successor.Call("Heir.Durable", None{}, &durable)
	if errors.As(err, new(rpc.ServerError)) {
		durable, err = all, nil
	}
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := min(durable, all) - min(l.sure, durable); n > 0 && n <= uint64(len(l.heard)) {
		l.heard, l.sure = slices.Clone(l.heard[n:]), l.sure+n
	}
	return nil
}

// open waits until the successor serves. It gives errBack when it never will.
func (l *Link) open(ctx context.Context) error {
	select {
	case <-l.committed:
		return nil
	case <-l.returned:
		return errBack
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errBack = errors.New("the successor has ended")

// ask asks the successor. When it ends, whoever asks waits until everything was taken back, and gets errBack.
func (l *Link) ask(ctx context.Context, method string, in, out any) error {
	if err := l.open(ctx); err != nil {
		return err
	}
	err := l.call(ctx, method, in, out)
	if err == nil || ctx.Err() != nil {
		return err
	}
	l.broke()
	select {
	case <-l.returned:
		return errBack
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Limits is the link as a gate sees it.
func (l *Link) Limits() limit.Shared { return limits{l} }

type limits struct{ link *Link }

// seat is a request that the successor counts.
type seat struct {
	link   *Link
	ticket uint64
	waited time.Duration
}

func (s limits) Admit(ctx context.Context, h limit.Holder, estimate unit.Amounts) (limit.Seat, error) {
	l, ticket := s.link, s.link.tickets.Add(1)
	var a Answer
	err := l.askFor(ctx, ticket, "Admit", &AdmitArgs{ticket, h.ID, estimate[unit.Tokens], estimate[unit.Cost], estimate.List()}, &a)
	switch {
	case err != nil:
		return nil, err
	case a.Refused != nil:
		return nil, a.Refused
	case a.Error != "":
		return nil, errors.New(a.Error)
	}
	return seat{l, ticket, a.Waited}, nil
}

// askFor asks for something that the successor holds under a ticket. When whoever asks has left meanwhile, it is given back.
func (l *Link) askFor(ctx context.Context, ticket uint64, method string, in, out any) error {
	err := l.ask(ctx, method, in, out)
	if err != nil && !errors.Is(err, errBack) {
		_ = l.successor.Go("Heir.Cancel", ticket, new(None), make(chan *rpc.Call, 1))
	}
	return err
}

func (s limits) Adopt(h limit.Holder, estimate unit.Amounts) limit.Seat {
	l, ticket := s.link, s.link.tickets.Add(1)
	l.tell(Message{What: seatAdopted, Ticket: ticket, Key: h.ID, Tokens: estimate[unit.Tokens], Cost: estimate[unit.Cost], More: estimate.List()})
	return seat{link: l, ticket: ticket}
}

func (s limits) Use(context.Context, limit.Holder, limit.Use) (limit.Use, error) {
	return limit.Use{}, errors.New("this process has handed over")
}

func (limits) Closed() error { return nil }

func (s seat) Release() { s.link.tell(Message{What: seatLeft, Ticket: s.ticket}) }

func (s seat) Settle(used unit.Amounts) {
	s.link.tell(Message{What: seatSettled, Ticket: s.ticket, Tokens: used[unit.Tokens], Cost: used[unit.Cost], More: used.List()})
}

func (s seat) Cancel() { s.link.tell(Message{What: seatCancelled, Ticket: s.ticket}) }

func (s seat) Waited() time.Duration { return s.waited }

func (seat) Spent() limit.Spent { return limit.Spent{} }

// Accounts is the link as a pool sees it.
func (l *Link) Accounts() account.Shared { return accounts{l} }

type accounts struct{ link *Link }

type slot struct {
	link   *Link
	ticket uint64
}

func (a accounts) Take(ctx context.Context, of []account.Cap) (account.Slot, int, []int, error) {
	l, ticket := a.link, a.link.tickets.Add(1)
	var got SlotAnswer
	err := l.askFor(ctx, ticket, "Slot", &SlotArgs{ticket, of}, &got)
	switch {
	case err != nil:
		return nil, -1, nil, err
	case got.Taken < 0:
		return nil, -1, got.Used, nil
	}
	return slot{l, ticket}, got.Taken, got.Used, nil
}

func (a accounts) Adopt(of account.Cap) account.Slot {
	l, ticket := a.link, a.link.tickets.Add(1)
	l.tell(Message{What: slotAdopted, Ticket: ticket, Account: of.Account, Most: of.Most})
	return slot{l, ticket}
}

func (a accounts) Publish(n account.StateUpdate) { a.link.tell(Message{What: learnt, News: &n}) }

func (s slot) Free() { s.link.tell(Message{What: slotFreed, Ticket: s.ticket}) }

// Tokens is the link as a keeper sees it.
func (l *Link) Tokens() oauth.Successor { return tokens{l} }

type tokens struct{ link *Link }

func (t tokens) Renew(ctx context.Context, id string, generation int64) error {
	var a Answer
	err := t.link.ask(ctx, "Renew", &RenewArgs{id, generation}, &a)
	if err == nil && a.Error != "" {
		err = errors.New(a.Error)
	}
	return err
}

// Opened implements usage.Successor.
func (l *Link) Opened(record []byte) { l.tell(Message{What: recordOpened, Record: record}) }

// Closed implements usage.Successor.
func (l *Link) Closed(record []byte) { l.tell(Message{What: recordClosed, Record: record}) }
