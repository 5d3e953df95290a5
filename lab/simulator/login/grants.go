package login

import (
	"cmp"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Grants are the OAuth accounts at one vendor: access tokens that expire, and refresh tokens that count once. Whoever
// presents a refresh token a second time, as two racing refreshers do, loses the whole account, as at the real providers.
type Grants struct {
	manner

	mu        sync.Mutex // guards the fields below
	issued    int
	owners    int
	next      *Owner // who logs in next
	byAccess  map[string]grant
	byRefresh map[string]*Account // of every refresh token there ever was
	codes     map[string]Authorization
	devices   map[string]*Device // by user code
}

// manner is how a vendor hands out tokens.
type manner struct {
	access, refresh string // what tokens begin with
	code            string // what authorization codes begin with
	userCode        string // and what somebody has to type
	life            time.Duration
	reusable        bool // a refresh token counts for ever, and a refresh gives no other
	// scope is what accounts have that were registered; setup is that of those without a refresh token.
	scope, setup string
	// mint makes an access token that says something; without it, it is the prefix and a number.
	mint func(to *Account, number int, until time.Time) string
	// stock is an owner nobody has described; the numbers in it are made out of the format's %d.
	stock Owner
}

// grant is one access token.
type grant struct {
	to      *Account
	expires time.Time
}

// Account is one OAuth account. What has a capital does not change, and is read without the lock.
type Account struct {
	Name   string // its first access token
	Owner  Owner
	Client string // who asked for it, "" when it was registered
	Scope  string

	refresh string // the one that counts
	revoked bool
}

// Pair is what a login or a refresh gives. Without a refresh token there is none, or the old one stays good.
type Pair struct {
	Access, Refresh string
	Life            time.Duration
	until           time.Time
	To              *Account
}

// Why a refresh token is of no use, in the words of Anthropic's wire. Other vendors have their own.
var (
	errUnknownToken = errors.New("refresh token not found or invalid")
	errRevokedToken = errors.New("refresh token revoked")
	errSpentToken   = errors.New("refresh token was used before; all tokens of this login are revoked")
)

func newGrants(m manner) *Grants {
	return &Grants{
		manner: m, byAccess: map[string]grant{}, byRefresh: map[string]*Account{},
		codes: map[string]Authorization{}, devices: map[string]*Device{},
	}
}

// Add registers an account. Without a refresh token it is a setup token, which just expires; the zero time is when a token
// would that is issued now.
func (g *Grants) Add(access, refresh string, now, expires time.Time, o Owner) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if expires.IsZero() {
		expires = now.Add(g.life)
	}
	to := &Account{Name: access, refresh: refresh, Owner: g.describe(o), Scope: g.scope}
	g.byAccess[access] = grant{to, expires}
	if refresh == "" {
		to.Scope = g.setup
		return
	}
	g.byRefresh[refresh] = to
}

// Introduce says who the next is that logs in. Without it, it is somebody new.
func (g *Grants) Introduce(o Owner) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next = &o
}

// Holder tells whose an access token is, and whether it is good at the time now. As long as there are no accounts,
// everybody's token is good.
func (g *Grants) Holder(access string, now time.Time) (name string, good bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.byAccess) == 0 {
		return access, true
	}
	gr, known := g.byAccess[access]
	if !known {
		return access, false
	}
	return gr.to.Name, !gr.to.revoked && now.Before(gr.expires)
}

// Any reports whether there are accounts.
func (g *Grants) Any() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.byAccess) > 0
}

// Lookup gives the account that an access token is of, nil when it is of none here.
func (g *Grants) Lookup(access string) *Account {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.byAccess[access].to
}

// Account does the same, and makes one up for a token that is of none.
func (g *Grants) Account(access string) *Account {
	if to := g.Lookup(access); to != nil {
		return to
	}
	return &Account{Name: access, Owner: g.stock.numbered(1), Scope: g.scope}
}

// Whose tells whose a refresh token is or was.
func (g *Grants) Whose(refresh string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if to := g.byRefresh[refresh]; to != nil {
		return to.Name
	}
	return ""
}

// belongs reports whether the account of a refresh token is in an organization; "" is any.
func (g *Grants) belongs(refresh, organization string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	to := g.byRefresh[refresh]
	return to == nil || organization == "" || to.Owner.Organization == organization
}

// Rotate spends a refresh token for a new pair. Access tokens from before live until they expire. The error says why the
// grant is not valid.
func (g *Grants) Rotate(refresh string, now time.Time) (Pair, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	to := g.byRefresh[refresh]
	switch {
	case to == nil:
		return Pair{}, errUnknownToken
	case to.revoked:
		return Pair{}, errRevokedToken
	case to.refresh != refresh:
		to.revoked = true
		return Pair{}, errSpentToken
	}
	return g.issue(to, now, g.life, !g.reusable), nil
}

// issue makes a new pair for an account. With mu held.
func (g *Grants) issue(to *Account, now time.Time, life time.Duration, refreshable bool) Pair {
	g.issued++
	number := fmt.Sprintf("sim-%d", g.issued)
	pair := Pair{Access: g.access + number, Life: life, until: now.Add(life), To: to}
	if g.mint != nil {
		pair.Access = g.mint(to, g.issued, pair.until)
	}
	to.Name = cmp.Or(to.Name, pair.Access)
	g.byAccess[pair.Access] = grant{to, pair.until}
	if refreshable {
		pair.Refresh = g.refresh + number
		to.refresh = pair.Refresh
		g.byRefresh[pair.Refresh] = to
	}
	return pair
}

// describe fills up what is not said of an owner. With mu held.
func (g *Grants) describe(o Owner) Owner {
	g.owners++
	stock := g.stock.numbered(g.owners)
	o.Email = cmp.Or(o.Email, stock.Email)
	o.Account = cmp.Or(o.Account, stock.Account)
	o.Organization = cmp.Or(o.Organization, stock.Organization)
	o.Plan = cmp.Or(o.Plan, stock.Plan)
	o.Project = cmp.Or(o.Project, stock.Project)
	return o
}

// comer is who logs in next. With mu held.
func (g *Grants) comer() Owner {
	var o Owner
	if g.next != nil {
		o, g.next = *g.next, nil
	}
	return g.describe(o)
}
