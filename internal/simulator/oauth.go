package simulator

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// grants are the OAuth accounts: access tokens that expire, and refresh tokens that count once. Whoever presents a
// refresh token a second time, as two racing refreshers do, loses the whole account, as at the real providers.
type grants struct {
	prefix [2]string // of the access and refresh tokens it issues
	life   time.Duration

	mu      sync.Mutex // guards the fields below
	issued  int
	access  map[string]grant
	refresh map[string]*grantee // of every refresh token there ever was
}

// grant is one access token.
type grant struct {
	to      *grantee
	expires time.Time
}

// grantee is one OAuth account.
type grantee struct {
	name    string // its first access token
	refresh string // the one that counts
	revoked bool
}

// tokenPair is what a refresh gives.
type tokenPair struct {
	access, refresh string
	life            time.Duration
}

func newGrants(access, refresh string, life time.Duration) *grants {
	return &grants{
		prefix: [2]string{access, refresh}, life: life,
		access: map[string]grant{}, refresh: map[string]*grantee{},
	}
}

// add registers an account. Without a refresh token it is a setup token, which just expires.
func (g *grants) add(access, refresh string, expires time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	to := &grantee{name: access, refresh: refresh}
	g.access[access] = grant{to, expires}
	if refresh != "" {
		g.refresh[refresh] = to
	}
}

// holder tells whose an access token is, and whether it is good at the time now. As long as there are no accounts,
// everybody's token is good.
func (g *grants) holder(access string, now time.Time) (name string, good bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.access) == 0 {
		return access, true
	}
	gr, known := g.access[access]
	if !known {
		return access, false
	}
	return gr.to.name, !gr.to.revoked && now.Before(gr.expires)
}

// owner tells whose a refresh token is or was.
func (g *grants) owner(refresh string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if to := g.refresh[refresh]; to != nil {
		return to.name
	}
	return ""
}

// rotate spends a refresh token for a new pair. Access tokens from before live until they expire. The error says why the
// grant is not valid, in the words of the wire.
func (g *grants) rotate(refresh string, now time.Time) (tokenPair, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	to := g.refresh[refresh]
	switch {
	case to == nil:
		return tokenPair{}, errors.New("refresh token not found or invalid")
	case to.revoked:
		return tokenPair{}, errors.New("refresh token revoked")
	case to.refresh != refresh:
		to.revoked = true
		return tokenPair{}, errors.New("refresh token was used before; all tokens of this login are revoked")
	}
	g.issued++
	pair := tokenPair{
		access:  fmt.Sprintf("%ssim-%d", g.prefix[0], g.issued),
		refresh: fmt.Sprintf("%ssim-%d", g.prefix[1], g.issued),
		life:    g.life,
	}
	to.refresh = pair.refresh
	g.access[pair.access] = grant{to, now.Add(g.life)}
	g.refresh[pair.refresh] = to
	return pair, nil
}
