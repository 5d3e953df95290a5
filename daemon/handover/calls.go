package handover

import (
	"context"
	"errors"
	"os"

	"crs/internal/limit"
	"crs/internal/unit"
)

// calls are what the old process can ask of its successor. Each runs on a goroutine of its own.
type calls struct{ successor *Successor }

// serving does what only a process that serves can.
func (c *calls) serving(do func(*Services) error) error {
	if d := c.successor.services.Load(); d != nil {
		return do(d)
	}
	return errors.New("the new process does not serve yet")
}

// Hello answers when the successor could take over.
func (c *calls) Hello(s *Setup, out *Ready) error {
	if err := <-c.successor.ready; err != nil {
		return err
	}
	if err := s.agrees(c.successor.setup); err != nil {
		return err
	}
	*out = Ready{PID: os.Getpid(), Version: c.successor.version}
	return nil
}

// Take answers when the successor serves.
func (c *calls) Take(s *State, _ *None) error {
	c.successor.state <- *s
	return <-c.successor.begun
}

// Hear does what the messages say, in their order.
func (c *calls) Hear(list []Message, _ *None) error {
	return c.serving(func(d *Services) error { c.successor.hearAll(d, list); return nil })
}

// Durable tells how many of the records that the old process has told of are durable.
func (c *calls) Durable(_ None, out *uint64) error {
	return c.serving(func(d *Services) error { *out = c.successor.durable(d); return nil })
}

// Admit lets a request in, or refuses it.
func (c *calls) Admit(in *AdmitArgs, out *Answer) error {
	return c.serving(func(d *Services) error { return c.admit(d, in, out) })
}

func (c *calls) admit(d *Services, in *AdmitArgs, out *Answer) error {
	k, err := d.Keys.Get(in.Key)
	if err != nil {
		out.Error = err.Error()
		return nil
	}
	ctx, done := c.successor.began(in.Ticket)
	defer done()
	p, err := d.Gate.Admit(ctx, limit.Ask{Holders: []limit.Holder{k.Holder()}, Amounts: amountsOf(in.Tokens, in.Cost, in.More)})
	switch {
	case errors.As(err, &out.Refused):
	case err != nil:
		out.Error = err.Error()
	case ctx.Err() != nil:
		p.Release()
		p.Settle(unit.Amounts{})
	default:
		out.Waited = p.Waited()
		c.successor.seats.put(in.Ticket, p)
	}
	return nil
}

// began makes a request that can be called off.
func (h *Successor) began(ticket uint64) (context.Context, func()) {
	ctx, stop := context.WithCancel(h.life)
	h.asking.put(ticket, stop)
	return ctx, func() {
		h.asking.take(ticket)
		stop()
	}
}

// Cancel gives back what was asked for under a ticket, or calls the asking off.
func (c *calls) Cancel(ticket uint64, _ *None) error {
	h := c.successor
	if stop := h.asking.get(ticket); stop != nil {
		stop()
	}
	if p := h.seats.take(ticket); p != nil {
		p.Release()
		p.Settle(unit.Amounts{})
	}
	h.free(ticket)
	return nil
}

// Slot takes a slot of an account.
func (c *calls) Slot(in *SlotArgs, out *SlotAnswer) error {
	return c.serving(func(d *Services) error {
		slot, taken, used := d.Pool.TakeSlot(in.Of)
		out.Taken, out.Used = taken, used
		if slot != nil {
			c.successor.slots.put(in.Ticket, slot)
		}
		return nil
	})
}

// Renew replaces a token.
func (c *calls) Renew(in *RenewArgs, out *Answer) error {
	return c.serving(func(d *Services) error {
		if err := d.Renew(context.Background(), in.Account, in.Generation); err != nil {
			out.Error = err.Error()
		}
		return nil
	})
}

// Stopping answers when this process stops.
func (c *calls) Stopping(None, *None) error {
	select {
	case <-c.successor.stopping:
	case <-c.successor.life.Done():
	}
	return nil
}

// Successor answers once this process has handed over to another one than known, 0 for none, with its process id.
func (c *calls) Successor(known int, out *int) error {
	*out = c.successor.successorOtherThan(known)
	return nil
}

// Last never answers: that it ends tells the old process that this one has ended.
func (c *calls) Last(None, *None) error {
	<-c.successor.life.Done()
	return nil
}

// Goodbye is the last that the old process says.
func (c *calls) Goodbye(None, *None) error {
	return c.serving(func(d *Services) error { return d.Ledger.Commit() })
}
