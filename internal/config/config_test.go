package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crs/internal/config"
)

// in is a source whose file, environment and flags are all inside a directory of the test.
func in(t *testing.T, file string, environ ...string) config.Source {
	t.Helper()
	dir := t.TempDir()
	if file != "" {
		write(t, filepath.Join(dir, "config.toml"), file)
	}
	return config.Source{
		Environ: append([]string{"PATH=/bin", "CRS_DATA=" + dir, "CRS_SOCKET=/run/test.sock"}, environ...),
		UID:     1000,
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mustLoad(t *testing.T, src config.Source) *config.Loaded {
	t.Helper()
	loaded, err := config.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// problems gives the lines of Load's error, with the file's directory cut off.
func problems(t *testing.T, src config.Source) []string {
	t.Helper()
	_, err := config.Load(src)
	if err == nil {
		t.Fatal("Load found nothing wrong")
	}
	dir := strings.TrimPrefix(src.Environ[1], "CRS_DATA=") + "/"
	return strings.Split(strings.ReplaceAll(err.Error(), dir, ""), "\n")
}

func entry(t *testing.T, loaded *config.Loaded, key string) config.Entry {
	t.Helper()
	for _, e := range loaded.Entries() {
		if e.Key == key {
			return e
		}
	}
	t.Fatalf("no entry for %s", key)
	return config.Entry{}
}

// sameLines reports every difference between two texts given as lines.
func sameLines(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		var g, w string
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("line %d:\n got %s\nwant %s", i+1, g, w)
		}
	}
}
