package proxyengine_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crs/ctl"
	"crs/internal/config"
	"crs/lab/crstest"
)

// overTLS starts a box that serves with a certificate in files, and gives a client that trusts it.
func overTLS(t *testing.T) (*crstest.Box, *http.Client) {
	t.Helper()
	known := httptest.NewUnstartedServer(nil) // it brings a certificate for 127.0.0.1
	known.StartTLS()
	known.Close()
	own := known.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: own.Certificate[0]}, "key.pem": {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := crstest.Start(t, crstest.Config(func(c *config.Config) {
		c.TLS = config.TLS{Certificate: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"), MinVersion: "1.2"}
	}))
	roots := x509.NewCertPool()
	roots.AddCert(known.Certificate())
	b.URL = strings.Replace(b.URL, "http:", "https:", 1)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(tr.CloseIdleConnections)
	return b, &http.Client{Transport: tr}
}

func TestRequestsAreServedOverTLS(t *testing.T) {
	t.Parallel()
	b, client := overTLS(t)
	b.Account("a")
	key := b.Key("me")
	for _, body := range []string{crstest.Hello, crstest.Stream} {
		for range 2 { // the second on the same connection
			resp, err := client.Do(b.Request(t.Context(), key, body))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(resp.Body)
			if _ = resp.Body.Close(); err != nil || resp.StatusCode != 200 || resp.ProtoMajor != 1 {
				t.Errorf("%s %s %v: %s", resp.Proto, resp.Status, err, text)
			}
		}
	}
	if s, err := b.Status(t.Context()); err != nil || !s.TLS {
		t.Errorf("the status does not say so: %+v, %v", s, err)
	}
	plain, err := http.Get(strings.Replace(b.URL, "https:", "http:", 1))
	if err == nil {
		_ = plain.Body.Close()
		t.Errorf("it is served without TLS, too: %s", plain.Status)
	}
}

func TestAClientThatLeavesIsNoticedOverTLS(t *testing.T) {
	t.Parallel()
	b, client := overTLS(t)
	b.Account("a")
	key := b.Key("me")
	b.Script("stall(after=2)")
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	resp, err := client.Do(b.Request(ctx, key, crstest.Stream))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := resp.Body.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	leave()
	b.Until("nothing is in flight", func(s ctl.Status) bool { return s.InFlight == 0 })
}
