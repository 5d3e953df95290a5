//go:build e2e

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/ctl"
)

// TestARestartOverHTTPS: a new process takes over from one that serves HTTPS, and serves it too, from the first request on.
func TestARestartOverHTTPS(t *testing.T) {
	certificate, key, roots := certify(t)
	r := start(t, "CRS_TLS_CERTIFICATE="+certificate, "CRS_TLS_KEY="+key)
	r.account("a")
	secret := r.key("me")
	for range 3 {
		if got := hello(t, r, secret, roots); got != http.StatusOK {
			t.Fatalf("answered %d", got)
		}
		if _, err := r.Restart(t.Context(), ctl.Restart{}); err != nil {
			t.Fatal(err)
		}
	}
	if got := hello(t, r, secret, roots); got != http.StatusOK {
		t.Fatalf("answered %d after the last restart", got)
	}
	r.sameBill()
}

func hello(t *testing.T, r *relay, key string, roots *x509.CertPool) int {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots}}}
	body := strings.NewReader(`{"model":"claude-opus-4-8","max_tokens":64,"messages":[{"role":"user","content":"say ping"}]}`)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+r.addr+"/api/v1/messages", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-key", key)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// certify makes a certificate for this machine, and the files of it.
func certify(t *testing.T) (certificate, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return certificate, key, roots
}
