package release_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crs/internal/release"
)

// publish makes a release directory with one binary in it.
func publish(t *testing.T, dir, version, content string, s *release.Signer) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "crs-linux-amd64")
	if err := os.WriteFile(file, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
	a, err := release.Describe(file, release.Binary, "linux", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	if err := release.Write(dir, release.Manifest{Version: version, Artefacts: []release.Artefact{a}}, s); err != nil {
		t.Fatal(err)
	}
}

func signer(t *testing.T) *release.Signer {
	t.Helper()
	s, err := release.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func open(t *testing.T, location string, key release.Key, client *http.Client) *release.Directory {
	t.Helper()
	d, err := release.Open(location, key, client)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAReleaseIsReadFromADirectoryAndOverHTTPS(t *testing.T) {
	t.Parallel()
	s, dir := signer(t), t.TempDir()
	publish(t, dir, "1.2.0", "new binary", s)
	publish(t, filepath.Join(dir, "v1.1.0"), "v1.1.0", "old binary", s)
	server := httptest.NewTLSServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	for _, location := range []string{dir, server.URL + "/"} {
		d := open(t, location, s.Public(), server.Client())
		newest, err := d.Newest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := fetched(t, newest); newest.Version != "1.2.0" || got != "new binary" {
			t.Errorf("%s: the newest is %s: %q", location, newest.Version, got)
		}
		old, err := d.Version(t.Context(), "1.1.0")
		if err != nil {
			t.Fatal(err)
		}
		if got := fetched(t, old); got != "old binary" {
			t.Errorf("%s: 1.1.0 is %q", location, got)
		}
		var none *release.NoRelease
		if _, err := d.Version(t.Context(), "9.0.0"); !errors.As(err, &none) || none.Has != "1.2.0" {
			t.Errorf("%s: 9.0.0: %v", location, err)
		}
	}
}

func fetched(t *testing.T, r *release.Release) string {
	t.Helper()
	a, err := r.For("linux", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	var seen int64
	if err := r.Fetch(t.Context(), a, &b, func(n int64) { seen = n }); err != nil {
		t.Fatal(err)
	}
	if seen != a.Size {
		t.Errorf("told of %d of %d bytes", seen, a.Size)
	}
	return b.String()
}

func TestWhatIsNotSignedIsNotBelieved(t *testing.T) {
	t.Parallel()
	s := signer(t)
	for name, spoil := range map[string]func(t *testing.T, dir string) release.Key{
		"no signature": func(t *testing.T, dir string) release.Key {
			return remove(t, dir, s)
		},
		"another key": func(t *testing.T, _ string) release.Key { return signer(t).Public() },
		"an altered manifest": func(t *testing.T, dir string) release.Key {
			return alter(t, filepath.Join(dir, release.ManifestFile), "1.2.0", "1.3.0", s)
		},
		"a signature that is none": func(t *testing.T, dir string) release.Key {
			return alter(t, filepath.Join(dir, release.SignatureFile), "untrusted comment", "comment", s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			publish(t, dir, "1.2.0", "x", s)
			if _, err := open(t, dir, spoil(t, dir), nil).Newest(t.Context()); !errors.Is(err, release.ErrSignature) {
				t.Errorf("%v", err)
			}
		})
	}
	dir := t.TempDir()
	publish(t, dir, "1.2.0", "x", s)
	if _, err := open(t, dir, release.Key{}, nil).Newest(t.Context()); !errors.Is(err, release.ErrNoKey) {
		t.Errorf("without a key: %v", err)
	}
}

func remove(t *testing.T, dir string, s *release.Signer) release.Key {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, release.SignatureFile)); err != nil {
		t.Fatal(err)
	}
	return s.Public()
}

func alter(t *testing.T, file, from, to string, s *release.Signer) release.Key {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(text, []byte(from), []byte(to), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	return s.Public()
}

func TestAFileThatIsNotTheManifestsIsRefused(t *testing.T) {
	t.Parallel()
	s := signer(t)
	for name, content := range map[string]string{"altered": "y", "short": "", "long": "xx"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			publish(t, dir, "1.2.0", "x", s)
			if err := os.WriteFile(filepath.Join(dir, "crs-linux-amd64"), []byte(content), 0o755); err != nil {
				t.Fatal(err)
			}
			r, err := open(t, dir, s.Public(), nil).Newest(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Fetch(context.Background(), r.Artefacts[0], new(bytes.Buffer), nil); !errors.Is(err, release.ErrChecksum) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestAReleaseForOtherSystemsSaysForWhich(t *testing.T) {
	t.Parallel()
	m := release.Manifest{Version: "1.2.0", Artefacts: []release.Artefact{
		{File: "a", Kind: release.Binary, OS: "linux", Arch: "amd64"}, {File: "b.deb", Kind: release.Deb, OS: "linux", Arch: "riscv64"},
	}}
	if _, err := m.For("linux", "riscv64"); err == nil || !strings.Contains(err.Error(), "linux/riscv64") || !strings.Contains(err.Error(), "linux/amd64") {
		t.Errorf("%v", err)
	}
}

func TestAManifestCannotPointOutOfItsDirectory(t *testing.T) {
	t.Parallel()
	good := release.Artefact{File: "crs", Size: 1, SHA256: strings.Repeat("0", 64)}
	for _, file := range []string{"", "..", "../crs", "a/b", "/etc/passwd", ".hidden", "a b", "a?b", `a\b`} {
		bad := good
		bad.File = file
		m := release.Manifest{Version: "1.0.0", Artefacts: []release.Artefact{bad}}
		if m.Validate() == nil {
			t.Errorf("%q is taken for a file's name", file)
		}
	}
	for version, want := range map[string]bool{
		"1.2.3": true, "v1.2.3": true, "1.2.3-rc.1": true, "1.2.3+build.5": true, "1.2.3-4-gabc1234": true, "../1": false, "": false, "1": false, "1.2": false,
		"v1": false, "latest": false, "dev": false, "1.2.3.4": false, "01.2.3": false, "1.2.3-": false, "vv1.2.3": false, "1.2.3 ": false, "1.2.3-01": false,
	} {
		m := release.Manifest{Version: version, Artefacts: []release.Artefact{good}}
		if err := m.Validate(); (err == nil) != want {
			t.Errorf("%q: %v", version, err)
		}
	}
}

func TestWhichVersionIsNewer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		candidate, current string
		want               bool
	}{
		{"1.2.0", "1.1.9", true},
		{"v1.2.0", "1.2.0", false},
		{"1.10.0", "1.9.0", true},
		{"1.2.0-rc.1", "1.2.0", false},
		{"1.2.0", "v1.2.0-rc.1", true},
		{"1.0.0", "2.0.0", false},
		{"1.0.0", "dev", true},
		{"dev", "dev", false},
		{"1.0.0", "6065c99-dirty", true},
	} {
		if got := release.Newer(c.candidate, c.current); got != c.want {
			t.Errorf("Newer(%s, %s) = %v", c.candidate, c.current, got)
		}
	}
}

func TestOnlyHTTPSAndDirectoriesAreReadFrom(t *testing.T) {
	t.Parallel()
	for _, location := range []string{"http://example.com/crs", "ftp://example.com", "https://", "https://u:p@example.com/", "https://example.com/?x=1"} {
		if _, err := release.Open(location, release.Key{}, nil); err == nil {
			t.Errorf("%s is taken", location)
		} else if strings.Contains(err.Error(), "u:p") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestASigningKeyIsReadFromAFile(t *testing.T) {
	t.Parallel()
	s := signer(t)
	text, err := s.SecretText()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := release.OpenSigner(file, "")
	if err != nil || again.PublicText() != s.PublicText() {
		t.Errorf("%v", err)
	}
	if k, err := release.ParseKey(s.PublicText() + "\n"); err != nil || k.String() != s.Public().String() {
		t.Errorf("the public key: %v", err)
	}
}
