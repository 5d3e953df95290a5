package simulator

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// grants are the OAuth accounts at one vendor: access tokens that expire, and refresh tokens that count once. Whoever
// presents a refresh token a second time, as two racing refreshers do, loses the whole account, as at the real providers.
type grants struct {
	manner

	mu      sync.Mutex // guards the fields below
	issued  int
	owners  int
	next    *Owner // who logs in next
	access  map[string]grant
	refresh map[string]*grantee // of every refresh token there ever was
	codes   map[string]authorization
	devices map[string]*device // by user code
}

// manner is how a vendor hands out tokens.
type manner struct {
	prefix   [2]string // of access and refresh tokens
	code     string    // what authorization codes begin with
	userCode string    // and what somebody has to type
	life     time.Duration
	reusable bool // a refresh token counts for ever, and a refresh gives no other
	// scope is what accounts have that were registered; setup is that of those without a refresh token.
	scope, setup string
	// mint makes an access token that says something; without it, it is the prefix and a number.
	mint func(to *grantee, number int, until time.Time) string
	// stock is an owner nobody has described; the numbers in it are made out of the format's %d.
	stock Owner
}

// grant is one access token.
type grant struct {
	to      *grantee
	expires time.Time
}

// grantee is one OAuth account. What does not change is read without the lock.
type grantee struct {
	name    string // its first access token
	owner   Owner
	client  string // who asked for it, "" when it was registered
	scope   string
	refresh string // the one that counts
	revoked bool
}

// tokenPair is what a login or a refresh gives. Without a refresh token there is none, or the old one stays good.
type tokenPair struct {
	access, refresh string
	life            time.Duration
	until           time.Time
	to              *grantee
}

// Why a refresh token is of no use, in the words of Anthropic's wire. Other vendors have their own.
var (
	errUnknownToken = errors.New("refresh token not found or invalid")
	errRevokedToken = errors.New("refresh token revoked")
	errSpentToken   = errors.New("refresh token was used before; all tokens of this login are revoked")
)

func newGrants(m manner) *grants {
	return &grants{
		manner: m, access: map[string]grant{}, refresh: map[string]*grantee{},
		codes: map[string]authorization{}, devices: map[string]*device{},
	}
}

// add registers an account. Without a refresh token it is a setup token, which just expires.
func (g *grants) add(access, refresh string, expires time.Time, o Owner) {
	g.mu.Lock()
	defer g.mu.Unlock()
	to := &grantee{name: access, refresh: refresh, owner: g.describe(o), scope: g.scope}
	g.access[access] = grant{to, expires}
	if refresh == "" {
		to.scope = g.setup
		return
	}
	g.refresh[refresh] = to
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

// lookup gives the account that an access token is of, nil when it is of none here.
func (g *grants) lookup(access string) *grantee {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.access[access].to
}

// account does the same, and makes one up for a token that is of none.
func (g *grants) account(access string) *grantee {
	if to := g.lookup(access); to != nil {
		return to
	}
	return &grantee{name: access, owner: g.stock.numbered(1), scope: g.scope}
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

// belongs reports whether the account of a refresh token is in an organization; "" is any.
func (g *grants) belongs(refresh, organization string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	to := g.refresh[refresh]
	return to == nil || organization == "" || to.owner.Organization == organization
}

// rotate spends a refresh token for a new pair. Access tokens from before live until they expire. The error says why the
// grant is not valid.
func (g *grants) rotate(refresh string, now time.Time) (tokenPair, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	to := g.refresh[refresh]
	switch {
	case to == nil:
		return tokenPair{}, errUnknownToken
	case to.revoked:
		return tokenPair{}, errRevokedToken
	case to.refresh != refresh:
		to.revoked = true
		return tokenPair{}, errSpentToken
	}
	return g.issue(to, now, g.life, !g.reusable), nil
}

// issue makes a new pair for an account. With mu held.
func (g *grants) issue(to *grantee, now time.Time, life time.Duration, refreshable bool) tokenPair {
	g.issued++
	pair := tokenPair{access: g.number(g.prefix[0]), life: life, until: now.Add(life), to: to}
	if g.mint != nil {
		pair.access = g.mint(to, g.issued, pair.until)
	}
	if to.name == "" {
		to.name = pair.access
	}
	g.access[pair.access] = grant{to, pair.until}
	if refreshable {
		pair.refresh = g.number(g.prefix[1])
		to.refresh = pair.refresh
		g.refresh[pair.refresh] = to
	}
	return pair
}

// number makes a name out of a prefix and the number of what was issued last. With mu held.
func (g *grants) number(prefix string) string { return fmt.Sprintf("%ssim-%d", prefix, g.issued) }

// describe fills up what is not said of an owner. With mu held.
func (g *grants) describe(o Owner) Owner {
	g.owners++
	stock := g.stock.numbered(g.owners)
	o.Email = or(o.Email, stock.Email)
	o.Account = or(o.Account, stock.Account)
	o.Organization = or(o.Organization, stock.Organization)
	o.Plan = or(o.Plan, stock.Plan)
	o.Project = or(o.Project, stock.Project)
	return o
}

// comer is who logs in next. With mu held.
func (g *grants) comer() Owner {
	var o Owner
	if g.next != nil {
		o, g.next = *g.next, nil
	}
	return g.describe(o)
}

func or(given, otherwise string) string {
	if given == "" {
		return otherwise
	}
	return given
}
