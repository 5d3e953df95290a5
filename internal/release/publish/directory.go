package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"crs/internal/errs"
	"crs/internal/release"
)

// directory is a release that is being finished.
type directory struct {
	path, version, from string
	signer              *release.Signer
	artefacts           []release.Artefact
}

// The files that a release is finished with.
const (
	sumsFile    = "SHA256SUMS"
	installFile = "install.sh"
	formulaFile = "crs.rb"
)

// describe takes in every file that was built.
func (d *directory) describe() error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return fmt.Errorf("read the release: %w", err)
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case e.IsDir(), strings.HasPrefix(name, release.ManifestFile), strings.HasPrefix(name, sumsFile):
			continue
		default:
			kind, goos, arch := kindOf(name, d.version)
			a, err := release.Describe(filepath.Join(d.path, name), kind, goos, arch)
			if err != nil {
				return err
			}
			d.artefacts = append(d.artefacts, a)
		}
	}
	return nil
}

// kindOf is what a file's name says.
func kindOf(name, version string) (kind release.Kind, goos, arch string) {
	switch {
	case strings.HasSuffix(name, ".deb"):
		return release.Deb, "linux", archIn(name)
	case strings.HasSuffix(name, ".rpm"):
		return release.RPM, "linux", archIn(name)
	}
	rest, ok := strings.CutPrefix(strings.TrimSuffix(name, ".exe"), "crs_"+version+"_")
	goos, arch, both := strings.Cut(rest, "_")
	if ok && both && !strings.Contains(arch, ".") {
		return release.Binary, goos, arch
	}
	return release.Other, "", ""
}

func archIn(name string) string {
	if strings.Contains(name, "arm64") || strings.Contains(name, "aarch64") {
		return "arm64"
	}
	return "amd64"
}

// fillIn has the install script and the formula say where the release is, and what it must be.
func (d *directory) fillIn() error {
	words := []string{"@FROM@", d.from, "@VERSION@", d.version, "@RELEASE_KEY@", d.signer.PublicText()}
	for _, a := range d.artefacts {
		if a.Kind == release.Binary {
			words = append(words, "@SHA256_"+a.OS+"_"+a.Arch+"@", a.SHA256)
		}
	}
	for i := range d.artefacts {
		a := &d.artefacts[i]
		if a.File != installFile && a.File != formulaFile {
			continue
		}
		path := filepath.Join(d.path, a.File)
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("fill in %s: %w", a.File, err)
		}
		if err := os.WriteFile(path, []byte(strings.NewReplacer(words...).Replace(string(text))), 0o644); err != nil {
			return fmt.Errorf("fill in %s: %w", a.File, err)
		}
		if *a, err = release.Describe(path, a.Kind, "", ""); err != nil {
			return err
		}
	}
	return nil
}

// sum writes the checksums as sha256sum does, and signs them.
func (d *directory) sum() error {
	var text strings.Builder
	for _, a := range d.artefacts {
		fmt.Fprintf(&text, "%s  %s\n", a.SHA256, a.File)
	}
	path := filepath.Join(d.path, sumsFile)
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("write the checksums: %w", err)
	}
	return errs.Wrap(os.WriteFile(path+".minisig", d.signer.Sign([]byte(text.String()), "crs "+d.version), 0o644), "sign the checksums")
}
