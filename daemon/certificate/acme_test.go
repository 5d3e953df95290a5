package certificate

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/acme"
)

// authority is one that proves domains as real ones do: it comes to the server and wants to see the token in a handshake.
type authority struct {
	*httptest.Server
	t       *testing.T
	prove   string // address of the server
	private crypto.Signer
	root    *x509.Certificate

	mu     sync.Mutex // guards the fields below
	thumb  string     // of the account's key
	email  string
	domain string
	valid  bool
	issued []byte // PEM
	orders int
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	a.private = private
	if a.root, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.Server = httptest.NewTLSServer(http.HandlerFunc(a.answer))
	t.Cleanup(a.Close)
	return a
}

func (a *authority) answer(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w.Header().Set("Replay-Nonce", "nonce")
	reply := func(status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	payload := a.open(r)
	order := map[string]any{"status": "pending", "authorizations": []string{a.URL + "/authz"}, "finalize": a.URL + "/finalize"}
	if a.valid {
		order["status"] = "ready"
	}
	if a.issued != nil {
		order["status"], order["certificate"] = "valid", a.URL+"/certificate"
	}
	switch r.URL.Path {
	case "/directory":
		reply(200, map[string]any{"newNonce": a.URL + "/nonce", "newAccount": a.URL + "/account", "newOrder": a.URL + "/order", "revokeCert": a.URL, "keyChange": a.URL})
	case "/nonce":
	case "/account":
		w.Header().Set("Location", a.URL+"/account/1")
		reply(201, map[string]any{"status": "valid"})
	case "/order":
		var want struct{ Identifiers []struct{ Value string } }
		_ = json.Unmarshal(payload, &want)
		a.domain, a.orders = want.Identifiers[0].Value, a.orders+1
		w.Header().Set("Location", a.URL+"/order/1")
		reply(201, order)
	case "/order/1":
		reply(200, order)
	case "/authz":
		status := map[bool]string{true: "valid", false: "pending"}[a.valid]
		reply(200, map[string]any{
			"status": status, "identifier": map[string]string{"type": "dns", "value": a.domain},
			"challenges": []map[string]string{{"type": "http-01", "url": a.URL + "/other", "token": "x", "status": status}, {"type": "tls-alpn-01", "url": a.URL + "/challenge", "token": "the-token", "status": status}},
		})
	case "/challenge":
		if err := a.proof(); err != nil {
			a.t.Errorf("the domain is not proved: %v", err)
		} else {
			a.valid = true
		}
		reply(200, map[string]any{"type": "tls-alpn-01", "url": a.URL + "/challenge", "token": "the-token", "status": "processing"})
	case "/finalize":
		if err := a.issue(payload); err != nil {
			a.t.Error(err)
		}
		w.Header().Set("Location", a.URL+"/order/1")
		reply(200, map[string]any{"status": "valid", "finalize": a.URL + "/finalize", "certificate": a.URL + "/certificate"})
	case "/certificate":
		_, _ = w.Write(a.issued)
	default:
		reply(404, map[string]string{"type": "urn:ietf:params:acme:error:malformed"})
	}
}

// open takes a request out of its signature, and remembers the key of a new account.
func (a *authority) open(r *http.Request) []byte {
	var jws struct{ Protected, Payload string }
	if json.NewDecoder(r.Body).Decode(&jws) != nil {
		return nil
	}
	head, _ := base64.RawURLEncoding.DecodeString(jws.Protected)
	payload, _ := base64.RawURLEncoding.DecodeString(jws.Payload)
	var h struct {
		JWK *struct{ Crv, Kty, X, Y string }
	}
	_ = json.Unmarshal(head, &h)
	if h.JWK != nil {
		sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":%q,"kty":%q,"x":%q,"y":%q}`, h.JWK.Crv, h.JWK.Kty, h.JWK.X, h.JWK.Y))
		a.thumb = base64.RawURLEncoding.EncodeToString(sum[:])
		var account struct{ Contact []string }
		_ = json.Unmarshal(payload, &account)
		a.email = strings.Join(account.Contact, ",")
	}
	return payload
}

// proof comes to the server as an authority does.
func (a *authority) proof() error {
	c, err := tls.Dial("tcp", a.prove, &tls.Config{ServerName: a.domain, NextProtos: []string{acme.ALPNProto}, InsecureSkipVerify: true})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if got := c.ConnectionState().NegotiatedProtocol; got != acme.ALPNProto {
		return fmt.Errorf("it speaks %q", got)
	}
	want := sha256.Sum256([]byte("the-token." + a.thumb))
	value, _ := asn1.Marshal(want[:])
	for _, e := range c.ConnectionState().PeerCertificates[0].Extensions {
		if e.Id.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31}) && string(e.Value) == string(value) {
			return nil
		}
	}
	return fmt.Errorf("the handshake does not show the token")
}

func (a *authority) issue(payload []byte) error {
	var sent struct{ CSR string }
	if err := json.Unmarshal(payload, &sent); err != nil {
		return err
	}
	der, err := base64.RawURLEncoding.DecodeString(sent.CSR)
	if err != nil {
		return err
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: csr.DNSNames, Subject: csr.Subject,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	leaf, err := x509.CreateCertificate(rand.Reader, template, a.root, csr.PublicKey, a.private)
	a.issued = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf})
	return err
}

// serve serves handshakes, and gives its address.
func serve(t *testing.T, c *tls.Config) string {
	t.Helper()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				_ = conn.(*tls.Conn).Handshake()
				_, _ = conn.Read(make([]byte, 1))
				_ = conn.Close()
			}()
		}
	}()
	return ln.Addr().String()
}

func TestACertificateIsFetchedForTheDomainsAndKept(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	dir := t.TempDir()
	from := Authority{URL: a.URL + "/directory", Email: "op@example.com", Domains: []string{"relay.example.com"}, Dir: dir, Client: a.Client()}
	roots := x509.NewCertPool()
	roots.AddCert(a.root)
	dial := func(addr, name string) error {
		d := &tls.Dialer{NetDialer: &net.Dialer{Timeout: time.Minute}, Config: &tls.Config{ServerName: name, RootCAs: roots, NextProtos: []string{"http/1.1"}}}
		conn, err := d.DialContext(t.Context(), "tcp", addr)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	addr := serve(t, from.Config(tls.VersionTLS12))
	a.prove = addr
	if err := dial(addr, "relay.example.com"); err != nil {
		t.Fatal(err)
	}
	if a.email != "mailto:op@example.com" || a.orders != 1 {
		t.Errorf("the authority was told %q, and asked %d times", a.email, a.orders)
	}
	if err := dial(addr, "other.example.com"); err == nil || a.orders != 1 {
		t.Errorf("another domain: %v, after %d orders", err, a.orders)
	}
	again := serve(t, from.Config(tls.VersionTLS12)) // as after a restart
	if err := dial(again, "relay.example.com"); err != nil || a.orders != 1 {
		t.Errorf("%v, after %d orders", err, a.orders)
	}
	kept, err := os.ReadDir(filepath.Join(dir, "acme"))
	if err != nil || len(kept) == 0 {
		t.Fatalf("%v, %v", kept, err)
	}
	for _, f := range kept {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f.Name(), info.Mode(), err)
		}
	}
}
