package login

import "sync"

// Keys are the API keys that are good. As long as there is none of a kind, every one of that kind is.
type Keys struct {
	mu   sync.RWMutex // guards the field below
	keys map[KeyKind]map[string]Signer
}

// KeyKind is what a key is for.
type KeyKind string

// The kinds.
const (
	GeminiKey  KeyKind = "gemini"
	BedrockKey KeyKind = "bedrock" // a bearer token
	AccessKey  KeyKind = "aws"     // a pair that signs requests
)

// Signer is what requests are signed with.
type Signer struct{ Secret, Session string }

// NewKeys has none yet.
func NewKeys() *Keys {
	return &Keys{keys: map[KeyKind]map[string]Signer{GeminiKey: {}, BedrockKey: {}, AccessKey: {}}}
}

// Add registers a key; only a pair has something to sign with.
func (k *Keys) Add(kind KeyKind, key string, s Signer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys[kind][key] = s
}

// Has reports whether there is such a kind.
func (k *Keys) Has(kind KeyKind) bool { return k.keys[kind] != nil }

// Knows reports whether a key is good.
func (k *Keys) Knows(kind KeyKind, key string) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	_, known := k.keys[kind][key]
	return known || len(k.keys[kind]) == 0
}

// Signer gives what a registered access key signs with.
func (k *Keys) Signer(id string) (s Signer, registered bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	s, registered = k.keys[AccessKey][id]
	return s, registered
}
