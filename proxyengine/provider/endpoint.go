package provider

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Endpoint is a base URL, taken apart once so that a request need not parse it.
type Endpoint struct {
	TLS  bool
	Addr string // host:port to dial
	Host string // what the Host header says
	Path string // without a trailing slash; may be empty
}

// ParseEndpoint reads an http or https base URL. It must not carry credentials, a query or a fragment: those would end
// up in logs.
func ParseEndpoint(text string) (Endpoint, error) {
	u, err := url.Parse(text)
	if err != nil {
		return Endpoint{}, errors.New("not a URL") // url.Error repeats the text, which may hold a password
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return Endpoint{}, fmt.Errorf("scheme %q is neither http nor https", u.Scheme)
	case u.Hostname() == "":
		return Endpoint{}, errors.New("no host in it")
	case u.User != nil:
		return Endpoint{}, errors.New("it must not carry a user name or password")
	case u.RawQuery != "" || u.Fragment != "":
		return Endpoint{}, errors.New("it must not carry a query or a fragment")
	}
	tls := u.Scheme == "https"
	return Endpoint{
		TLS:  tls,
		Addr: net.JoinHostPort(u.Hostname(), portOf(u, tls)),
		Host: u.Host,
		Path: strings.TrimRight(u.EscapedPath(), "/"),
	}, nil
}

func portOf(u *url.URL, tls bool) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case tls:
		return "443"
	}
	return "80"
}
