package daemon

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"crs/ctl"
	"crs/daemon/control"
	"crs/daemon/handover"
	"crs/internal/account"
	"crs/internal/key"
)

// answerPredecessor answers the process that this one inherits from, if there is one.
func (d *Daemon) answerPredecessor() {
	if e := d.opt.Inherited; e != nil {
		d.takeover = handover.NewSuccessor(e.Link, d.opt.Version)
		go d.takeover.Serve()
	}
}

// reportFailure tells the old process why this one does not take over.
func (d *Daemon) reportFailure(err error) {
	if d.takeover != nil {
		d.takeover.Fail(err)
	}
}

func (d *Daemon) inheritSockets(e *handover.InheritedFiles) error {
	d.control = control.Inherit(d.cfg.Socket, d.shares.Control, e.Control, e.Socket, d.short, d.log)
	d.control.Leave() // until it is this process's: what fails before must not take the socket away
	d.opens("control socket", d.control.Shutdown)
	return d.listens(e.Clients)
}

// inherit rehearses what comes next, says that this process could take over, and waits for what it takes over. What the
// rehearsal finds wrong costs nobody anything yet.
func (d *Daemon) inherit(ctx context.Context) (err error) {
	if d.takeover == nil {
		return nil
	}
	if err := d.dryRun(ctx); err != nil {
		return err
	}
	d.takeover.Ready(d.setup())
	d.legacy, err = d.takeover.State(ctx)
	return err
}

// setup is what two processes must agree on.
func (d *Daemon) setup() handover.Setup {
	return handover.Setup{Listen: d.cfg.Listen, Socket: d.cfg.Socket, Data: d.cfg.Data}
}

// dryRun reads all that is stored, as openDomain will.
func (d *Daemon) dryRun(ctx context.Context) error {
	sealing, err := d.openSeal(ctx)
	if err != nil {
		return err
	}
	list, err := providers(d.cfg.Providers, d.opt.Now)
	if err != nil {
		return err
	}
	opt := poolOptions(&d.cfg)
	opt.Now = d.opt.Now
	opt.Platforms, _ = platforms(list)
	if _, err := account.LoadRoster(ctx, d.store, sealing, account.NewPool(opt), d.opt.Now); err != nil {
		return err
	}
	if _, err := key.Load(ctx, d.store, d.opt.Now); err != nil {
		return err
	}
	_, err = loadPrices(ctx, d.store)
	return err
}

// startServices takes on what the old process hands over.
func (d *Daemon) startServices() {
	if d.takeover == nil {
		return
	}
	d.control.Resume()
	d.takeover.Start(&handover.Services{
		Gate: d.gate, Pool: d.pool, Keys: d.keys, Ledger: d.ledger, Renew: d.renewFor, Closed: d.ended,
		Open: d.leaving, Ended: d.oldEnded,
	}, d.legacy.First)
	d.leaving, d.legacy = nil, handover.State{}
}

// renewFor replaces an account's token, if that is still the one of this generation.
func (d *Daemon) renewFor(ctx context.Context, id string, generation int64) error {
	acc, err := d.roster.Get(id)
	if err != nil || acc.Credential.Generation != generation {
		return err
	}
	_, err = d.tokens.Renew(ctx, acc)
	return err
}

func (d *Daemon) oldEnded(lost int) {
	if lost > 0 {
		d.log.Error("the process that handed over ended with requests in flight", "requests", lost)
		return
	}
	d.log.Info("the process that handed over has ended")
}

// leavingCount is how many requests are in flight in the process that this one has inherited from.
func (d *Daemon) leavingCount() int {
	if d.takeover == nil {
		return 0
	}
	return d.takeover.InFlight()
}

// begin tells the old process that this one serves, once it has seen that it does.
func (d *Daemon) begin(ctx context.Context) error {
	if err := d.checkHealth(ctx); err != nil {
		err = fmt.Errorf("it does not answer as it should: %w", err)
		d.reportFailure(err)
		return err
	}
	d.held().Serving()
	d.takeover.Begun()
	d.log.Info("took over from the old process", "requests_in_flight_there", d.takeover.InFlight())
	return nil
}

// checkHealth asks this process what clients and operators ask.
func (d *Daemon) checkHealth(ctx context.Context) error {
	client := ctl.NewClient(d.Socket())
	defer client.Close()
	s, err := client.Status(ctx)
	if err != nil {
		return fmt.Errorf("ask over the control socket: %w", err)
	}
	if s.PID != os.Getpid() {
		return fmt.Errorf("process %d answers on the control socket", s.PID)
	}
	return d.checkClients(ctx)
}

func (d *Daemon) checkClients(ctx context.Context) error {
	scheme, transport := "http://", &http.Transport{DisableKeepAlives: true}
	if d.cfg.TLS.On() {
		// Whether clients can trust the certificate is not asked here: this is about who answers, and that is this machine.
		scheme, transport.TLSClientConfig = "https://", &tls.Config{InsecureSkipVerify: true, ServerName: d.serverName()}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+d.Listen()+"/health", nil)
	if err != nil {
		return fmt.Errorf("ask as a client: %w", err)
	}
	req.Close = true
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("ask as a client: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<10))
	if resp.StatusCode != http.StatusOK {
		return errors.New("ask as a client: " + resp.Status)
	}
	return nil
}

// serverName is one of the names that there is a certificate for, as far as the configuration tells.
func (d *Daemon) serverName() string {
	if all := d.cfg.TLS.Domains(); len(all) > 0 {
		return all[0]
	}
	return ""
}

// stopBoth stops this process while the one that it has inherited from stops too, and returns when both have.
func (d *Daemon) stopBoth(ctx context.Context, stop func() error) error {
	if d.takeover == nil {
		return stop()
	}
	var other sync.WaitGroup
	other.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.cfg.Timeouts.Shutdown+10*time.Second)
		defer cancel()
		d.takeover.Stop(ctx)
	})
	err := stop()
	other.Wait()
	return err
}
