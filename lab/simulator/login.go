package simulator

import (
	"fmt"
	"strings"
	"time"
)

// Vendor is who issues OAuth tokens.
type Vendor string

// The vendors.
const (
	Anthropic Vendor = "anthropic" // Claude
	OpenAI    Vendor = "openai"    // ChatGPT, for Codex
	Google    Vendor = "google"    // for Gemini's Code Assist
	WorkOS    Vendor = "workos"    // for Droid
)

// Owner is whose an OAuth account is, and what it may do: what tokens, profiles and other answers tell of it. What is
// left empty is made up.
type Owner struct {
	Email        string `json:"email,omitempty"`
	Account      string `json:"account,omitempty"`      // the id of the account, or of the user
	Organization string `json:"organization,omitempty"` // its id
	Plan         string `json:"plan,omitempty"`         // such as max, plus or standard-tier
	Project      string `json:"project,omitempty"`      // of Code Assist
	// New is an account that Code Assist has to onboard before it serves it.
	New bool `json:"new,omitempty"`
}

// Login is an OAuth account that exists already.
type Login struct {
	// Access is the access token that it has, and its name in scripts and records.
	Access string
	// Refresh is its refresh token; without one it just expires.
	Refresh string
	// Expires is when the access token does. The zero time is when one would that is issued now.
	Expires time.Time
	Owner
}

// logins are the OAuth accounts at all vendors.
type logins struct {
	anthropic, openai, google, workos *grants
}

// Parts of what accounts look like at the vendors.
const (
	simulatedUUID = "5f0e1d2c-0000-4000-8000-51b0a7ed%04d"
	googleScope   = "https://www.googleapis.com/auth/"
	day           = 24 * time.Hour
)

func newLogins(o Options) *logins {
	l := &logins{
		anthropic: newGrants(manner{
			prefix: [2]string{accessPrefix, refreshPrefix}, life: 8 * time.Hour,
			scope: scopeProfile + " " + scopeInference, setup: scopeInference,
			stock: Owner{Email: "simulated-%d@example.com", Account: simulatedUUID, Organization: organization, Plan: "max"},
		}),
		openai: newGrants(manner{
			prefix: [2]string{"", "rt_"}, code: "ac_", userCode: "SIMO-", life: 10 * day, mint: mintOpenAI,
			scope: "openid profile email offline_access",
			stock: Owner{Email: "simulated-%d@example.com", Account: simulatedUUID, Organization: "org-sim%d", Plan: "plus"},
		}),
		google: newGrants(manner{
			prefix: [2]string{"ya29.", "1//0"}, code: "4/0A", life: time.Hour - time.Second, reusable: true,
			scope: googleScope + "cloud-platform " + googleScope + "userinfo.email",
			stock: Owner{Email: "simulated-%d@example.com", Account: "1000000000000000%05d", Plan: "free-tier", Project: "simulated-project-%d"},
		}),
		workos: newGrants(manner{
			prefix: [2]string{"", ""}, userCode: "SIMW-", life: 8 * time.Hour, mint: mintWorkOS,
			stock: Owner{Email: "simulated-%d@example.com", Account: "user_01SIM%021d", Organization: "org_01SIM%021d"},
		}),
	}
	for _, g := range l.all() {
		if o.TokenLife != 0 {
			g.life = o.TokenLife
		}
	}
	return l
}

func (l *logins) all() map[Vendor]*grants {
	return map[Vendor]*grants{Anthropic: l.anthropic, OpenAI: l.openai, Google: l.google, WorkOS: l.workos}
}

// numbered is a made-up owner with its number put in.
func (o Owner) numbered(n int) Owner {
	for _, field := range []*string{&o.Email, &o.Account, &o.Organization, &o.Project} {
		if strings.Contains(*field, "%") {
			*field = fmt.Sprintf(*field, n)
		}
	}
	return o
}

// AddLogin registers an OAuth account at a vendor. Once there is one, access tokens of that vendor that were not
// registered or issued are refused. An unknown vendor is a mistake of the caller's, and panics.
func (s *Server) AddLogin(v Vendor, l Login) {
	g := s.grantsOf(v)
	if l.Expires.IsZero() {
		l.Expires = s.options.Now().Add(g.life)
	}
	g.add(l.Access, l.Refresh, l.Expires, l.Owner)
}

// AddOAuth registers an OAuth account of Anthropic, which is known by this first access token. Once there is one, access
// tokens that were not registered or issued are refused. An empty refresh token makes it a setup token.
func (s *Server) AddOAuth(access, refresh string, expires time.Time) {
	s.logins.anthropic.add(access, refresh, expires, Owner{})
}

// Introduce says who the next is that logs in at a vendor, in a browser or on a device. Without it, it is somebody new.
func (s *Server) Introduce(v Vendor, o Owner) {
	g := s.grantsOf(v)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next = &o
}

// Approve agrees to the login on another device that shows userCode, as its owner would in a browser.
func (s *Server) Approve(userCode string) error { return s.decideDevice(userCode, approved) }

// Deny refuses it.
func (s *Server) Deny(userCode string) error { return s.decideDevice(userCode, denied) }

func (s *Server) decideDevice(userCode string, v verdict) error {
	for _, g := range s.logins.all() {
		if g.decide(userCode, v, s.options.Now()) {
			return nil
		}
	}
	return fmt.Errorf("no login is waiting for the code %q", userCode)
}

func (s *Server) grantsOf(v Vendor) *grants {
	g := s.logins.all()[v]
	if g == nil {
		panic(fmt.Sprintf("simulator: there is no vendor %q", v))
	}
	return g
}
