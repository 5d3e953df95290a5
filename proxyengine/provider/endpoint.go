package provider

import (
	"cmp"
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

// Address is one of a provider that an operator can set.
type Address struct {
	Setting    string // what the configuration calls it
	Set, Usual string // what was set, and what it is otherwise
	To         *Endpoint
}

// ParseAddresses takes addresses apart. Of one that makes no sense the error says which it is.
func ParseAddresses(provider string, all ...Address) error {
	for _, a := range all {
		e, err := ParseEndpoint(cmp.Or(a.Set, a.Usual))
		if err != nil {
			return fmt.Errorf("providers.%s.%s: %w", provider, a.Setting, err)
		}
		if a.To != nil {
			*a.To = e
		}
	}
	return nil
}
