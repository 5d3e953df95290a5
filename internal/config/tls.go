package config

import (
	"errors"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// TLS says how clients are served over HTTPS. Without a certificate and without domains they are served over HTTP.
type TLS struct {
	Certificate string `key:"certificate" default:"" check:"path-or-none" doc:"PEM file of the certificate, with those between it and its root. It is read again when it changes."`
	Key         string `key:"key" default:"" check:"path-or-none" doc:"PEM file of the certificate's key."`
	MinVersion  string `key:"min_version" default:"1.2" oneof:"1.2 1.3" doc:"Oldest version of TLS that is spoken."`
	ACMEDomains string `key:"acme_domains" default:"" check:"domains" doc:"Domains, with commas between them, that a certificate is fetched for by ACME and renewed in time. Port 443 of each must lead to listen. By this you agree to the terms of the authority."`
	ACMEEmail   string `key:"acme_email" default:"" check:"email" doc:"Address that the authority may write to."`
	ACMEURL     string `key:"acme_url" default:"https://acme-v02.api.letsencrypt.org/directory" check:"url" doc:"Directory of the authority."`
}

// Domains are those of ACMEDomains.
func (t TLS) Domains() []string { return listed(t.ACMEDomains) }

// On reports whether clients are served over HTTPS.
func (t TLS) On() bool { return t.Certificate != "" || t.ACMEDomains != "" }

func (t TLS) check() error {
	switch {
	case (t.Certificate == "") != (t.Key == ""):
		return errors.New("tls.certificate and tls.key belong together: set both or none")
	case t.Certificate != "" && t.ACMEDomains != "":
		return errors.New("tls.certificate and tls.acme_domains exclude each other: a certificate is in a file, or is fetched")
	}
	return nil
}

// listed are the parts of a list with commas.
func listed(text string) []string {
	var all []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

func isNetworks(text string) bool {
	return !slices.ContainsFunc(listed(text), func(part string) bool {
		_, addr := netip.ParseAddr(part)
		_, network := netip.ParsePrefix(part)
		return addr != nil && network != nil
	})
}

var domain = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

func isDomains(text string) bool {
	return !slices.ContainsFunc(listed(text), func(part string) bool { return !domain.MatchString(part) || len(part) > 253 })
}

func isEmail(text string) bool {
	before, after, ok := strings.Cut(text, "@")
	return text == "" || ok && before != "" && after != "" && !strings.ContainsAny(text, " \t\r\n,<>")
}
