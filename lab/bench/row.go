package main

import (
	"context"
	"slices"
	"time"

	"crs/lab/bench/canned"
)

// row is one kind of work, done by several subjects in turn.
type row struct {
	name     string
	subjects []string // in the order of a round
	measure  func(context.Context, *trial) error
	criteria []criterion
}

const (
	promptSmall = 4 << 10
	promptLarge = 200 << 10
	conns       = 16
	streams     = 1000
	gap         = 50 * time.Millisecond
	rate        = 200
	prompts     = 100
	thought     = 3 * time.Second
	pause       = 100 * time.Millisecond
)

// The answers that most rows are about.
var (
	shortAnswer = canned.Answer{Bytes: 1 << 10}
	burst       = canned.Answer{Events: 50}
)

// rows are what docs/performance.md has budgets for. "No measurable change" is taken for less than a tenth, because that is how far
// apart two rounds of the same are on a shared machine.
func rows() []row {
	streaming := []string{bareReader, bareWriter}
	return []row{
		{"json-4k", []string{bare, nginx, relay}, repeat(shortAnswer, prompt{size: promptSmall}), []criterion{
			{work: "JSON answer, 4 KB request", metric: cpuPerRequest, judged: relay, against: []string{bare}, budget: 2.0},
		}},
		{"json-200k", []string{bare, nginx, relay}, repeat(shortAnswer, prompt{size: promptLarge}), []criterion{
			{work: "JSON answer, 200 KB request", metric: cpuPerRequest, judged: relay, against: []string{bare}, budget: 1.6},
		}},
		{"stream-50", []string{bareReader, bareWriter, nginx, relay}, repeat(burst, prompt{size: promptSmall, stream: true}), []criterion{
			{work: "stream of 50 events, no gaps", metric: cpuPerRequest, judged: relay, against: streaming, budget: 1.5},
		}},
		{"streams-1000", []string{bareReader, bareWriter, nginx, relay}, holdStreams, []criterion{
			{work: "1,000 open streams, 20 events/s each", metric: cpuPerEvent, judged: relay, against: streaming, budget: 1.3},
			{work: "memory of an open stream", metric: memoryPerStream, judged: relay, budget: 40},
		}},
		{"latency", []string{direct, bare, nginx, relay}, addLatency, []criterion{
			{work: "latency at 200 requests/s", metric: p50, judged: relay, over: direct, budget: 0.2},
			{work: "latency at 200 requests/s", metric: p99, judged: relay, over: direct, budget: 1},
		}},
		{"memory-idle", []string{bare, relay}, idle, []criterion{
			{work: "resident memory, idle", metric: idleMemory, judged: relay, budget: 25},
		}},
		{"memory-prompts", []string{bare, relay}, holdPrompts, []criterion{
			{work: "100 concurrent 1 MB prompts", metric: peakMemory, judged: relay, budget: 250},
		}},
		{"scale", []string{relay, crowded}, scale, []criterion{
			{work: "many keys and accounts, against one of each", metric: cpuPerRequest, judged: crowded, against: []string{relay}, budget: 1.1},
			{work: "many keys and accounts", metric: startTime, judged: crowded, budget: 2},
			{work: "many keys and accounts", metric: idleMemory, judged: crowded},
		}},
		{"spread", []string{bare, bareSpread, relay, crowded}, spreadOut, []criterion{
			{work: "the bare proxy, connections in turn, against a few", metric: cpuPerRequest, judged: bareSpread, against: []string{bare}},
			{work: "many keys and accounts in turn, against one of each", metric: cpuPerRequest, judged: crowded, against: []string{relay}},
		}},
		{"redis", []string{shared, crowdedShared}, onRedis, []criterion{
			{work: "many keys and accounts in Redis, against one of each", metric: cpuPerRequest, judged: crowdedShared, against: []string{shared}, budget: 1.1},
			{work: "many keys and accounts in Redis", metric: startTime, judged: crowdedShared, budget: 2},
			{work: "many keys and accounts in Redis", metric: idleMemory, judged: crowdedShared},
			{work: "roll-ups and request log in Redis", metric: redisMemory, judged: crowdedShared},
		}},
	}
}

func rowNames() []string {
	var names []string
	for _, r := range rows() {
		names = append(names, r.name)
	}
	return names
}

// chosen are the rows that the options ask for.
func (o *options) chosen() []row {
	all := slices.DeleteFunc(rows(), func(r row) bool {
		return len(o.only) > 0 && !slices.Contains(o.only, r.name) || slices.Contains(o.skip, r.name)
	})
	if o.former != "" {
		for i := range all {
			all[i].compare()
		}
	}
	return all
}

// compare has a row measure the former relay right after the present one, and hold the one against the other.
func (r *row) compare() {
	at := slices.Index(r.subjects, relay)
	if at < 0 {
		return
	}
	r.subjects = slices.Insert(slices.Clone(r.subjects), at+1, former)
	for _, c := range r.criteria {
		if c.judged == relay {
			r.criteria = append(r.criteria, criterion{work: c.work + ", against the former", metric: c.metric, judged: relay, against: []string{former}})
		}
	}
}
