package demo

import (
	"context"
	"fmt"
	"io"
	"time"
)

// script has the provider answer slowly enough to be seen.
func script() string {
	return fmt.Sprintf("loop:ok(gap=60ms,events=%d,text=%q,input=1200,output=180,cache_read=24000,cache_write=3000,cache_write_1h=0)", len(answer)/9, answer)
}

const answer = "It holds the accounts, so that you hold one key. It picks an account for each request, waits its turn when one is busy, " +
	"and moves on to another when one fails, before you notice. The bytes of this answer came through as they were, one event at a " +
	"time, and what they cost has been written down."

// Play has every conversation, and prints question and answer as they come. Afterwards the figures are complete.
func (d *Demo) Play(ctx context.Context, out io.Writer) error {
	for _, c := range conversations() {
		_, _ = fmt.Fprintf(out, "%s\n  you:    %s\n  answer: ", c.protocol, c.question)
		said := 0
		err := c.ask(ctx, d, func(text string) {
			said += len(text)
			_, _ = io.WriteString(out, text)
		})
		_, _ = io.WriteString(out, "\n\n")
		if err == nil && said == 0 {
			err = fmt.Errorf("the answer is empty")
		}
		if err != nil {
			return fmt.Errorf("relay a conversation (%s): %w", c.protocol, err)
		}
	}
	return d.settled(ctx)
}

// settled waits until every request is written down: a client has its last byte a moment before that.
func (d *Demo) settled(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		s, err := d.client.Status(ctx)
		if err != nil || s.InFlight == 0 && s.LedgerOpen == 0 {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for the usage to be written down: %w", ctx.Err())
		}
	}
}
