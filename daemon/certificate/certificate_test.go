package certificate

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/lab/crstest/selfsigned"
)

// files are a certificate that tests change, with a clock that they move.
type files struct {
	*Files
	t                *testing.T
	certificate, key string
	at               time.Time
	log              bytes.Buffer
}

func newFiles(t *testing.T) *files {
	t.Helper()
	dir := t.TempDir()
	f := &files{t: t, certificate: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), at: time.Now()}
	f.put("first")
	var err error
	f.Files, err = Open(f.certificate, f.key, func() time.Time { return f.at }, slog.New(slog.NewTextHandler(&f.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *files) put(name string) {
	f.t.Helper()
	certificate, key, err := selfsigned.Make(name)
	if err != nil {
		f.t.Fatal(err)
	}
	f.write(f.certificate, certificate)
	f.write(f.key, key)
}

// write gives a file a time of its own: file systems do not tell those of two quick writes apart.
func (f *files) write(path string, text []byte) {
	f.t.Helper()
	f.at = f.at.Add(2 * lookEvery)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Chtimes(path, f.at, f.at); err != nil {
		f.t.Fatal(err)
	}
}

// name is whose certificate a client gets that speaks TLS up to a version.
func (f *files) name(highest uint16) (string, error) {
	client, server := net.Pipe()
	defer func() { _, _ = client.Close(), server.Close() }()
	go func() { _ = tls.Server(server, f.Config(tls.VersionTLS12)).Handshake() }()
	c := tls.Client(client, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: highest})
	if err := c.Handshake(); err != nil {
		return "", err
	}
	return c.ConnectionState().PeerCertificates[0].Subject.CommonName, nil
}

func TestACertificateThatChangesIsReadAgain(t *testing.T) {
	t.Parallel()
	f := newFiles(t)
	wants := func(want string) {
		t.Helper()
		if got, err := f.name(tls.VersionTLS13); err != nil || got != want {
			t.Fatalf("a client gets %q, %v; want %q", got, err, want)
		}
	}
	wants("first")
	f.put("second")
	f.at = f.at.Add(lookEvery)
	wants("second")
	f.write(f.key, []byte("half a k"))
	f.at = f.at.Add(lookEvery)
	wants("second")
	f.at = f.at.Add(lookEvery)
	wants("second")
	if n := strings.Count(f.log.String(), "the old one stays"); n != 1 {
		t.Errorf("it says %d times that it cannot be read:\n%s", n, &f.log)
	}
	if strings.Contains(f.log.String(), "half a k") {
		t.Error("the log has a piece of the key")
	}
	if err := os.Remove(f.certificate); err != nil {
		t.Fatal(err)
	}
	f.at = f.at.Add(lookEvery)
	wants("second")
	f.put("third")
	f.at = f.at.Add(lookEvery)
	wants("third")
}

func TestOldVersionsOfTLSAreNotSpoken(t *testing.T) {
	t.Parallel()
	f := newFiles(t)
	if _, err := f.name(tls.VersionTLS11); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	if _, err := f.name(tls.VersionTLS12); err != nil {
		t.Error(err)
	}
}

func TestACertificateThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	f := newFiles(t)
	_, other, err := selfsigned.Make("other")
	if err != nil {
		t.Fatal(err)
	}
	f.write(f.key, other)
	for _, paths := range [][2]string{{f.certificate, f.key}, {f.certificate, "/nowhere/key.pem"}, {f.key, f.key}} {
		if _, err := Open(paths[0], paths[1], time.Now, slog.Default()); err == nil || !strings.Contains(err.Error(), "read the certificate") {
			t.Errorf("%v: %v", paths, err)
		}
	}
}
