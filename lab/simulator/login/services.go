package login

import (
	"crypto/rsa"
	"fmt"
	"sync"
	"time"
)

// Services are Google's service accounts: programs that ask for tokens with what they sign themselves. As long as there is
// none, no token is good.
type Services struct {
	mu       sync.Mutex // guards the fields below
	accounts map[string]service
	issued   map[string]serviceToken
}

type service struct {
	key  *rsa.PublicKey
	life time.Duration // of its tokens
}

type serviceToken struct {
	email   string
	expires time.Time
}

// NewServices has none yet.
func NewServices() *Services {
	return &Services{accounts: map[string]service{}, issued: map[string]serviceToken{}}
}

// Add registers a service account, whose tokens live so long. A nil key takes it away.
func (s *Services) Add(email string, key *rsa.PublicKey, life time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts[email] = service{key, life}
}

// Holder tells whose an access token is, and whether it is good at the time now.
func (s *Services) Holder(access string, now time.Time) (email string, good bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	is, known := s.issued[access]
	return is.email, known && now.Before(is.expires)
}

// find gives the service account of an address; it has no key when there is none.
func (s *Services) find(email string) service {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accounts[email]
}

// issue gives a service account a token.
func (s *Services) issue(email string, life time.Duration, now time.Time) (access string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	access = fmt.Sprintf("ya29.c.%s-%d", email, len(s.issued)+1)
	s.issued[access] = serviceToken{email, now.Add(life)}
	return access
}
