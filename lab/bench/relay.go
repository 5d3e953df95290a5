package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"crs/ctl"
	"crs/lab/bench/process"
)

// startRelay starts a relay with one account and one key, everything on.
func (s *stage) startRelay(ctx context.Context, sub *subject, dir string, flags ...string) error {
	control, err := s.serve(ctx, sub, dir, flags...)
	if err != nil {
		return err
	}
	defer control.Close()
	if err := s.addAccount(ctx, control, "bench"); err != nil {
		return err
	}
	secret, err := addKey(ctx, control, "bench")
	sub.credentials = []string{secret}
	return err
}

// serve starts `crs serve` on a data directory and waits until it serves.
func (s *stage) serve(ctx context.Context, sub *subject, dir string, flags ...string) (*ctl.Client, error) {
	began := time.Now()
	var err error
	sub.process, err = process.Start(ctx, dir, "crs", append([]string{cmp.Or(sub.binary, s.crs), "serve", "--data", dir, "--listen", "127.0.0.1:0"}, flags...)...)
	if err != nil {
		return nil, err
	}
	sub.control = filepath.Join(dir, "crs.sock")
	control := ctl.NewClient(sub.control)
	err = sub.process.Until(ctx, 2*time.Minute, func() error {
		status, err := control.Status(ctx)
		sub.addr = status.Listen
		return err
	})
	sub.took = time.Since(began)
	sub.path, sub.field = "/api/v1/messages?beta=true", "Authorization: Bearer "
	return control, err
}

// addAccount adds an account whose slots are counted, and never all taken.
func (s *stage) addAccount(ctx context.Context, control *ctl.Client, name string) error {
	_, err := control.AddAccount(ctx, ctl.NewAccount{
		Platform: "claude-console", Name: name, APIKey: accountKey, BaseURL: "http://" + s.upstream, MaxConcurrency: 10_000,
	})
	if err != nil {
		return fmt.Errorf("add account %s: %w", name, err)
	}
	return nil
}

// addKey makes a key that has a limit of every kind, none of which is ever reached.
func addKey(ctx context.Context, control *ctl.Client, name string) (string, error) {
	many, most, cost := int64(1e12), 10_000, ctl.USD(1e17)
	k, err := control.CreateKey(ctx, ctl.NewKey{Name: name, KeyEdit: ctl.KeyEdit{
		RequestsPerMinute: &many, TokensPerMinute: &many, Concurrency: &most, DailyCost: &cost, WeeklyCost: &cost, TotalCost: &cost,
	}})
	if err != nil {
		return "", fmt.Errorf("make key %s: %w", name, err)
	}
	return k.Secret, nil
}

// build builds crs from the checkout that the benchmark is run in.
func (s *stage) build(ctx context.Context) (err error) {
	if s.opt.former != "" {
		if s.former, err = filepath.Abs(s.opt.former); err != nil {
			return err
		}
	}
	if s.opt.crs != "" {
		s.crs, err = filepath.Abs(s.opt.crs)
		return err
	}
	s.crs = filepath.Join(s.dir, "crs")
	p, err := process.Start(ctx, s.dir, "build", "go", "build", "-o", s.crs, "crs/cmd/crs")
	if err != nil {
		return err
	}
	if err = p.Wait(); err != nil {
		return p.Explain(fmt.Errorf("build crs: %w", err))
	}
	_, err = os.Stat(s.crs)
	return err
}
