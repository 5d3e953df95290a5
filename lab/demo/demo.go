// Package demo is a demonstration of crs that needs no account and no network: a daemon with a simulated provider behind it,
// both in this process, in a temporary directory, with accounts and a key; and a user who has conversations through it.
package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"crs/ctl"
	"crs/daemon"
	"crs/internal/config"
	"crs/lab/simulator"
)

// Options are what a demonstration is started with.
type Options struct{ Version string }

// Demo is a running demonstration. Its caller closes it.
type Demo struct {
	Dir    string
	URL    string // of the relay, without a path
	Socket string
	Key    string // the secret that clients present

	sim    *simulator.Server
	client *ctl.Client
	opened []func() error // what Close undoes, in reverse
	ended  chan struct{}  // closed when the daemon has ended
	result error          // what the daemon ended with; read it after ended
}

// Start starts a demonstration. When a step fails, what was started before it is stopped again.
func Start(ctx context.Context, o Options) (*Demo, error) {
	d := &Demo{ended: make(chan struct{})}
	for _, step := range []func(context.Context, Options) error{d.makeDir, d.startProvider, d.startDaemon, d.addAccounts, d.issueKey} {
		if err := step(ctx, o); err != nil {
			return nil, errors.Join(fmt.Errorf("start the demonstration: %w", err), d.Close())
		}
	}
	return d, nil
}

func (d *Demo) makeDir(context.Context, Options) (err error) {
	if d.Dir, err = os.MkdirTemp("", "crs-demo-"); err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	d.opened = append(d.opened, func() error { return os.RemoveAll(d.Dir) })
	return nil
}

func (d *Demo) startProvider(context.Context, Options) (err error) {
	if d.sim, err = simulator.Start(simulator.Options{Script: script()}); err != nil {
		return err
	}
	d.opened = append(d.opened, d.sim.Close)
	return nil
}

// startDaemon starts a daemon that hears of nothing but the demonstration: no environment, no configuration file.
func (d *Demo) startDaemon(ctx context.Context, o Options) error {
	log, err := os.Create(filepath.Join(d.Dir, "daemon.log"))
	if err != nil {
		return fmt.Errorf("make the daemon's log: %w", err)
	}
	d.opened = append(d.opened, log.Close)
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx)) // Close stops it
	running, err := daemon.Start(ctx, daemon.Options{
		Source: config.Source{UID: os.Getuid(), Flags: map[string]string{
			"data": d.Dir, "listen": "127.0.0.1:0", "limits.connections": "100",
			"providers.claude.api_url": d.sim.URL(), "providers.openai.api_url": d.sim.URL(), "providers.gemini.api_url": d.sim.URL(),
		}},
		Version: o.Version, Log: log,
	})
	if err != nil {
		stop()
		return err
	}
	d.URL, d.Socket, d.client = "http://"+running.Listen(), running.Socket(), ctl.NewClient(running.Socket())
	d.opened = append(d.opened, func() error {
		d.client.Close()
		stop()
		<-d.ended
		return d.result
	})
	go func() {
		defer close(d.ended)
		d.result = running.Run(ctx)
	}()
	return nil
}

func (d *Demo) addAccounts(ctx context.Context, _ Options) error {
	for name, platform := range map[string]string{"claude": "claude-console", "openai": "openai-responses", "gemini": "gemini-api"} {
		if _, err := d.client.AddAccount(ctx, ctl.NewAccount{Platform: platform, Name: name, APIKey: "sk-ant-simulated-" + name}); err != nil {
			return err
		}
	}
	return nil
}

func (d *Demo) issueKey(ctx context.Context, _ Options) error {
	k, err := d.client.CreateKey(ctx, ctl.NewKey{Name: "demo"})
	d.Key = k.Secret
	return err
}

// Wait waits for the end of ctx. An earlier end of the daemon is an error.
func (d *Demo) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-d.ended:
		return errors.New("the daemon of the demonstration has ended")
	}
}

// Close stops everything and deletes the directory.
func (d *Demo) Close() error {
	var errs []error
	for i := len(d.opened) - 1; i >= 0; i-- {
		errs = append(errs, d.opened[i]())
	}
	d.opened = nil
	return errors.Join(errs...)
}
