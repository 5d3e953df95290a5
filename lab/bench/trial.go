package main

import (
	"context"
	"fmt"
	"time"

	"crs/lab/bench/canned"
	"crs/lab/bench/load"
	"crs/lab/bench/process"
)

// trial is one measurement of one subject.
type trial struct {
	*stage
	*subject
	sample sample
}

const (
	// answerEnd and streamEnd are how whole answers end.
	answerEnd = `"service_tier":"standard"}}`
	streamEnd = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
)

// expect has the upstream answer so, and gives what its answers to a prompt then are. They are alike for all prompts that an
// answer is used for.
func (s *stage) expect(ctx context.Context, a canned.Answer, p prompt) (load.Want, error) {
	if err := canned.Set(ctx, s.upstream, a); err != nil {
		return load.Want{}, err
	}
	want, known := s.wants[a]
	if known {
		return want, nil
	}
	want.End = answerEnd
	if p.stream {
		want.End = streamEnd
	}
	sub, err := s.start(ctx, direct)
	if err != nil {
		return want, err
	}
	if want.Length, err = load.LengthOf(ctx, s.upstream, sub.request(accountKey, p.render(s.source))); err != nil {
		return want, fmt.Errorf("ask the upstream itself: %w", err)
	}
	s.wants[a] = want
	return want, nil
}

// requests renders n requests of different conversations, made with the subject's credentials in turn.
func (t *trial) requests(n int, p prompt) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		p.session = i
		all[i] = t.request(t.credentials[i%len(t.credentials)], p.render(t.source))
	}
	return all
}

// warm is how long load goes on before it is measured.
func (t *trial) warm() time.Duration { return min(t.opt.duration, time.Second) }

// watch measures the processor time that the subject spends on what units counts.
func (t *trial) watch(run *load.Running, units func() int64, m metric) error {
	before, err := process.CPU(t.process.PID())
	if err != nil {
		return err
	}
	first := units()
	if err := run.Sleep(t.opt.duration); err != nil {
		return err
	}
	after, err := process.CPU(t.process.PID())
	if err != nil {
		return err
	}
	used, done := after-before, units()-first
	if done == 0 || used == 0 {
		return fmt.Errorf("%d units of work and %s of CPU in %s are too few to measure", done, used, t.opt.duration)
	}
	t.sample[m] = float64(used) / float64(time.Microsecond) / float64(done)
	return nil
}

// settle makes ten requests, and waits until the memory is what it is when nothing happens.
func (t *trial) settle(ctx context.Context) (process.Memory, error) {
	const patience = 10
	want, err := t.expect(ctx, shortAnswer, prompt{size: promptSmall})
	if err != nil {
		return process.Memory{}, err
	}
	run := load.Crowd{Addr: t.addr, Requests: t.requests(10, prompt{size: promptSmall}), Ramp: 100 * time.Millisecond, Want: want}.Start(ctx)
	if err := run.Wait(); err != nil {
		return process.Memory{}, err
	}
	last, err := process.MemoryOf(t.process.PID())
	for range patience {
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return last, ctx.Err()
		}
		before := last.RSS
		if last, err = process.MemoryOf(t.process.PID()); err != nil || max(before-last.RSS, last.RSS-before) < before/200 {
			break
		}
	}
	return last, err
}
