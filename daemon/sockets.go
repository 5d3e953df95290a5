package daemon

import (
	"context"
	"fmt"
	"net"

	"crypto/tls"

	"crs/daemon/certificate"
	"crs/daemon/control"
	"crs/daemon/handover"
	"crs/internal/config"
	"crs/internal/errs"
)

// openSockets begins to listen. It comes early: a second daemon must not get as far as the store. Whoever connects waits
// until the rest is open.
func (d *Daemon) openSockets(context.Context) (err error) {
	if d.opt.Inherited != nil {
		return d.inheritSockets(d.opt.Inherited)
	}
	if d.control, err = control.Listen(d.cfg.Socket, d.shares.Control, d.short, d.log); err != nil {
		return err
	}
	d.opens("control socket", d.control.Shutdown)
	ln, err := net.Listen("tcp", d.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen for clients on %s: %w", d.cfg.Listen, err)
	}
	return d.listens(ln)
}

// listens takes clients from ln.
func (d *Daemon) listens(ln net.Listener) error {
	tcp, ok := ln.(*net.TCPListener)
	if !ok {
		return fmt.Errorf("listen for clients: %s is not a TCP socket", ln.Addr())
	}
	d.clients, d.listener = tcp, handover.Listen(tcp)
	d.opens("listener", func(context.Context) error { return errs.Ignore(d.listener.Close(), net.ErrClosed) })
	return nil
}

// Listen is the address that clients are served on.
func (d *Daemon) Listen() string { return d.listener.Addr().String() }

// Socket is the path of the control socket.
func (d *Daemon) Socket() string { return d.control.Path() }

// secured is what clients are served with over HTTPS; nil serves them over HTTP.
func (d *Daemon) secured(c *config.Config) (*tls.Config, error) {
	oldest := uint16(tls.VersionTLS12)
	if c.TLS.MinVersion == "1.3" {
		oldest = tls.VersionTLS13
	}
	switch {
	case !c.TLS.On():
		return nil, nil
	case c.TLS.Certificate == "":
		return certificate.Authority{URL: c.TLS.ACMEURL, Email: c.TLS.ACMEEmail, Domains: c.TLS.Domains(), Dir: c.Data}.Config(oldest), nil
	}
	files, err := certificate.Open(c.TLS.Certificate, c.TLS.Key, d.opt.Now, d.log)
	if err != nil {
		return nil, err
	}
	return files.Config(oldest), nil
}
