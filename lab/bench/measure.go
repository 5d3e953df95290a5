package main

import (
	"context"
	"fmt"
	"time"

	"crs/lab/bench/canned"
	"crs/lab/bench/load"
	"crs/lab/bench/process"
)

const (
	kilobyte = 1e3
	megabyte = 1e6
)

// repeat measures the processor time of requests that follow each other on a few connections.
func repeat(a canned.Answer, p prompt) func(context.Context, *trial) error {
	return func(ctx context.Context, t *trial) error { return t.loop(ctx, a, p, conns) }
}

// loop goes through so many conversations in turn.
func (t *trial) loop(ctx context.Context, a canned.Answer, p prompt, conversations int) error {
	want, err := t.expect(ctx, a, p)
	if err != nil {
		return err
	}
	_, err = t.keep(ctx, load.Loop{Addr: t.addr, Requests: t.requests(conversations, p), Conns: conns, Want: want}, t.warm())
	return err
}

// keep measures the processor time of requests in a loop that has gone on for a while, and gives how many were answered.
func (t *trial) keep(ctx context.Context, loop load.Loop, warm time.Duration) (done int64, err error) {
	run := loop.Start(ctx)
	defer run.Cancel()
	if err := run.Sleep(warm); err != nil {
		return 0, err
	}
	if err := t.watch(run, run.Done, cpuPerRequest); err != nil {
		return 0, err
	}
	return run.Done(), run.Stop()
}

// converse has many conversations at the same time. Answers take a while, as those of models do: so as many connections are
// in use however many accounts there are, and what differs is the accounts and the keys. It is measured when each key and
// account has been used often, and has been counted.
func (t *trial) converse(ctx context.Context) (done int64, err error) {
	p := prompt{size: promptSmall}
	want, err := t.expect(ctx, canned.Answer{Bytes: 1 << 10, Wait: pause}, p)
	if err != nil {
		return 0, err
	}
	return t.keep(ctx, load.Loop{Addr: t.addr, Requests: t.requests(used, p), Conns: used, Want: want}, 4*t.warm())
}

// spreadOut sends the requests of many conversations on a few connections in turn: each goes to another account than the one
// before, on a connection that has not been used for long.
func spreadOut(ctx context.Context, t *trial) error {
	return t.loop(ctx, shortAnswer, prompt{size: promptSmall}, used)
}

// holdStreams measures what many streams cost that are open at the same time, and whose events come one by one.
func holdStreams(ctx context.Context, t *trial) error {
	const ramp, rest = 2 * time.Second, time.Second // rest is for streams that begin late
	before, err := t.settle(ctx)
	if err != nil {
		return err
	}
	events := (ramp + t.warm() + t.opt.duration + rest) / gap
	p := prompt{size: promptSmall, stream: true}
	want, err := t.expect(ctx, canned.Answer{Events: int(events), Gap: gap}, p)
	if err != nil {
		return err
	}
	run := load.Crowd{Addr: t.addr, Requests: t.requests(streams, p), Ramp: ramp, Want: want}.Start(ctx)
	defer run.Cancel()
	if err := run.Sleep(ramp + t.warm()); err != nil {
		return err
	}
	begun := run.Begun()
	if err := t.watch(run, run.Events, cpuPerEvent); err != nil {
		return err
	}
	if ended := run.Done(); begun != streams || ended > 0 {
		return fmt.Errorf("%d of %d streams were open from the beginning of the measurement, and %d had ended at its end", begun, streams, ended)
	}
	after, err := process.MemoryOf(t.process.PID())
	if err != nil {
		return err
	}
	t.sample[memoryPerStream] = float64(after.RSS-before.RSS) / streams / kilobyte
	return run.Wait()
}

// addLatency measures how long answers take at a rate that leaves everything time.
func addLatency(ctx context.Context, t *trial) error {
	p := prompt{size: promptSmall}
	want, err := t.expect(ctx, shortAnswer, p)
	if err != nil {
		return err
	}
	times, err := load.Pace{
		Addr: t.addr, Request: t.requests(1, p)[0], Rate: rate, Skip: t.warm(), For: 2 * t.opt.duration, Want: want,
	}.Run(ctx)
	if err != nil {
		return err
	}
	t.sample[p50] = percentile(times, 50).Seconds() * 1e3
	t.sample[p99] = percentile(times, 99).Seconds() * 1e3
	return nil
}

// idle measures what is resident when there is nothing to do.
func idle(ctx context.Context, t *trial) error {
	m, err := t.settle(ctx)
	t.sample[idleMemory] = float64(m.RSS) / megabyte
	return err
}

// holdPrompts measures what was resident at most while the upstream thought about many long prompts. They are of
// different lengths, as prompts are, and 1 MB on average.
func holdPrompts(ctx context.Context, t *trial) error {
	if _, err := t.settle(ctx); err != nil {
		return err
	}
	want, err := t.expect(ctx, canned.Answer{Bytes: 1 << 10, Wait: thought}, prompt{size: promptSmall})
	if err != nil {
		return err
	}
	var requests [][]byte
	for i := range prompts {
		p := prompt{size: 750_000 + i*500_000/(prompts-1), session: i}
		requests = append(requests, t.request(t.credentials[0], p.render(t.source)))
	}
	began := time.Now()
	if err := (load.Crowd{Addr: t.addr, Requests: requests, Want: want}).Start(ctx).Wait(); err != nil {
		return err
	}
	if took := time.Since(began); took > 2*thought {
		return fmt.Errorf("%d prompts took %s: the first may have been answered before the last was there", prompts, took)
	}
	m, err := process.MemoryOf(t.process.PID())
	t.sample[peakMemory] = float64(m.Peak) / megabyte
	return err
}

// scale measures what requests cost among many keys and accounts, and what those do to the start and the memory.
func scale(ctx context.Context, t *trial) error {
	t.sample[startTime] = t.took.Seconds()
	if err := idle(ctx, t); err != nil {
		return err
	}
	_, err := t.converse(ctx)
	return err
}
