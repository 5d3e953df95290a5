// Package key holds the keys that an operator issues: what each may do, and who presents which.
package key

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"

	"crs/internal/bound"
	"crs/internal/id"
	"crs/internal/limit"
	"crs/internal/secret"
)

// Key is an issued key. The key itself is not in it, only its hash. A *Key that a Ring gave out is shared and must not
// be changed.
type Key struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Digest is what the key is known by.
	Digest Digest `json:"hash"`
	// Hint is the start of the key, enough to tell keys apart and too little to use.
	Hint      string    `json:"hint"`
	Tags      []string  `json:"tags,omitempty"`
	Disabled  bool      `json:"disabled,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	// DeletedAt is zero for a key that is not deleted. A deleted key can be restored until it is purged.
	DeletedAt time.Time `json:"deleted_at,omitzero"`
	// ExpiresAt is zero for a key that does not expire, or whose time has not begun.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// ActivateFor is how long the key lives from its first use on. Zero: its time does not depend on use.
	ActivateFor time.Duration `json:"activate_for,omitempty"`
	ActivatedAt time.Time     `json:"activated_at,omitzero"`
	Policy      Policy        `json:"policy"`

	// Version is the store's, for compare-and-swap.
	Version int64 `json:"-"`
}

// Policy is what a key may do. A zero field does not limit. Money is in nano-USD.
type Policy struct {
	Limits limit.Limits `json:"-"`
	// AllowModels and DenyModels are patterns with *; what is denied is denied even if it is allowed too.
	AllowModels []string `json:"allow_models,omitempty"`
	DenyModels  []string `json:"deny_models,omitempty"`
	// Clients are the programs that may use the key, such as claude-code.
	Clients []string `json:"clients,omitempty"`
	// Permissions are the services the key may use: claude, openai, gemini, droid.
	Permissions []string `json:"permissions,omitempty"`
	// Account or Group, an id, is what the key is bound to.
	Account string `json:"account,omitempty"`
	Group   string `json:"group,omitempty"`
	// Multiplier scales what the key is charged, in thousandths. Zero means 1000.
	Multiplier int64 `json:"multiplier,omitempty"`

	newer []keptRule // limits that only a newer version knows
}

// Charge is what a key is charged for what cost so much.
func (p *Policy) Charge(cost int64) int64 {
	if p.Multiplier == 0 {
		return cost
	}
	if cost/1000 > math.MaxInt64/p.Multiplier {
		return math.MaxInt64
	}
	return bound.Sum(cost/1000*p.Multiplier, cost%1000*p.Multiplier/1000)
}

// Holder is the key as one whose limits count.
func (k *Key) Holder() limit.Holder { return limit.Holder{ID: k.ID, Limits: &k.Policy.Limits} }

// Prefix begins every key.
const Prefix = "cr_"

// Generate makes a new key.
func Generate() secret.String {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	return secret.New(Prefix + hex.EncodeToString(b[:]))
}

// Digest is a key's SHA-256. As text it is hexadecimal.
type Digest [sha256.Size]byte

// maxPresented bounds what is taken for a key; it also lets digestOf do without the heap.
const maxPresented = 512

func digestOf(presented string) Digest {
	var b [maxPresented]byte
	return sha256.Sum256(b[:copy(b[:], presented)])
}

// MarshalText implements encoding.TextMarshaler.
func (d Digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(d)) {
		return errors.New("its hash is not a SHA-256")
	}
	if _, err := hex.Decode(d[:], text); err != nil {
		return errors.New("its hash is not a SHA-256")
	}
	return nil
}

// identify makes k the key that presented opens.
func (k *Key) identify(presented secret.String) {
	k.Digest = digestOf(presented.Reveal())
	k.Hint = presented.Reveal()[:len(Prefix)+4]
}

// Expired reports whether the key's time is over.
func (k *Key) Expired(now time.Time) bool { return !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt) }

// Deleted reports whether the key is deleted.
func (k *Key) Deleted() bool { return !k.DeletedAt.IsZero() }

// Validate finds what makes no sense in a key.
func (k *Key) Validate() error {
	p := &k.Policy
	switch {
	case p.Multiplier < 0:
		return errors.New("the multiplier is negative")
	case k.ActivateFor < 0:
		return errors.New("the time from first use is negative")
	case p.Account != "" && p.Group != "":
		return errors.New("a key is bound to an account or to a group, not to both")
	}
	if err := p.Limits.Validate(); err != nil {
		return err
	}
	return ValidateName(k.Name)
}

// ValidateName checks a name that an operator chose.
func ValidateName(name string) error {
	if err := ValidateWord(name); err != nil {
		return fmt.Errorf("the name %w", err)
	}
	switch _, isID := id.Time(name); {
	case strings.HasPrefix(name, "-"):
		return errors.New("the name begins with a dash, which commands would take for a flag")
	case isID:
		return errors.New("the name looks like an id, which commands would take for that")
	}
	return nil
}

// ValidateWord checks a name, a tag or the like. Its error goes on after what it is of: "is empty".
func ValidateWord(word string) error {
	switch {
	case strings.TrimSpace(word) == "":
		return errors.New("is empty")
	case len(word) > 100:
		return errors.New("is longer than 100 bytes")
	case strings.TrimSpace(word) != word:
		return errors.New("begins or ends with a space")
	case strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errors.New("has characters that cannot be shown")
	}
	return nil
}
