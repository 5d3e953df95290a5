// Package release reads and writes release directories: a signed manifest, and the files that it names beside it.
//
// A directory holds manifest.json, manifest.json.minisig, and one release's files. Older releases may stand beside it in
// folders that are named as their versions. What is not in a manifest whose signature is good is not believed.
package release

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

// The names of a manifest and its signature.
const (
	ManifestFile  = "manifest.json"
	SignatureFile = ManifestFile + ".minisig"
)

// Format is the manifest's; a crs that knows only an older one says so.
const Format = 1

// Manifest is what a release consists of.
type Manifest struct {
	Format    int        `json:"format"`
	Version   string     `json:"version"`
	Published time.Time  `json:"published,omitzero"`
	Notes     string     `json:"notes,omitempty"` // a URL, or a few words
	Artefacts []Artefact `json:"artefacts"`
}

// Kind is what an artefact is for.
type Kind string

// The kinds of artefacts. Only a Binary is what an update installs.
const (
	Binary Kind = "binary"
	Deb    Kind = "deb"
	RPM    Kind = "rpm"
	Other  Kind = "other"
)

// Artefact is one file of a release.
type Artefact struct {
	File   string `json:"file"` // its name, beside the manifest
	Kind   Kind   `json:"kind"`
	OS     string `json:"os,omitempty"` // as Go names them; empty for what suits every system
	Arch   string `json:"arch,omitempty"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // in hex
}

// For gives the binary for a system.
func (m *Manifest) For(os, arch string) (Artefact, error) {
	var has []string
	for _, a := range m.Artefacts {
		if a.Kind != Binary {
			continue
		}
		if a.OS == os && a.Arch == arch {
			return a, nil
		}
		has = append(has, a.OS+"/"+a.Arch)
	}
	return Artefact{}, fmt.Errorf("release %s has no binary for %s/%s; it has them for: %s", m.Version, os, arch, strings.Join(has, ", "))
}

// parse reads a manifest that has been verified.
func parse(text []byte) (*Manifest, error) {
	m := new(Manifest)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("the manifest is not readable: %w", err)
	}
	if m.Format != Format {
		return nil, fmt.Errorf("the manifest has format %d, and this crs knows only format %d", m.Format, Format)
	}
	return m, m.Validate()
}

// Validate finds what makes no sense in a manifest.
func (m *Manifest) Validate() error {
	if !isVersion(m.Version) {
		return fmt.Errorf("the manifest's version %q is not one such as 1.2.3", m.Version)
	}
	if len(m.Artefacts) == 0 {
		return errors.New("the manifest names no files")
	}
	for _, a := range m.Artefacts {
		if err := a.validate(); err != nil {
			return err
		}
	}
	return nil
}

func (a *Artefact) validate() error {
	switch sum, err := hex.DecodeString(a.SHA256); {
	case !plainName(a.File):
		return fmt.Errorf("the manifest's file %q is not a plain name", a.File)
	case err != nil || len(sum) != 32:
		return fmt.Errorf("the manifest's SHA-256 of %s is not one", a.File)
	case a.Size <= 0:
		return fmt.Errorf("the manifest gives %s a size of %d", a.File, a.Size)
	}
	return nil
}

// plainName is one that stays in its directory, on every system and in a URL.
func plainName(name string) bool {
	return name != "" && name == path.Base(name) && !strings.HasPrefix(name, ".") && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+~-") == ""
}

// isVersion reports whether a version can be ordered and be the name of a folder: MAJOR.MINOR.PATCH, with what semantic
// versioning lets follow, and perhaps a v before it.
func isVersion(text string) bool {
	v := semantic(text)
	return plainName(text) && semver.IsValid(v) && semver.Canonical(v)+semver.Build(v) == v
}

// Same reports whether two versions are one; a leading v makes no difference.
func Same(a, b string) bool { return strings.TrimPrefix(a, "v") == strings.TrimPrefix(b, "v") }

// Newer reports whether candidate is to be preferred to current. A version that cannot be ordered, such as that of a build
// from a working copy, gives way to every other.
func Newer(candidate, current string) bool {
	c, now := semantic(candidate), semantic(current)
	if !semver.IsValid(c) || !semver.IsValid(now) {
		return !Same(candidate, current)
	}
	return semver.Compare(c, now) > 0
}

func semantic(version string) string { return "v" + strings.TrimPrefix(version, "v") }
