package checkup

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"crs/ctl"
	"crs/internal/convert"
)

// ways looks at the ways to the providers: whether each leads there, who reads along, and what the clocks there say.
func (o *Options) ways(ctx context.Context) []ctl.Check {
	if len(o.Accounts) == 0 {
		return []ctl.Check{{Name: "exit", State: ctl.Skipped, Detail: "there are no accounts in use, so that there is no way to look at", Hint: "crs account add --help"}}
	}
	all, browsers := o.look(ctx), o.Browsers
	if browsers == nil {
		browsers = mozilla()
	}
	checks := convert.All(all, (*way).exit)
	for _, w := range all {
		if c, ok := w.tls(browsers); ok {
			checks = append(checks, c)
		}
	}
	return append(checks, clockCheck(all))
}

// how is by which way, for people. A proxy's password is not told.
func (w *way) how() string {
	via, err := w.via()
	switch {
	case err != nil:
		return "through its proxy"
	case via == nil:
		return "directly"
	}
	return "through the proxy " + via.Addr()
}

// exit says whether the way leads to the provider, and as whom the provider sees who comes.
func (w *way) exit() ctl.Check {
	c := ctl.Check{Name: "exit", Subject: w.to.Host, Accounts: w.accounts, State: ctl.OK}
	switch {
	case w.foreign != "":
		c.State, c.Detail = ctl.Bad, fmt.Sprintf("is not what answers %s: its certificate is not trusted here", w.how())
		c.Hint = "see the check tls below"
	case w.err != nil:
		c.State, c.Detail = ctl.Bad, fmt.Sprintf("cannot be reached %s: %s", w.how(), w.err)
		c.Hint = "mend the way, or take another: crs account edit NAME --proxy URL (\"\" for none); a request never goes past its proxy"
		if w.to.Host == "" {
			c.Detail, c.Hint = "the account does not say where its requests go: "+w.err.Error(), "crs account edit NAME --base-url URL"
		}
	case w.sees != "":
		c.Detail = fmt.Sprintf("answers %s in %s, and sees %s", w.how(), short(w.took), w.sees)
	default:
		c.Detail = fmt.Sprintf("answers %s in %s", w.how(), short(w.took))
	}
	return c
}

// tls says who vouches for what answers: if it is nobody that the world's browsers trust, somebody may read along.
func (w *way) tls(browsers *x509.CertPool) (c ctl.Check, ok bool) {
	c = ctl.Check{Name: "tls", Subject: w.to.Host, Accounts: w.accounts, State: ctl.OK}
	switch {
	case w.foreign != "":
		c.State, c.Detail = ctl.Bad, "the certificate is not trusted here; it was issued by "+w.foreign
		c.Hint = "if that is a company's or a virus scanner's, it reads along: have it leave this host alone; if the endpoint is your own, add its issuer to the system's certificates"
	case w.err != nil:
		return c, false
	case w.chain == nil && loopback(w.to.Host):
		return c, false
	case w.chain == nil:
		c.State, c.Detail = ctl.Warning, "credentials go there without encryption"
		c.Hint = "give the account an https:// address: crs account edit NAME --base-url URL"
	case !w.public(browsers):
		c.State, c.Detail = ctl.Warning, "the certificate is trusted by this machine and by no browser; it was issued by "+issuer(w.chain[0])
		c.Hint = "if that is a company's or a virus scanner's, it reads along: have it leave this host alone; if the endpoint is your own, all is well"
	default:
		c.Detail = "the certificate was issued by " + issuer(w.chain[0])
	}
	return c, true
}

// public reports whether browsers would trust the certificate. The time is one within the certificate's: this machine has
// found it good already, and a clock that is wrong has its own check.
func (w *way) public(browsers *x509.CertPool) bool {
	own, between := w.chain[0], x509.NewCertPool()
	for _, c := range w.chain[1:] {
		between.AddCert(c)
	}
	now := own.NotBefore.Add(own.NotAfter.Sub(own.NotBefore) / 2)
	_, err := own.Verify(x509.VerifyOptions{DNSName: host(w.to.Host), Roots: browsers, Intermediates: between, CurrentTime: now})
	return err == nil
}

// mozilla are the roots that browsers trust.
func mozilla() *x509.CertPool {
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		c, err := x509.ParseCertificate(root.Certificate)
		switch {
		case err != nil:
		case root.Constraint != nil:
			pool.AddCertWithConstraint(c, root.Constraint)
		default:
			pool.AddCert(c)
		}
	}
	return pool
}

const (
	skewed     = 10 * time.Second // refresh times and cool-downs are off by as much
	verySkewed = 2 * time.Minute  // AWS refuses requests signed more than five minutes off
)

// clockCheck compares this machine's clock with the providers'. The middle of them decides: one may be wrong itself.
func clockCheck(all []*way) ctl.Check {
	c := ctl.Check{Name: "clock", State: ctl.OK}
	w := middle(all)
	if w == nil {
		c.State, c.Detail = ctl.Skipped, "no provider said what time it is"
		return c
	}
	off := w.skew.Abs()
	side := "ahead of"
	if w.skew < 0 {
		side = "behind"
	}
	switch {
	case off >= verySkewed:
		c.State = ctl.Bad
	case off >= skewed:
		c.State = ctl.Warning
	default:
		c.Detail = "this machine's clock agrees with " + w.to.Host
		return c
	}
	c.Detail = fmt.Sprintf("this machine's clock is %s %s that of %s", off.Round(time.Second), side, w.to.Host)
	c.Hint = "have it set by the network: timedatectl set-ntp true"
	return c
}

func middle(all []*way) *way {
	dated := slices.DeleteFunc(slices.Clone(all), func(w *way) bool { return !w.dated })
	if len(dated) == 0 {
		return nil
	}
	slices.SortFunc(dated, func(x, y *way) int { return cmp.Compare(x.skew, y.skew) })
	return dated[len(dated)/2]
}

// loopback reports whether a host is this machine.
func loopback(hostport string) bool {
	name := host(hostport)
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

func host(hostport string) string {
	if i := strings.LastIndexByte(hostport, ':'); i > strings.LastIndexByte(hostport, ']') {
		hostport = hostport[:i]
	}
	return strings.Trim(hostport, "[]")
}
