package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Directory is where releases are read from: an https URL, or a directory of this machine.
type Directory struct {
	base   string // without a slash at its end
	client *http.Client
	key    Key
}

// Open names a directory; nothing is read yet. client serves URLs; nil means http.DefaultClient.
func Open(location string, key Key, client *http.Client) (*Directory, error) {
	if client == nil {
		client = http.DefaultClient
	}
	d := &Directory{base: strings.TrimRight(location, "/"), client: client, key: key}
	scheme, _, isURL := strings.Cut(location, "://")
	if !isURL {
		d.base = filepath.Clean(location)
		return d, nil
	}
	u, err := url.Parse(location)
	if err != nil || scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("where releases are read from is neither a directory nor an https URL without a password and a query")
	}
	return d, nil
}

// NoRelease means that the directory does not have the release that was asked for.
type NoRelease struct{ Version, In, Has string }

// Error implements error.
func (e *NoRelease) Error() string {
	switch {
	case e.Version == "":
		return fmt.Sprintf("there is no release in %s: it has no %s", e.In, ManifestFile)
	case e.Has == "":
		return fmt.Sprintf("there is no release %s in %s", e.Version, e.In)
	}
	return fmt.Sprintf("there is no release %s in %s; the newest is %s", e.Version, e.In, e.Has)
}

// Release is one release of a directory, its manifest verified.
type Release struct {
	Manifest
	dir    *Directory
	folder string // below the directory, "" for none
}

// Newest gives the release that the directory offers.
func (d *Directory) Newest(ctx context.Context) (*Release, error) {
	r, err := d.release(ctx, "")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NoRelease{In: d.base}
	}
	return r, err
}

// Version gives a certain release.
func (d *Directory) Version(ctx context.Context, version string) (*Release, error) {
	if !isVersion(version) {
		return nil, fmt.Errorf("%q is not a version such as 1.2.3", version)
	}
	newest, err := d.release(ctx, "")
	if err == nil && Same(newest.Version, version) {
		return newest, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	missing := &NoRelease{Version: version, In: d.base}
	if newest != nil {
		missing.Has = newest.Version
	}
	for _, folder := range []string{version, "v" + strings.TrimPrefix(version, "v"), strings.TrimPrefix(version, "v")} {
		r, err := d.release(ctx, folder)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, err
		case !Same(r.Version, version):
			return nil, fmt.Errorf("the folder %s of %s holds release %s", folder, d.base, r.Version)
		}
		return r, nil
	}
	return nil, missing
}

// A manifest of a hundred files is about 20 KB.
const smallFile = 1 << 20

func (d *Directory) release(ctx context.Context, folder string) (*Release, error) {
	text, err := d.small(ctx, folder, ManifestFile)
	if err != nil {
		return nil, err
	}
	signature, err := d.small(ctx, folder, SignatureFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no %s", ErrSignature, SignatureFile)
	}
	if err != nil {
		return nil, err
	}
	if err := d.key.verify(text, signature); err != nil {
		return nil, err
	}
	m, err := parse(text)
	if err != nil {
		return nil, err
	}
	return &Release{Manifest: *m, dir: d, folder: folder}, nil
}

func (d *Directory) small(ctx context.Context, folder, name string) ([]byte, error) {
	body, err := d.open(ctx, folder, name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(io.LimitReader(body, smallFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s of %s: %w", name, d.base, err)
	case len(text) > smallFile:
		return nil, fmt.Errorf("%s of %s is larger than 1 MiB", name, d.base)
	}
	return text, nil
}

// open gives a file's content; fs.ErrNotExist when there is none.
func (d *Directory) open(ctx context.Context, folder, name string) (io.ReadCloser, error) {
	if !strings.HasPrefix(d.base, "https://") {
		f, err := os.Open(filepath.Join(d.base, folder, name))
		if err != nil {
			return nil, fmt.Errorf("read the release: %w", err)
		}
		return f, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.base+path.Join("/", folder, name), nil)
	if err != nil {
		return nil, fmt.Errorf("read the release: %w", err)
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("read the release: %w", err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	_ = resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return nil, fmt.Errorf("read the release: %s: %w", req.URL, fs.ErrNotExist)
	}
	return nil, fmt.Errorf("read the release: %s answered %s", req.URL, resp.Status)
}

// ErrChecksum means that a file is not the one that the manifest describes.
var ErrChecksum = errors.New("the file is not the one that the manifest describes")

// Fetch writes an artefact to w and checks it. w has the wrong bytes when it fails. so, if not nil, is told how many bytes
// there are so far.
func (r *Release) Fetch(ctx context.Context, a Artefact, w io.Writer, so func(int64)) error {
	body, err := r.dir.open(ctx, r.folder, a.File)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	sum := sha256.New()
	counted := &counter{to: io.MultiWriter(w, sum), so: so}
	if _, err := io.Copy(counted, io.LimitReader(body, a.Size+1)); err != nil {
		return fmt.Errorf("fetch %s: %w", a.File, err)
	}
	switch {
	case counted.n < a.Size:
		return fmt.Errorf("%w: %s ends after %d of %d bytes", ErrChecksum, a.File, counted.n, a.Size)
	case counted.n > a.Size:
		return fmt.Errorf("%w: %s is larger than %d bytes", ErrChecksum, a.File, a.Size)
	case hex.EncodeToString(sum.Sum(nil)) != strings.ToLower(a.SHA256):
		return fmt.Errorf("%w: the SHA-256 of %s is another one", ErrChecksum, a.File)
	}
	return nil
}

// counter counts what passes.
type counter struct {
	to io.Writer
	n  int64
	so func(int64)
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	c.n += int64(n)
	if c.so != nil {
		c.so(c.n)
	}
	return n, err
}
