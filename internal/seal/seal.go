// Package seal keeps secrets unreadable at rest.
//
// A store gives a secret and the id of its record, and keeps what it gets back. The key is in a file beside the store,
// made once and never replaced: without that file the secrets are lost, so it belongs in every backup.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"crs/internal/secret"
)

// version is the first byte of everything sealed: AES-256-GCM, a random nonce of 96 bits before the ciphertext, and the
// version and the record's id as associated data.
const version = 1

// Seal seals and unseals with one key. It may be used by several goroutines at once. One key is good for 2^32 sealings,
// which random nonces allow; a store would have to write a secret every second for 136 years.
type Seal struct {
	aead        cipher.AEAD
	fingerprint string
	path        string // of the key file
	key         []byte
}

func newSeal(key []byte, path string) (*Seal, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("use key file %s: %w", path, err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("use key file %s: %w", path, err)
	}
	return &Seal{aead: aead, fingerprint: fingerprint(key), path: path, key: key}, nil
}

// fingerprint tells keys apart and says nothing about them: they are random, so their hash cannot be searched.
func fingerprint(key []byte) string {
	sum := sha256.Sum256(append([]byte("crs seal fingerprint\x00"), key...))
	return hex.EncodeToString(sum[:8])
}

// Seal gives plain in a form that can be written anywhere: ASCII, without spaces, different every time. Only the record
// of the same id can unseal it. An empty id is an error.
func (s *Seal) Seal(id string, plain secret.String) (string, error) {
	if id == "" {
		return "", errors.New("seal a secret: its record has no id")
	}
	sealed := s.aead.Seal([]byte{version}, nil, []byte(plain.Reveal()), associated(id))
	return base64.RawStdEncoding.EncodeToString(sealed), nil
}

// Unseal gives back what was sealed for the record id. The error names the record, and holds nothing of the secret.
func (s *Seal) Unseal(id string, sealed string) (secret.String, error) {
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	// What decodes to the same bytes but was written otherwise has been altered, too.
	if err != nil || len(raw) == 0 || base64.RawStdEncoding.EncodeToString(raw) != sealed {
		return secret.String{}, fmt.Errorf("unseal the secret of record %q: what is stored is not a sealed secret", id)
	}
	if raw[0] != version {
		return secret.String{}, fmt.Errorf("unseal the secret of record %q: it has format %d, and this crs knows only format %d", id, raw[0], version)
	}
	plain, err := s.aead.Open(nil, nil, raw[1:], associated(id))
	if err != nil {
		return secret.String{}, fmt.Errorf("unseal the secret of record %q: key file %s does not match it, or it was altered", id, s.path)
	}
	return secret.New(string(plain)), nil
}

func associated(id string) []byte { return append([]byte{version}, id...) }

// Format covers every verb: none may show the key, or what a cipher makes of it.
func (s Seal) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("seal " + s.fingerprint)) }

// Fingerprint names the key without revealing it, for a store to remember which key it was written with.
func (s *Seal) Fingerprint() string { return s.fingerprint }

// Check compares the fingerprint that a store remembers with this key's.
func (s *Seal) Check(fingerprint string) error {
	if fingerprint == s.fingerprint {
		return nil
	}
	return fmt.Errorf("key file %s holds key %s, but the store was written with key %q; %s", s.path, s.fingerprint, fingerprint, wayBack(s.path))
}
