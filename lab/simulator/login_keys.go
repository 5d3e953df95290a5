package simulator

import "sync"

// keyring are the API keys that are good. As long as there is none of a kind, every one of that kind is.
type keyring struct {
	mu   sync.RWMutex // guards the field below
	keys map[keyKind]map[string]awsKey
}

// keyKind is what a key is for.
type keyKind string

const (
	geminiKey  keyKind = "gemini"
	bedrockKey keyKind = "bedrock" // a bearer token
	accessKey  keyKind = "aws"     // a pair that signs requests
)

// awsKey is what a request is signed with.
type awsKey struct{ secret, session string }

func newKeyring() *keyring {
	return &keyring{keys: map[keyKind]map[string]awsKey{geminiKey: {}, bedrockKey: {}, accessKey: {}}}
}

func (k *keyring) add(kind keyKind, key string, a awsKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys[kind][key] = a
}

// has reports whether there is such a kind.
func (k *keyring) has(kind keyKind) bool { return k.keys[kind] != nil }

// knows reports whether a key is good.
func (k *keyring) knows(kind keyKind, key string) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	_, known := k.keys[kind][key]
	return known || len(k.keys[kind]) == 0
}

// pair gives what a registered access key signs with.
func (k *keyring) pair(id string) (pair awsKey, registered bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	pair, registered = k.keys[accessKey][id]
	return pair, registered
}

// AddGeminiKey registers an API key of Gemini. Once there is one, others are refused.
func (s *Server) AddGeminiKey(key string) { s.keys.add(geminiKey, key, awsKey{}) }

// AddBedrockKey registers a bearer token of Bedrock. Once there is one, others are refused.
func (s *Server) AddBedrockKey(key string) { s.keys.add(bedrockKey, key, awsKey{}) }

// AddAccessKey registers a pair that signs requests to Bedrock; session may be empty. Signatures of registered pairs are
// checked, and once there is one, others are refused.
func (s *Server) AddAccessKey(id, secret, session string) {
	s.keys.add(accessKey, id, awsKey{secret, session})
}
