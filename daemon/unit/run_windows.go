package unit

import (
	"context"
	"os"

	"github.com/kardianos/service"
)

// Run runs a daemon: in a terminal as it is, and as a service so that Windows can stop it.
func Run(ctx context.Context, daemon func(context.Context) error) error {
	if service.Interactive() {
		return daemon(ctx)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p := &program{stop: stop, ended: make(chan struct{})}
	p.run = func() {
		defer close(p.ended)
		if p.err = daemon(ctx); ctx.Err() == nil {
			os.Exit(1) // Windows starts a service again whose process ends without a word
		}
	}
	s, err := service.New(p, &service.Config{Name: Name})
	if err != nil {
		return err
	}
	return s.Run()
}

// program is a daemon as Windows starts and stops it.
type program struct {
	run   func()
	stop  context.CancelFunc
	ended chan struct{}
	err   error // valid once ended is closed
}

// Start implements service.Interface.
func (p *program) Start(service.Service) error {
	go p.run()
	return nil
}

// Stop implements service.Interface.
func (p *program) Stop(service.Service) error {
	p.stop()
	<-p.ended
	return p.err
}
