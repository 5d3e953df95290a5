package seal_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"crs/internal/seal"
)

func TestTheKeyFileIsMadeOnceForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, dir)
	path := filepath.Join(dir, seal.KeyFile)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	first := read(t, path)
	if key, err := hex.DecodeString(strings.TrimSuffix(string(first), "\n")); err != nil || len(key) != 32 {
		t.Errorf("the file holds %d bytes of key, %v", len(key), err)
	}
	open(t, dir)
	if again := read(t, path); !bytes.Equal(first, again) {
		t.Error("the second opening changed the key")
	}
	onlyKeyFile(t, dir)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func onlyKeyFile(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || files[0].Name() != seal.KeyFile {
		t.Errorf("the directory holds %v", files)
	}
}

func TestOpeningAtTheSameTimeMakesOneKey(t *testing.T) {
	t.Parallel()
	for range 20 {
		dir := t.TempDir()
		prints := make([]string, 16)
		start := make(chan struct{})
		var all sync.WaitGroup
		for i := range prints {
			all.Go(func() {
				<-start
				s, err := seal.Open(dir, seal.Options{})
				if err != nil {
					t.Error(err)
					return
				}
				prints[i] = s.Fingerprint()
			})
		}
		close(start)
		all.Wait()
		for _, fingerprint := range prints {
			if fingerprint != open(t, dir).Fingerprint() {
				t.Fatalf("fingerprints %q", prints)
			}
		}
		onlyKeyFile(t, dir)
	}
}

func TestAKeyFileThatOthersMayUseIsRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "it's here")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	fingerprint := open(t, dir).Fingerprint()
	path := filepath.Join(dir, seal.KeyFile)
	for _, mode := range []fs.FileMode{0o604, 0o620, 0o640, 0o644, 0o666, 0o700, 0o601} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := seal.Open(dir, seal.Options{})
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%#o", mode)) ||
			!strings.HasSuffix(err.Error(), "chmod 600 '"+strings.ReplaceAll(path, "'", `'\''`)+"'") {
			t.Errorf("mode %v: %v", mode, err)
		}
	}
	for _, mode := range []fs.FileMode{0o600, 0o400} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if s, err := seal.Open(dir, seal.Options{MustExist: true}); err != nil || s.Fingerprint() != fingerprint {
			t.Errorf("mode %v: %v", mode, err)
		}
	}
}

func TestAFileThatHoldsNoKeyIsRefusedAndKept(t *testing.T) {
	t.Parallel()
	digits := strings.Repeat("0123456789abcdef", 4)
	for name, content := range map[string]string{
		"empty":        "",
		"short":        digits[1:],
		"one less":     digits[2:] + "\n",
		"one more":     digits + "00\n",
		"long":         strings.Repeat(digits, 1000),
		"not a number": strings.Replace(digits, "f", "g", 1),
		"two lines":    digits + "\n" + digits + "\n",
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, seal.KeyFile)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := seal.Open(dir, seal.Options{})
		if err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "0123") || strings.Contains(err.Error(), "'g'") {
			t.Errorf("%s: %v", name, err)
		}
		if string(read(t, path)) != content {
			t.Errorf("%s: the file was written to", name)
		}
	}
}

func TestAKeyFileRestoredByHandIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fingerprint := open(t, dir).Fingerprint()
	path := filepath.Join(dir, seal.KeyFile)
	byHand := "  " + strings.ToUpper(strings.TrimSpace(string(read(t, path)))) + "\r\n\r\n"
	if err := os.WriteFile(path, []byte(byHand), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir).Check(fingerprint); err != nil {
		t.Error(err)
	}
}

func TestAMissingKeyFileIsNotReplacedWhenTheStoreNeedsIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := seal.Open(dir, seal.Options{MustExist: true})
	if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, seal.KeyFile)) || !strings.Contains(err.Error(), "backup") {
		t.Errorf("got %v", err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 0 {
		t.Errorf("the directory holds %v, %v", files, err)
	}
}

func TestWhatIsNoKeyFileIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, seal.KeyFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open(dir, seal.Options{}); err == nil || !strings.Contains(err.Error(), "regular file") {
		t.Errorf("a directory: %v", err)
	}
	missing := filepath.Join(t.TempDir(), "no", "such")
	if _, err := seal.Open(missing, seal.Options{}); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("no directory: %v", err)
	}
}

func TestPrintingASealShowsNoKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	digits := strings.TrimSpace(string(read(t, filepath.Join(dir, seal.KeyFile))))
	key, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		for _, out := range []string{fmt.Sprintf(verb, s), fmt.Sprintf(verb, *s)} {
			if strings.Contains(out, digits[:16]) || strings.Contains(out, fmt.Sprint(key[:8])[1:20]) {
				t.Errorf("%s shows the key: %s", verb, out)
			}
		}
	}
}
