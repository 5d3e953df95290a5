package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"crs/internal/descriptor"
	"crs/internal/rescue"
)

// Intact is an error when the key file does not hold this key any more: after the next start nothing that was sealed could be read.
func (s *Seal) Intact() error {
	info, err := os.Stat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("key file %s was removed", s.path)
	case err != nil:
		return fmt.Errorf("look at the key file: %w", err)
	case !info.Mode().IsRegular(): // opening a pipe would wait
		return fmt.Errorf("key file %s is not a regular file any more", s.path)
	}
	key, err := readKey(s.path)
	if descriptor.Exhausted(err) { // the file is there, and cannot be looked into just now
		return nil
	}
	if err != nil {
		return err
	}
	if now := fingerprint(key); now != s.fingerprint {
		return fmt.Errorf("key file %s was overwritten: it holds key %s, and secrets in the store are sealed with key %s", s.path, now, s.fingerprint)
	}
	return nil
}

// Rescue writes the key to a file beside the key file, which is left as it is: what is in it may be a key that something else needs.
func (s *Seal) Rescue(now time.Time) (path string, err error) {
	path = rescue.Path(s.path, now)
	if err := publish(path, encode(s.key)); err != nil {
		return "", fmt.Errorf("save the key to %s: %w", path, err)
	}
	return path, nil
}

// FingerprintOf names the key that the text of a key file at path holds.
func FingerprintOf(text []byte, path string) (string, error) {
	key, err := decode(text, path)
	if err != nil {
		return "", err
	}
	return fingerprint(key), nil
}
