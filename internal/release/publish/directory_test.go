package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crs/internal/release"
)

func TestAReleaseIsFinishedSoThatItVerifies(t *testing.T) {
	dir, key := t.TempDir(), filepath.Join(t.TempDir(), "key")
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	for name, text := range map[string]string{
		"crs_1.2.3_linux_amd64": "linux", "crs_1.2.3_windows_arm64.exe": "windows", "crs_1.2.3_linux_amd64.cdx.json": "{}",
		"crs_1.2.3-1_arm64.deb": "deb", "crs-1.2.3-1.x86_64.rpm": "rpm",
		installFile: "from='@FROM@' version='@VERSION@' key='@RELEASE_KEY@'", formulaFile: `sha256 "@SHA256_linux_amd64@"`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := run([]string{"key", key}); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"release", dir, "1.2.3", key, "https://example.com/crs", "notes"}); err != nil {
		t.Fatal(err)
	}
	signer, err := release.OpenSigner(key, "")
	if err != nil {
		t.Fatal(err)
	}
	d, err := release.Open(dir, signer.Public(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Newest(t.Context())
	if err != nil || r.Version != "1.2.3" || r.Published.Unix() != 1700000000 || r.Notes != "notes" || len(r.Artefacts) != 7 {
		t.Fatalf("%+v, %v", r, err)
	}
	binary, err := r.For("linux", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	var content strings.Builder
	if err := r.Fetch(t.Context(), binary, &content, nil); err != nil || content.String() != "linux" {
		t.Errorf("%q, %v", &content, err)
	}
	for name, want := range map[string]string{
		installFile: "from='https://example.com/crs' version='1.2.3' key='" + signer.PublicText() + "'",
		formulaFile: `sha256 "` + binary.SHA256 + `"`,
	} {
		if text, _ := os.ReadFile(filepath.Join(dir, name)); string(text) != want {
			t.Errorf("%s is %s", name, text)
		}
	}
	sums, _ := os.ReadFile(filepath.Join(dir, sumsFile))
	if strings.Count(string(sums), "\n") != 7 || !strings.Contains(string(sums), binary.SHA256+"  crs_1.2.3_linux_amd64\n") {
		t.Errorf("the checksums are\n%s", sums)
	}
}

func TestKindsOfFiles(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]release.Artefact{
		"crs_1.2.3_darwin_arm64":         {Kind: release.Binary, OS: "darwin", Arch: "arm64"},
		"crs_1.2.3_windows_amd64.exe":    {Kind: release.Binary, OS: "windows", Arch: "amd64"},
		"crs_1.2.3_linux_amd64.cdx.json": {Kind: release.Other},
		"crs_1.2.3-1_amd64.deb":          {Kind: release.Deb, OS: "linux", Arch: "amd64"},
		"crs-1.2.3-1.aarch64.rpm":        {Kind: release.RPM, OS: "linux", Arch: "arm64"},
		"install.sh":                     {Kind: release.Other},
		"crs_9_linux_amd64":              {Kind: release.Other},
	} {
		kind, goos, arch := kindOf(name, "1.2.3")
		if got := (release.Artefact{Kind: kind, OS: goos, Arch: arch}); got != want {
			t.Errorf("%s is %+v", name, got)
		}
	}
}
