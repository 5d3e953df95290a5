package upstream

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/proxy"

	"crs/internal/secret"
	"crs/proxyengine/provider"
)

// Proxy is how to reach the upstream when not directly: HTTP or HTTPS CONNECT, or SOCKS5 (names are resolved by the
// proxy).
type Proxy struct {
	scheme         string // http, https, socks5
	addr           string
	user, password string
	key            string // tells proxies apart
}

// ParseProxy reads http://, https://, socks5:// or socks5h:// with optional credentials. Its errors do not repeat the
// text.
func ParseProxy(text secret.String) (*Proxy, error) {
	u, err := url.Parse(text.Reveal())
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("not a proxy URL (scheme://[user:password@]host:port)")
	}
	port, known := map[string]string{"http": "8080", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	if !known {
		return nil, fmt.Errorf("proxy scheme %q is none of http, https, socks5", u.Scheme)
	}
	p := &Proxy{
		scheme: strings.TrimSuffix(u.Scheme, "h"), addr: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port)),
		user: u.User.Username(), key: text.Reveal(),
	}
	p.password, _ = u.User.Password()
	return p, nil
}

// Addr is where the proxy listens, for messages.
func (p *Proxy) Addr() string { return p.addr }

// Connect opens a connection to the endpoint, through the proxy if there is one, with TLS if it wants it. base is the TLS
// configuration, which must not be nil.
func Connect(ctx context.Context, to provider.Endpoint, via *Proxy, base *tls.Config) (net.Conn, error) {
	conn, err := dialThrough(ctx, to.Addr, via, base)
	if err != nil || !to.TLS {
		return conn, err
	}
	return handshake(ctx, conn, to.Addr, base)
}

// handshake closes conn when it fails.
func handshake(ctx context.Context, conn net.Conn, addr string, base *tls.Config) (net.Conn, error) {
	cfg := base
	if cfg.ServerName == "" {
		cfg = base.Clone()
		cfg.ServerName, _, _ = net.SplitHostPort(addr)
	}
	secured := tls.Client(conn, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("TLS handshake with %s: %w", addr, err)
	}
	return secured, nil
}

func dialThrough(ctx context.Context, addr string, via *Proxy, base *tls.Config) (net.Conn, error) {
	var d net.Dialer
	if via == nil {
		return d.DialContext(ctx, "tcp", addr)
	}
	conn, err := d.DialContext(ctx, "tcp", via.addr)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	if via.scheme == "https" {
		if conn, err = handshake(ctx, conn, via.addr, base); err != nil {
			return nil, fmt.Errorf("proxy: %w", err)
		}
	}
	if err := via.ask(ctx, conn, addr); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("proxy %s: %w", via.addr, err)
	}
	return conn, nil
}

// ask has the proxy open the way to addr. A cancelled context ends it at once.
func (p *Proxy) ask(ctx context.Context, conn net.Conn, addr string) error {
	if p.scheme == "socks5" {
		return p.socks(ctx, conn, addr)
	}
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if err := p.httpConnect(conn, addr); err != nil {
		return errors.Join(ctx.Err(), err)
	}
	return nil
}

func (p *Proxy) httpConnect(conn net.Conn, addr string) error {
	req := "CONNECT " + addr + " HTTP/1.1\r\nHost: " + addr + "\r\n"
	if p.user != "" {
		credentials := base64.StdEncoding.EncodeToString([]byte(p.user + ":" + p.password))
		req += "Proxy-Authorization: Basic " + credentials + "\r\n"
	}
	if _, err := conn.Write([]byte(req + "\r\n")); err != nil {
		return err
	}
	br := bufio.NewReaderSize(conn, 4<<10)
	resp, err := http.ReadResponse(br, &http.Request{Method: http.MethodConnect})
	if err != nil {
		return errors.New("it does not answer like an HTTP proxy")
	}
	switch {
	case resp.StatusCode == http.StatusProxyAuthRequired:
		return errors.New("it wants other credentials (407)")
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("it answered %d to CONNECT", resp.StatusCode)
	case br.Buffered() > 0:
		return errors.New("it sent bytes before it was asked for any")
	}
	return nil
}

// socks speaks over a connection we opened ourselves: the library's own dial would hide the socket under a type of its
// own, and with it the look for a closed connection.
func (p *Proxy) socks(ctx context.Context, conn net.Conn, addr string) error {
	var auth *proxy.Auth
	if p.user != "" {
		auth = &proxy.Auth{User: p.user, Password: p.password}
	}
	d, err := proxy.SOCKS5("tcp", p.addr, auth, nil)
	if err != nil {
		return err
	}
	over, ok := d.(interface {
		DialWithConn(context.Context, net.Conn, string, string) (net.Addr, error)
	})
	if !ok {
		return errors.New("the SOCKS library cannot speak over an open connection")
	}
	_, err = over.DialWithConn(ctx, conn, "tcp", addr)
	return err
}
