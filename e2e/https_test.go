//go:build e2e

package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"strings"
	"testing"

	"crs/ctl"
	"crs/lab/crstest/selfsigned"
)

// TestARestartOverHTTPS: a new process takes over from one that serves HTTPS, and serves it too, from the first request on.
func TestARestartOverHTTPS(t *testing.T) {
	certificate, key := selfsigned.Files(t)
	roots := x509.NewCertPool()
	if text, err := os.ReadFile(certificate); err != nil || !roots.AppendCertsFromPEM(text) {
		t.Fatalf("read %s: %v", certificate, err)
	}
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
