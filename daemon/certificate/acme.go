package certificate

import (
	"crypto/tls"
	"net/http"
	"path/filepath"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// Authority is who certificates are fetched from, and what for.
type Authority struct {
	URL     string // its directory
	Email   string
	Domains []string
	// Dir is where certificates and the account's key are kept.
	Dir string
	// Client reaches the authority; nil means http.DefaultClient.
	Client *http.Client
}

// Config fetches a certificate when the first client asks for a domain, and renews it in time. The authority proves the domain
// on the same port as clients come to, within the handshake (tls-alpn-01).
func (a Authority) Config(oldest uint16) *tls.Config {
	m := &autocert.Manager{
		Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(a.Domains...), Email: a.Email,
		Cache:  autocert.DirCache(filepath.Join(a.Dir, "acme")),
		Client: &acme.Client{DirectoryURL: a.URL, HTTPClient: a.Client, UserAgent: "crs"},
	}
	return &tls.Config{
		MinVersion: oldest, GetCertificate: m.GetCertificate,
		NextProtos: []string{"http/1.1", acme.ALPNProto},
	}
}
