package release

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"aead.dev/minisign"
)

// Key is a public key that releases are verified with. Its zero value is none.
type Key struct {
	key minisign.PublicKey
	set bool
}

// ParseKey reads a public key as minisign writes it: the file, or its second line alone.
func ParseKey(text string) (Key, error) {
	var k minisign.PublicKey
	if err := k.UnmarshalText([]byte(strings.TrimSpace(text))); err != nil {
		return Key{}, errors.New("the release key is not a minisign public key")
	}
	return Key{k, true}, nil
}

// Empty reports whether there is no key.
func (k Key) Empty() bool { return !k.set }

// String gives the key's id, as minisign names it.
func (k Key) String() string { return fmt.Sprintf("%016X", k.key.ID()) }

// Why a signature is not accepted.
var (
	ErrNoKey     = errors.New("this crs was built without a key to verify releases with")
	ErrSignature = errors.New("the signature of the release is not good")
)

// verify checks a signature of text.
func (k Key) verify(text, signature []byte) error {
	if k.Empty() {
		return ErrNoKey
	}
	var s minisign.Signature
	if err := s.UnmarshalText(signature); err != nil {
		return fmt.Errorf("%w: it is not a minisign signature", ErrSignature)
	}
	if s.KeyID != k.key.ID() {
		return fmt.Errorf("%w: it was made with the key %016X, and this crs trusts %s", ErrSignature, s.KeyID, k)
	}
	if !minisign.Verify(k.key, text, signature) {
		return fmt.Errorf("%w: what was signed is not what is there", ErrSignature)
	}
	return nil
}

// Signer signs releases.
type Signer struct{ key minisign.PrivateKey }

// OpenSigner reads a secret key as minisign writes it. password is empty for one without.
func OpenSigner(file, password string) (*Signer, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the signing key: %w", err)
	}
	if minisign.IsEncrypted(text) {
		key, err := minisign.DecryptKey(password, text)
		if err != nil {
			return nil, fmt.Errorf("read the signing key %s: its password is another one", file)
		}
		return &Signer{key}, nil
	}
	s := new(Signer)
	if err := s.key.UnmarshalText(text); err != nil {
		return nil, fmt.Errorf("read the signing key %s: it is not a minisign secret key", file)
	}
	return s, nil
}

// NewSigner makes a key pair.
func NewSigner() (*Signer, error) {
	_, key, err := minisign.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	return &Signer{key}, nil
}

// Public is the key that verifies what the signer signs.
func (s *Signer) Public() Key { return Key{s.key.Public().(minisign.PublicKey), true} }

// PublicText is that key as it is given to a build: one line.
func (s *Signer) PublicText() string { return s.Public().key.String() }

// SecretText is the secret key in minisign's form, without a password.
func (s *Signer) SecretText() ([]byte, error) { return s.key.MarshalText() }

// Sign gives the content of a .minisig file. comment is signed too.
func (s *Signer) Sign(text []byte, comment string) []byte {
	return minisign.SignWithComments(s.key, text, comment, "signature of a release of crs")
}
