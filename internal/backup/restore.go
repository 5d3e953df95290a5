package backup

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"filippo.io/age"

	"crs/internal/errs"
	"crs/internal/secret"
	"crs/internal/usage"
)

// To is where a backup is put.
type To struct {
	Data   string
	Config string // where the configuration belongs
	// Schema is the newest of a store that this crs knows.
	Schema     int
	Passphrase secret.String
	// Force replaces what is there.
	Force bool
	// Check looks at a backup that was unpacked into a directory, before anything of it is put in its place. It may leave files
	// there. Nil is satisfied with every one.
	Check func(dir string) error
}

// Why a backup is not restored.
var (
	ErrEncrypted  = errors.New("the backup is encrypted")
	ErrPassphrase = errors.New("wrong passphrase")
	ErrDamaged    = errors.New("the backup is damaged")
	ErrOccupied   = errors.New("there is a store already")
	ErrNewer      = errors.New("the backup was written by a newer crs")
)

// Restored is what was put back.
type Restored struct {
	About About
	// Config is where the configuration was put; "" when the one that is there was kept, or the backup has none.
	Config string
	// Before is the directory that what was there before was moved to; "" when there was nothing.
	Before string
}

// Restore puts a backup into a directory that no daemon uses. Nothing is changed before the whole backup was read and found
// good. When it is killed while it puts things in their places, Finish does the rest.
func Restore(file string, to To) (*Restored, error) {
	if err := Finish(to.Data); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(to.Data, storeFile)); err == nil && !to.Force {
		return nil, ErrOccupied
	}
	stage := filepath.Join(to.Data, stageDir)
	if err := errors.Join(os.RemoveAll(stage), os.MkdirAll(stage, 0o700)); err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	done, err := prepare(file, stage, &to)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(stage))
	}
	if done.Before, err = commit(to.Data, &done.About); err != nil {
		return nil, err
	}
	return done, Finish(to.Data)
}

// prepare does all that can be done before what is there is touched.
func prepare(file, stage string, to *To) (*Restored, error) {
	about, err := unpack(file, stage, to)
	if err == nil && to.Check != nil {
		err = to.Check(stage)
	}
	if err != nil {
		return nil, err
	}
	config, err := placeConfig(stage, to)
	if err != nil {
		return nil, fmt.Errorf("restore the configuration: %w", err)
	}
	return &Restored{About: *about, Config: config}, nil
}

// unpack reads the whole backup into the stage, and checks it.
func unpack(file, stage string, to *To) (*About, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the backup: %w", err)
	}
	defer func() { _ = f.Close() }()
	plain, err := opened(f, to.Passphrase)
	if err != nil {
		return nil, err
	}
	zip, err := gzip.NewReader(plain)
	if err != nil {
		return nil, fmt.Errorf("%w: it is no archive", ErrDamaged)
	}
	u := unpacker{stage: stage, schema: to.Schema, sums: map[string]string{}, seen: map[string]bool{}}
	if err := u.read(tar.NewReader(zip)); err != nil {
		return nil, err
	}
	if u.about != nil && u.about.Ledger { // an empty one replaces what is there, too
		if err := os.MkdirAll(filepath.Join(stage, ledgerDir), 0o700); err != nil {
			return nil, fmt.Errorf("restore: %w", err)
		}
	}
	// The end of the archive is followed by the checksum of the packing.
	if _, err := io.Copy(io.Discard, zip); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return u.about, u.whole()
}

const ageMagic = "age-encryption.org/"

// opened decrypts what is encrypted.
func opened(f io.Reader, passphrase secret.String) (io.Reader, error) {
	br := bufio.NewReader(f)
	if start, err := br.Peek(len(ageMagic)); err != nil || string(start) != ageMagic {
		return br, nil
	}
	if passphrase.Empty() {
		return nil, ErrEncrypted
	}
	identity, err := age.NewScryptIdentity(passphrase.Reveal())
	if err != nil {
		return nil, fmt.Errorf("use the passphrase: %w", err)
	}
	plain, err := age.Decrypt(br, identity)
	switch {
	case errors.As(err, new(*age.NoIdentityMatchError)):
		return nil, ErrPassphrase
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return plain, nil
}

// unpacker reads a backup's entries.
type unpacker struct {
	stage  string
	schema int
	about  *About
	sums   map[string]string
	wanted map[string]string
	seen   map[string]bool
}

func (u *unpacker) read(a *tar.Reader) error {
	for {
		h, err := a.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if !expected(h.Name) || h.Typeflag != tar.TypeReg {
			return fmt.Errorf("%w: it has %q, which no backup has", ErrDamaged, h.Name)
		}
		if u.seen[h.Name] {
			return fmt.Errorf("%w: it has %q twice", ErrDamaged, h.Name)
		}
		u.seen[h.Name] = true
		if err := u.entry(h.Name, a); err != nil {
			return err
		}
	}
}

// expected keeps names inside the directory.
func expected(name string) bool {
	switch name {
	case aboutFile, sumsFile, storeFile, configFile, keyFile, markerFile:
		return true
	}
	dir, file := path.Split(name)
	return dir == ledgerDir+"/" && usage.OwnFile(file)
}

func (u *unpacker) entry(name string, body io.Reader) error {
	switch name {
	case aboutFile:
		return u.readAbout(name, body)
	case sumsFile:
		text, err := io.ReadAll(io.LimitReader(body, 16<<20))
		if err != nil || json.Unmarshal(text, &u.wanted) != nil {
			return fmt.Errorf("%w: its checksums are not readable", ErrDamaged)
		}
		return nil
	}
	if u.about == nil {
		return fmt.Errorf("%w: it does not say what it is", ErrDamaged)
	}
	return u.save(name, body)
}

func (u *unpacker) readAbout(name string, body io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(body, 1<<20))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	u.about = new(About)
	if json.Unmarshal(text, u.about) != nil {
		return fmt.Errorf("%w: it does not say what it is", ErrDamaged)
	}
	if u.about.Format != format || u.about.Schema > u.schema {
		return fmt.Errorf("%w (version %s, schema %d; this one knows %d)", ErrNewer, u.about.Version, u.about.Schema, u.schema)
	}
	u.sums[name] = fmt.Sprintf("%x", sha256.Sum256(text))
	return nil
}

func (u *unpacker) save(name string, body io.Reader) error {
	file := filepath.Join(u.stage, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	sum, in := sha256.New(), &reading{from: body}
	_, err = io.Copy(io.MultiWriter(f, sum), in)
	err = errors.Join(err, f.Sync(), f.Close())
	switch {
	case in.err != nil:
		return fmt.Errorf("%w: %w", ErrDamaged, in.err)
	case err != nil:
		return fmt.Errorf("restore: %w", err)
	}
	u.sums[name] = text(sum)
	return nil
}

// reading tells errors of the backup from those of the disk that it is written to.
type reading struct {
	from io.Reader
	err  error
}

func (r *reading) Read(b []byte) (int, error) {
	n, err := r.from.Read(b)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// whole compares what was read with what was written.
func (u *unpacker) whole() error {
	if u.about == nil || u.wanted == nil {
		return fmt.Errorf("%w: it is not whole", ErrDamaged)
	}
	for _, name := range append(beside(), storeFile) {
		if u.wanted[name] == "" {
			return fmt.Errorf("%w: it lacks %s", ErrDamaged, name)
		}
	}
	if len(u.wanted) != len(u.sums) {
		return fmt.Errorf("%w: it has %d files and was written with %d", ErrDamaged, len(u.sums), len(u.wanted))
	}
	for name, sum := range u.wanted {
		if u.sums[name] != sum {
			return fmt.Errorf("%w: %s is not what was written", ErrDamaged, name)
		}
	}
	return nil
}

// placeConfig puts the configuration where it belongs, unless there is one and it is not to be replaced.
func placeConfig(stage string, to *To) (string, error) {
	staged := filepath.Join(stage, configFile)
	text, err := os.ReadFile(staged)
	if err != nil || to.Config == "" {
		return "", errs.Ignore(err, fs.ErrNotExist)
	}
	if err := os.Remove(staged); err != nil {
		return "", err
	}
	old, err := os.ReadFile(to.Config)
	if err == nil && (!to.Force || bytes.Equal(old, text)) {
		return "", nil
	}
	if err := os.MkdirAll(filepath.Dir(to.Config), 0o755); err != nil {
		return "", err
	}
	draft := to.Config + ".new"
	if err := writeNew(draft, text, 0o640); err != nil {
		return "", err
	}
	if err := belongTo(draft, to.Data, to.Config); err != nil {
		return "", err
	}
	return to.Config, os.Rename(draft, to.Config)
}
