package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"crs/internal/errs"
)

// Describe gives what a manifest says of a file.
func Describe(file string, kind Kind, goos, arch string) (Artefact, error) {
	f, err := os.Open(file)
	if err != nil {
		return Artefact{}, fmt.Errorf("describe a file of the release: %w", err)
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	if err != nil {
		return Artefact{}, fmt.Errorf("describe a file of the release: %w", err)
	}
	return Artefact{File: filepath.Base(file), Kind: kind, OS: goos, Arch: arch, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

// Write puts a manifest and its signature into dir. The files that it names must be there.
func Write(dir string, m Manifest, s *Signer) error {
	m.Format = Format
	if err := m.Validate(); err != nil {
		return err
	}
	text, err := json.MarshalIndent(&m, "", "  ")
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	text = append(text, '\n')
	if err := os.WriteFile(filepath.Join(dir, ManifestFile), text, 0o644); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	signature := s.Sign(text, "crs "+m.Version)
	return errs.Wrap(os.WriteFile(filepath.Join(dir, SignatureFile), signature, 0o644), "write the manifest's signature")
}
