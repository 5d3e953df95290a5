package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"crs/lab/bench/canned"
	"crs/lab/bench/load"
	"crs/lab/bench/process"
)

// measure sets everything up, and measures row by row. Nothing of it is left when it returns.
func measure(ctx context.Context, o *options, progress io.Writer) ([]Result, error) {
	const files = 4096 // a proxy has two for each of a thousand streams
	if err := process.RaiseFiles(files); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "crsbench")
	if err != nil {
		return nil, fmt.Errorf("make a temporary directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s := &stage{opt: o, dir: dir, nginx: findNginx(), wants: map[canned.Answer]load.Want{}, progress: progress}
	if s.self, err = os.Executable(); err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	if s.source, err = source(); err != nil {
		return nil, err
	}
	if err := s.build(ctx); err != nil {
		return nil, err
	}
	upstream, err := process.Start(ctx, dir, "upstream", s.self, "upstream")
	if err != nil {
		return nil, err
	}
	defer upstream.Stop()
	if s.upstream, err = upstream.Line(); err != nil {
		return nil, err
	}
	return s.rows(ctx)
}

func (s *stage) rows(ctx context.Context) ([]Result, error) {
	var results []Result
	for _, r := range s.opt.chosen() {
		samples, err := s.row(ctx, r)
		if err != nil {
			return nil, err
		}
		if len(samples) == 0 {
			continue // nothing that it is about is installed here
		}
		for _, c := range r.criteria {
			results = append(results, c.judge(r.name, samples))
		}
	}
	return results, nil
}

// row measures every subject once in each round, so that what else the machine does hits all of them alike.
func (s *stage) row(ctx context.Context, r row) (map[string][]sample, error) {
	samples := map[string][]sample{}
	for round := range s.opt.rounds {
		for _, name := range r.subjects {
			if name == nginx && s.nginx == "" || (name == shared || name == crowdedShared) && !findRedis() {
				continue
			}
			got, err := s.measure(ctx, r, name)
			if err != nil {
				return nil, fmt.Errorf("measure %s with %s: %w", r.name, name, err)
			}
			samples[name] = append(samples[name], got)
			s.tell(r.name, round, name, got)
		}
	}
	return samples, nil
}

// limit bounds one measurement: something that hangs is told of, too.
const limit = 10 * time.Minute

// measure starts a subject afresh, measures it, and ends it.
func (s *stage) measure(ctx context.Context, r row, name string) (sample, error) {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	sub, err := s.start(ctx, name)
	if err != nil {
		return nil, err
	}
	defer sub.end()
	t := &trial{stage: s, subject: sub, sample: sample{}}
	if err := r.measure(ctx, t); err != nil {
		return nil, sub.explain(err)
	}
	return t.sample, nil
}

// tell shows that something is going on.
func (s *stage) tell(row string, round int, name string, got sample) {
	line := fmt.Sprintf("%-14s %d/%d  %-14s", row, round+1, s.opt.rounds, name)
	var all []string
	for m, v := range got {
		all = append(all, fmt.Sprintf("  %s %s", figure(v), m))
	}
	slices.Sort(all)
	for _, text := range all {
		line += text
	}
	_, _ = fmt.Fprintln(s.progress, line) // nobody may be looking
}
