package checkup

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/proxyengine/provider"
	"crs/proxyengine/upstream"
)

// way is one from here to a provider. Accounts may share it.
type way struct {
	to       provider.Endpoint
	proxy    secret.String
	accounts []string

	took time.Duration // until it had answered
	err  error
	// What it answered.
	sees    string        // the address that it sees us under, "" when it does not tell
	skew    time.Duration // how much our clock is ahead of its
	dated   bool
	chain   []*x509.Certificate // nil without TLS
	foreign string              // who issued a certificate that is not trusted here, "" when it is
}

// wayTime bounds a look at one way, wayCrowd how many are looked at together.
const (
	wayTime  = 10 * time.Second
	wayCrowd = 16
)

// look goes all the ways, each once.
func (o *Options) look(ctx context.Context) []*way {
	all := o.sort()
	room := make(chan struct{}, wayCrowd)
	var wg sync.WaitGroup
	for _, w := range all {
		if w.err != nil {
			continue
		}
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			ctx, stop := context.WithTimeout(ctx, wayTime)
			defer stop()
			if w.err = w.walk(ctx, o); ctx.Err() != nil {
				w.err = fmt.Errorf("it did not answer within %s", wayTime)
			}
		})
	}
	wg.Wait()
	return all
}

// sort finds which ways there are, in the order of the first account of each.
func (o *Options) sort() []*way {
	type place struct {
		to    provider.Endpoint
		proxy string
	}
	var all []*way
	known := map[place]*way{}
	accounts := slices.Clone(o.Accounts)
	slices.SortFunc(accounts, func(x, y *account.Account) int { return strings.Compare(x.Name, y.Name) })
	for _, a := range accounts {
		to, err := o.Endpoint(a)
		to.Path = ""
		at := place{to, a.Proxy.Reveal()}
		w := known[at]
		if w == nil || err != nil {
			w = &way{to: to, proxy: a.Proxy, err: err}
			known[at] = w
			all = append(all, w)
		}
		w.accounts = append(w.accounts, a.Name)
	}
	return all
}

// walk asks the provider for a page that says under which address it sees us; those that have none answer with an error, and
// the time, all the same.
func (w *way) walk(ctx context.Context, o *Options) error {
	begun := time.Now()
	conn, err := w.dial(ctx, o.Trusted)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if secured, ok := conn.(*tls.Conn); ok {
		w.chain = secured.ConnectionState().PeerCertificates
	}
	asked := o.Now()
	_, err = fmt.Fprintf(conn, "GET /cdn-cgi/trace HTTP/1.1\r\nHost: %s\r\nUser-Agent: crs/%s\r\nAccept: */*\r\nConnection: close\r\n\r\n", w.to.Host, o.Version)
	if err != nil {
		return fmt.Errorf("ask %s: %w", w.to.Host, err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return fmt.Errorf("%s does not answer in HTTP: %w", w.to.Host, err)
	}
	defer func() { _ = resp.Body.Close() }()
	answered := o.Now()
	w.took = time.Since(begun)
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		// A date has whole seconds: it was up to one later.
		w.dated, w.skew = true, asked.Add(answered.Sub(asked)/2).Sub(date.Add(time.Second/2))
	}
	if resp.StatusCode == http.StatusOK {
		w.sees = seen(resp)
	}
	return nil
}

// seen reads the page: lines such as ip=192.0.2.1 and loc=DE.
func seen(resp *http.Response) string {
	var ip, loc string
	lines := bufio.NewScanner(http.MaxBytesReader(nil, resp.Body, 16<<10))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), "=")
		switch {
		case name == "ip" && net.ParseIP(value) != nil:
			ip = value
		case name == "loc" && len(value) == 2 && strings.ToUpper(value) == value:
			loc = " (" + value + ")"
		}
	}
	if ip == "" {
		return ""
	}
	return ip + loc
}

// dial opens the connection as requests do. When the certificate is not trusted here, it finds out whose it is; nothing is
// sent over that connection.
func (w *way) dial(ctx context.Context, trusted *x509.CertPool) (net.Conn, error) {
	via, err := w.via()
	if err != nil {
		return nil, err
	}
	conn, err := upstream.Connect(ctx, w.to, via, &tls.Config{RootCAs: trusted, NextProtos: []string{"http/1.1"}})
	if untrusted, ok := errors.AsType[*tls.CertificateVerificationError](err); ok && len(untrusted.UnverifiedCertificates) > 0 {
		w.foreign = issuer(untrusted.UnverifiedCertificates[0])
	}
	return conn, err
}

func (w *way) via() (*upstream.Proxy, error) {
	if w.proxy.Empty() {
		return nil, nil
	}
	return upstream.ParseProxy(w.proxy)
}

// issuer names who signed a certificate.
func issuer(c *x509.Certificate) string {
	name := strings.Join(c.Issuer.Organization, ", ")
	switch {
	case name != "" && c.Issuer.CommonName != "":
		return name + " (" + c.Issuer.CommonName + ")"
	case name != "":
		return name
	}
	return c.Issuer.CommonName
}
