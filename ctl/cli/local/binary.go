package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"crs/ctl"
	"crs/internal/release"
)

// binary is an installed program. At every moment there is a whole one at its path.
type binary struct{ path string }

func binaryAt(path string) binary { return binary{path} }

// next is where a new version is put before it is installed, and previous where the old one is kept.
func (b binary) next() string     { return b.path + ".next" }
func (b binary) previous() string { return b.path + ".previous" }

// fetch puts a new version beside the old one, durably.
func (b binary) fetch(ctx context.Context, rel *release.Release, what release.Artefact, so func(int64)) error {
	_ = os.Remove(b.next()) // a program that runs cannot be written to
	f, err := os.OpenFile(b.next(), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return fmt.Errorf("write the new version: %w", err)
	}
	err = rel.Fetch(ctx, what, f, so)
	so(-1)
	if err == nil {
		err = errors.Join(f.Chmod(0o755), f.Sync()) // whatever the umask says
	}
	err = errors.Join(err, f.Close())
	if err == nil && !b.nextIs(what) {
		err = fmt.Errorf("%w: what was written to %s is not what was read", release.ErrChecksum, b.next())
	}
	if err != nil {
		return errors.Join(err, b.drop())
	}
	return nil
}

// drop takes a new version away that was not installed.
func (b binary) drop() error {
	if err := os.Remove(b.next()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("take the new version away: %w", err)
	}
	return nil
}

// nextIs reports whether what lies beside the old version is the file of a release.
func (b binary) nextIs(what release.Artefact) bool {
	f, err := os.Open(b.next())
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	return err == nil && n == what.Size && hex.EncodeToString(sum.Sum(nil)) == strings.ToLower(what.SHA256)
}

// askLimit is how long a new version may take to say which it is.
const askLimit = 20 * time.Second

// nextSays makes sure that what lies beside the old version is the version that its release says it is: a signed manifest may
// still name an older binary, and nobody would notice that it was taken for a newer one.
func (b binary) nextSays(ctx context.Context, want string) error {
	ctx, stop := context.WithTimeout(ctx, askLimit)
	defer stop()
	cmd := exec.CommandContext(ctx, b.next(), "--version")
	cmd.WaitDelay = time.Second
	text, err := cmd.Output()
	if err != nil {
		return ctl.Errorf(ctl.Failed, "the new version does not run here: %s", err).WithHint("nothing was changed")
	}
	said, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "crs ")
	if !ok {
		return ctl.Errorf(ctl.Failed, "the new binary does not say which version it is").WithHint("nothing was changed")
	}
	if !release.Same(said, want) {
		return ctl.Errorf(ctl.Failed, "the release says that its binary is version %s, and the binary that it is %.100q", want, said).
			WithHint("nothing was changed; tell whoever publishes these releases")
	}
	return nil
}

// finish installs what an update that ended early had left, when it is the version that serves already. It reports whether
// there was anything.
func (b binary) finish(what release.Artefact) (bool, error) {
	if !b.nextIs(what) {
		return false, nil
	}
	if err := b.replace(); err != nil {
		return false, ctl.Errorf(ctl.Failed, "%s", err)
	}
	return true, nil
}

// replace puts the new version in the place of the old one, and keeps that.
func (b binary) replace() error {
	if err := putLink(b.path, b.previous()); err != nil {
		return fmt.Errorf("keep the old version: %w", err)
	}
	if err := os.Rename(b.next(), b.path); err != nil {
		return fmt.Errorf("put the new version in its place: %w", err)
	}
	return syncDir(filepath.Dir(b.path))
}

// restore puts the old version back.
func (b binary) restore() error {
	if err := putLink(b.previous(), b.path); err != nil {
		return fmt.Errorf("put the old version back: %w", err)
	}
	return syncDir(filepath.Dir(b.path))
}

// putLink gives a file a second name, in the place of whatever has that.
func putLink(from, to string) error {
	draft := to + ".new"
	_ = os.Remove(draft)
	if err := link(from, draft); err != nil {
		return err
	}
	if err := os.Rename(draft, to); err != nil {
		return errors.Join(err, os.Remove(draft))
	}
	return nil
}

// link gives a file a second name, or copies it where files have only one.
func link(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	err = errors.Join(err, out.Chmod(0o755), out.Sync(), out.Close())
	if err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return nil
}

// syncDir makes renames durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err == nil {
		err = errors.Join(d.Sync(), d.Close())
	}
	if err != nil {
		return fmt.Errorf("make the update durable: %w", err)
	}
	return nil
}

// readsConfiguration has a program read the configuration as it is, where no daemon runs that could be asked.
func readsConfiguration(ctx context.Context, program string) error {
	said, err := exec.CommandContext(ctx, program, "config", "check").CombinedOutput()
	if err == nil {
		return nil
	}
	if line, _, _ := strings.Cut(strings.TrimSpace(string(said)), "\n"); line != "" {
		return ctl.Errorf(ctl.Failed, "the new version does not take the present configuration: %s", strings.TrimPrefix(line, "error: "))
	}
	return ctl.Errorf(ctl.Failed, "the new version does not run here: %s", err)
}
