package backup_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/internal/backup"
	"crs/internal/secret"
)

// dataDir makes a directory that looks like a daemon's, and differs by word.
func dataDir(t *testing.T, word string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"crs.db": "store " + word, "seal.key": "key " + word, "store.json": "marker " + word,
		"ledger/00000001.log": "first " + word + "\n", "ledger/00000002.log": strings.Repeat("second "+word+"\n", 5000),
	} {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func source(t *testing.T, dir string) backup.From {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config.toml")
	write(t, config, "listen = \"127.0.0.1:3000\"\n")
	return backup.From{Data: dir, Config: config, Version: "1.0.0", Now: time.Now(), Copy: func(_ context.Context, to string) (int, error) {
		text, err := os.ReadFile(filepath.Join(dir, "crs.db"))
		if err == nil {
			err = os.WriteFile(to, text, 0o600)
		}
		return 4, err
	}}
}

// made makes a backup.
func made(t *testing.T, change func(*backup.From)) string {
	t.Helper()
	from := source(t, dataDir(t, "old"))
	if change != nil {
		change(&from)
	}
	file := filepath.Join(t.TempDir(), "backup")
	if err := backup.Write(t.Context(), file, from); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(file + ".*"); err != nil || len(left) > 0 {
		t.Errorf("it left %v", left)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
	return file
}

func TestWhatWasBackedUpIsRestored(t *testing.T) {
	t.Parallel()
	for name, pass := range map[string]string{"plain": "", "encrypted": "correct horse"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := made(t, func(f *backup.From) { f.Passphrase = secret.New(pass) })
			if pass != "" && strings.Contains(read(t, file), "backup.json") {
				t.Error("it can be read")
			}
			to := backup.To{Data: t.TempDir(), Config: filepath.Join(t.TempDir(), "etc", "config.toml"), Schema: 4, Passphrase: secret.New(pass)}
			done, err := backup.Restore(file, to)
			if err != nil {
				t.Fatal(err)
			}
			isOld(t, to.Data)
			if read(t, to.Config) != "listen = \"127.0.0.1:3000\"\n" || done.Config != to.Config || done.Before != "" || done.About.Version != "1.0.0" {
				t.Errorf("%+v", done)
			}
		})
	}
}

// isOld checks that a directory holds what the backup has, and nothing else.
func isOld(t *testing.T, dir string) {
	t.Helper()
	want := dataDir(t, "old")
	for _, name := range []string{"crs.db", "seal.key", "store.json", "ledger/00000001.log", "ledger/00000002.log"} {
		if read(t, filepath.Join(dir, name)) != read(t, filepath.Join(want, name)) {
			t.Errorf("%s is another one", name)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case strings.HasPrefix(name, "before-restore-"), name == "crs.db", name == "seal.key", name == "store.json", name == "ledger":
		default:
			t.Errorf("%s was left there", name)
		}
	}
}

func TestWhatIsThereIsReplacedOnlyByForceAndKept(t *testing.T) {
	t.Parallel()
	file, dir := made(t, nil), dataDir(t, "new")
	write(t, filepath.Join(dir, "crs.db-wal"), "new log")
	if _, err := backup.Restore(file, backup.To{Data: dir, Schema: 4}); !errors.Is(err, backup.ErrOccupied) {
		t.Fatalf("%v", err)
	}
	if read(t, filepath.Join(dir, "crs.db")) != "store new" {
		t.Error("it was replaced")
	}
	done, err := backup.Restore(file, backup.To{Data: dir, Schema: 4, Force: true})
	if err != nil {
		t.Fatal(err)
	}
	isOld(t, dir)
	for name, text := range map[string]string{"crs.db": "store new", "crs.db-wal": "new log", "seal.key": "key new", "ledger/00000001.log": "first new\n"} {
		if read(t, filepath.Join(done.Before, name)) != text {
			t.Errorf("%s was not kept", name)
		}
	}
}

func TestABackupOfANewerStoreIsRefused(t *testing.T) {
	t.Parallel()
	dir := dataDir(t, "new")
	if _, err := backup.Restore(made(t, nil), backup.To{Data: dir, Schema: 3, Force: true}); !errors.Is(err, backup.ErrNewer) {
		t.Errorf("%v", err)
	}
	if read(t, filepath.Join(dir, "crs.db")) != "store new" {
		t.Error("something was changed")
	}
}

func TestAnEncryptedBackupNeedsItsPassphrase(t *testing.T) {
	t.Parallel()
	file := made(t, func(f *backup.From) { f.Passphrase = secret.New("right") })
	for pass, want := range map[string]error{"": backup.ErrEncrypted, "wrong": backup.ErrPassphrase} {
		_, err := backup.Restore(file, backup.To{Data: t.TempDir(), Schema: 4, Passphrase: secret.New(pass)})
		if !errors.Is(err, want) {
			t.Errorf("%q: %v", pass, err)
		}
	}
}

// TestADamagedBackupChangesNothing cuts it at many places, and alters bytes of it.
func TestADamagedBackupChangesNothing(t *testing.T) {
	t.Parallel()
	good := []byte(read(t, made(t, nil)))
	file, dir := filepath.Join(t.TempDir(), "bad"), dataDir(t, "new")
	for at := 0; at < len(good); at += max(1, len(good)/40) {
		altered := bytes.Clone(good)
		altered[at] ^= 0x55
		for what, text := range map[string][]byte{"cut": good[:at], "altered": altered} {
			write(t, file, string(text))
			_, err := backup.Restore(file, backup.To{Data: dir, Schema: 4, Force: true})
			header := what == "altered" && at < 10 // the packing's own head says nothing that matters
			if err == nil && !header {
				t.Fatalf("%s at %d of %d: restored", what, at, len(good))
			}
			if !header && read(t, filepath.Join(dir, "crs.db")) != "store new" {
				t.Fatalf("%s at %d: something was changed", what, at)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, ".restore")); err == nil {
		t.Error("what was unpacked was left")
	}
}

func TestABackupThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	from := source(t, dataDir(t, "old"))
	full := errors.New("no space left")
	from.Copy = func(context.Context, string) (int, error) { return 0, full }
	file := filepath.Join(t.TempDir(), "backup")
	if err := backup.Write(t.Context(), file, from); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	if left, err := filepath.Glob(file + "*"); err != nil || len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}

func TestTheNewestBackupsAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"b-1", "b-2", "b-3", "other"} {
		write(t, filepath.Join(dir, name), name)
	}
	if err := backup.Prune(dir, "b-", 2); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 3 || filepath.Base(left[0]) != "b-2" {
		t.Errorf("%v, %v", left, err)
	}
}

// TestOnlyTheNamesOfABackupAreTaken: an archive is another's work until it is known to be none.
func TestOnlyTheNamesOfABackupAreTaken(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]tar.Header{
		"up":                  {Name: "../evil"},
		"up below the ledger": {Name: "ledger/../../evil"},
		"absolute":            {Name: "/tmp/evil"},
		"another file":        {Name: "evil"},
		"below the ledger":    {Name: "ledger/evil"},
		"deeper":              {Name: "ledger/00000003.log/evil"},
		"a wrong number":      {Name: "ledger/3.log"},
		"too many digits":     {Name: "ledger/000000003.log"},
		"a sign":              {Name: "ledger/-0000003.log"},
		"a backslash":         {Name: `ledger\\00000003.log`},
		"a line end":          {Name: "ledger/00000003.log\n"},
		"a symbolic link":     {Name: "ledger/00000003.log", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"},
		"a hard link":         {Name: "ledger/00000003.log", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"},
		"a directory":         {Name: "ledger/00000003.log", Typeflag: tar.TypeDir},
		"a pipe":              {Name: "crs.db", Typeflag: tar.TypeFifo},
		"twice":               {Name: "ledger/00000001.log"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := backup.To{Data: t.TempDir(), Schema: 4}
			_, err := backup.Restore(with(t, made(t, nil), h), to)
			if !errors.Is(err, backup.ErrDamaged) {
				t.Errorf("it says %v", err)
			}
			if left, _ := os.ReadDir(to.Data); len(left) > 0 {
				t.Errorf("it left %v", left)
			}
		})
	}
}

// with adds an entry to a backup's archive, before its checksums.
func with(t *testing.T, file string, add tar.Header) string {
	t.Helper()
	zipped, err := gzip.NewReader(strings.NewReader(read(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	from, to := tar.NewReader(zipped), tar.NewWriter(zip)
	for {
		h, err := from.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == "sums.json" {
			if err := to.WriteHeader(&add); err != nil {
				t.Fatal(err)
			}
		}
		if err := to.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(to, from); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(to.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	changed := filepath.Join(t.TempDir(), "changed")
	write(t, changed, out.String())
	return changed
}

// TestABackupThatDoesNotPassItsCheckChangesNothing.
func TestABackupThatDoesNotPassItsCheckChangesNothing(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	to := backup.To{Data: dataDir(t, "present"), Schema: 4, Force: true, Check: func(dir string) error {
		if read(t, filepath.Join(dir, "crs.db")) != "store old" {
			t.Error("it is not unpacked")
		}
		return refused
	}}
	if _, err := backup.Restore(made(t, nil), to); !errors.Is(err, refused) {
		t.Errorf("it says %v", err)
	}
	if read(t, filepath.Join(to.Data, "crs.db")) != "store present" {
		t.Error("it was put in its place")
	}
	if _, err := os.Stat(filepath.Join(to.Data, ".restore")); err == nil {
		t.Error("what was unpacked is still there")
	}
}

// TestWhatIsNotTheLedgersIsNotBackedUp: it would keep the backup from being restored.
func TestWhatIsNotTheLedgersIsNotBackedUp(t *testing.T) {
	t.Parallel()
	dir := dataDir(t, "old")
	write(t, filepath.Join(dir, "ledger", "notes.txt"), "mine")
	write(t, filepath.Join(dir, "ledger", "00000001.log.torn"), "torn")
	file := filepath.Join(t.TempDir(), "backup")
	if err := backup.Write(t.Context(), file, source(t, dir)); err != nil {
		t.Fatal(err)
	}
	to := backup.To{Data: t.TempDir(), Schema: 4}
	if _, err := backup.Restore(file, to); err != nil {
		t.Fatal(err)
	}
	if read(t, filepath.Join(to.Data, "ledger", "00000001.log.torn")) != "torn" {
		t.Error("what was cut off the ledger is another one")
	}
}
