package daemon

import (
	"crypto/tls"

	"crs/daemon/certificate"
	"crs/internal/config"
)

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
