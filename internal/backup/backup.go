// Package backup writes all that a daemon keeps into one file, and puts it back.
//
// A backup is a gzipped tar archive: what it is (backup.json), the store, the key that its secrets are sealed with, the
// ledger, the configuration, and last the checksums of it all. With a passphrase it is encrypted in age's format.
package backup

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"crs/internal/durable"
	"crs/internal/errs"
	"crs/internal/secret"
	"crs/internal/usage"
)

// The names in a backup, which are those in a data directory.
const (
	aboutFile  = "backup.json"
	sumsFile   = "sums.json"
	storeFile  = "crs.db"
	configFile = "config.toml"
	ledgerDir  = "ledger"
)

// keyFile and markerFile are small files that belong to the store.
const (
	keyFile    = "seal.key"
	markerFile = "store.json"
)

func beside() []string { return []string{keyFile, markerFile} }

// format of a backup; a crs that knows only an older one says so.
const format = 1

// About is what a backup says of itself.
type About struct {
	Format  int       `json:"format"`
	Version string    `json:"version"` // of the crs that wrote it
	Made    time.Time `json:"made"`
	Schema  int       `json:"schema"` // of the store
	Ledger  bool      `json:"ledger"` // whether the ledger is in it
}

// From is what a backup is made of.
type From struct {
	Data    string // the directory
	Config  string // the configuration file; it may be missing
	Version string
	Now     time.Time
	// Copy writes a copy of the store to a file, as it is at one moment, and gives its schema.
	Copy func(ctx context.Context, to string) (schema int, err error)
	// Opens is an error when what the key file holds is not the key that secrets in the copied store are sealed with. It may be nil.
	Opens func(ctx context.Context, key []byte, copied string) error
	// NoLedger leaves the ledger out.
	NoLedger bool
	// Passphrase encrypts it, unless it is empty.
	Passphrase secret.String
}

// partial is what a backup is called while it is written.
const partial = ".partial"

// Write makes a backup at file. Until it is whole and durable, nothing is there under that name; what a run that was killed
// has left is cleared away.
func Write(ctx context.Context, file string, from From) error {
	draft, copied := file+partial, file+".db"+partial
	_, _ = os.Remove(draft), os.Remove(copied)
	f, err := os.OpenFile(draft, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	defer func() { _, _ = os.Remove(copied), os.Remove(copied+"-journal") }()
	if err = from.write(ctx, f, copied); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(draft, file)
	}
	if err != nil {
		return fmt.Errorf("write the backup: %w", errors.Join(err, errs.Ignore(os.Remove(draft), fs.ErrNotExist)))
	}
	return durable.Dir(filepath.Dir(file))
}

func (from *From) write(ctx context.Context, w io.Writer, copied string) error {
	whole, err := sealed(w, from.Passphrase)
	if err != nil {
		return err
	}
	zip := gzip.NewWriter(whole)
	a := &archive{tar: tar.NewWriter(zip), at: from.Now, sums: map[string]string{}}
	if err := from.fill(ctx, a, copied); err != nil {
		return err
	}
	return errors.Join(a.tar.Close(), zip.Close(), whole.Close())
}

// sealed encrypts what is written, if there is a passphrase.
func sealed(w io.Writer, passphrase secret.String) (io.WriteCloser, error) {
	if passphrase.Empty() {
		return nopCloser{w}, nil
	}
	to, err := age.NewScryptRecipient(passphrase.Reveal())
	if err != nil {
		return nil, fmt.Errorf("use the passphrase: %w", err)
	}
	return age.Encrypt(w, to)
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// fill copies the store first, and the ledger after it: what the ledger has more than the store counts when it is restored.
func (from *From) fill(ctx context.Context, a *archive, copied string) error {
	// The copy has secrets, if sealed ones: it must not be readable for a moment.
	if err := writeNew(copied, nil, 0o600); err != nil {
		return err
	}
	schema, err := from.Copy(ctx, copied)
	if err != nil {
		return err
	}
	return errs.First(
		func() error {
			return a.json(aboutFile, About{Format: format, Version: from.Version, Made: from.Now.UTC(), Schema: schema, Ledger: !from.NoLedger})
		},
		func() error { return a.file(storeFile, copied, false) },
		func() error { return from.key(ctx, a, copied) },
		func() error { return a.file(markerFile, filepath.Join(from.Data, markerFile), false) },
		func() error { return a.file(configFile, from.Config, true) },
		func() error { return from.ledger(ctx, a) },
		func() error { return a.json(sumsFile, a.sums) },
	)
}

// key adds the key file as it was looked at: a backup with another key is worth nothing.
func (from *From) key(ctx context.Context, a *archive, copied string) error {
	text, err := os.ReadFile(filepath.Join(from.Data, keyFile))
	if err != nil {
		return err
	}
	if from.Opens != nil {
		if err := from.Opens(ctx, text, copied); err != nil {
			return err
		}
	}
	return a.text(keyFile, text)
}

func (from *From) ledger(ctx context.Context, a *archive) error {
	if from.NoLedger {
		return nil
	}
	entries, err := os.ReadDir(filepath.Join(from.Data, ledgerDir))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !usage.OwnFile(e.Name()) {
			continue // it would not be restored
		}
		// A segment that is gone was too old to be kept.
		if err := a.file(path.Join(ledgerDir, e.Name()), filepath.Join(from.Data, ledgerDir, e.Name()), true); err != nil {
			return err
		}
	}
	return nil
}

// archive writes a backup's entries.
type archive struct {
	tar  *tar.Writer
	at   time.Time
	sums map[string]string
}

func (a *archive) json(name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return a.text(name, text)
}

func (a *archive) text(name string, text []byte) error {
	return a.entry(name, int64(len(text)), strings.NewReader(string(text)))
}

// file adds a file as long as it is now: one that grows meanwhile is cut there.
func (a *archive) file(name, from string, optional bool) error {
	f, err := os.Open(from)
	if optional && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return a.entry(name, info.Size(), io.LimitReader(f, info.Size()))
}

func (a *archive) entry(name string, size int64, body io.Reader) error {
	err := a.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: a.at, Typeflag: tar.TypeReg})
	if err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(a.tar, sum), body); err != nil {
		return err
	}
	a.sums[name] = text(sum)
	return nil
}

func text(sum hash.Hash) string { return hex.EncodeToString(sum.Sum(nil)) }

// Prune keeps the newest backups of those whose names begin with prefix in dir, and deletes the others.
func Prune(dir, prefix string, keep int) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("list the backups: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) && !strings.HasSuffix(e.Name(), partial) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names) // their names have their times
	for _, name := range names[:max(0, len(names)-keep)] {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("delete an old backup: %w", err)
		}
	}
	return nil
}
