// Package account holds the operator's upstream accounts: what each is, how it is doing, and which one serves a request.
package account

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"crs/internal/document"
	"crs/internal/key"
	"crs/internal/secret"
)

// Account is an upstream credential with what the operator says of it. A *Account that a Pool or Roster gave out is
// shared and must not be changed.
type Account struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Platform string `json:"platform"`
	Disabled bool   `json:"disabled,omitempty"`
	// BaseURL replaces the platform's own.
	BaseURL string `json:"base_url,omitempty"`
	// Priority: the lower, the earlier it is used.
	Priority int `json:"priority"`
	// MaxConcurrency is how many requests it may serve at once; zero means any number.
	MaxConcurrency int      `json:"max_concurrency,omitempty"`
	Groups         []string `json:"groups,omitempty"` // ids
	// AnyClient opens a subscription to clients other than its provider's own.
	AnyClient bool `json:"any_client,omitempty"`
	// Models are patterns with *; empty means every model the platform serves.
	Models []string `json:"models,omitempty"`
	// Map renames a requested model for this upstream.
	Map map[string]string `json:"map,omitempty"`
	// Options are the platform's own: auth, region, deployment, …
	Options map[string]string `json:"options,omitempty"`
	// Note is what the operator has to remember of it.
	Note      string    `json:"note,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	// SubscriptionEnds is when the operator's subscription does; zero when it has no known end.
	SubscriptionEnds time.Time `json:"subscription_ends,omitzero"`

	// Credential and Proxy are kept sealed.
	Credential Credential    `json:"-"`
	Proxy      secret.String `json:"-"`

	// Version is the store's, for compare-and-swap.
	Version int64 `json:"-"`
}

// Kind of a credential.
type Kind string

// The kinds of credentials.
const (
	APIKey     Kind = "api-key"
	OAuth      Kind = "oauth"
	SetupToken Kind = "setup-token"
	// ServiceAccount is a program's own: its access tokens are made with a key, which stands in the place of the refresh token.
	ServiceAccount Kind = "service-account"
)

// Credential is what an account authenticates with.
type Credential struct {
	Kind Kind
	// Secret is the API key, or the access token.
	Secret  secret.String
	Refresh secret.String // empty when there is none
	// ExpiresAt is when the access token ends; zero when it does not.
	ExpiresAt time.Time
	Scopes    []string
	// Generation counts token pairs: whoever refreshes names the generation that it replaces.
	Generation int64
}

// Subscription reports whether the credential belongs to a person's plan rather than to an API account.
func (c *Credential) Subscription() bool { return c.Kind == OAuth || c.Kind == SetupToken }

// refreshAhead is how long before its end a token is taken for stale.
const refreshAhead = 5 * time.Minute

// Stale reports whether the access token has ended or is about to.
func (c *Credential) Stale(now time.Time) bool {
	return !c.ExpiresAt.IsZero() && now.Add(refreshAhead).After(c.ExpiresAt)
}

// Dead reports whether the access token has ended and nothing can renew it.
func (c *Credential) Dead(now time.Time) bool {
	return !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt) && c.Refresh.Empty()
}

// DefaultPriority is an account's when nobody sets it.
const DefaultPriority = 50

// Validate finds what makes no sense in an account.
func (a *Account) Validate() error {
	if err := key.ValidateName(a.Name); err != nil {
		return err
	}
	switch {
	case a.Platform == "":
		return errors.New("the platform is missing")
	case a.Credential.Secret.Empty():
		return errors.New("the credential is empty")
	case a.MaxConcurrency < 0:
		return errors.New("the concurrency limit is negative")
	case a.Priority < 0:
		return errors.New("the priority is negative")
	}
	return cmp.Or(a.Credential.Check(), checkURL(a.BaseURL), checkOptions(a.Options), checkNames(a.Map), checkNote(a.Note))
}

// checkNote keeps it a line that fits into a table.
func checkNote(note string) error {
	const longest = 500
	switch {
	case len(note) > longest:
		return fmt.Errorf("the note is longer than %d bytes", longest)
	case strings.ContainsFunc(note, unicode.IsControl) || !utf8.ValidString(note):
		return errors.New("the note is not one line of text")
	}
	return nil
}

// Upstream is the model to ask this account for when the client asked for name.
func (a *Account) Upstream(name string) string { return cmp.Or(a.Map[name], name) }

// Group is a set of accounts that keys can be bound to. An account may be in several.
type Group struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description,omitempty"`
	CreatedAt   time.Time `json:"created_at"`

	Version int64 `json:"-"`
}

// NotFound means that there is no such account or group.
type NotFound = document.NotFound

// Taken means that another account or group has the name.
type Taken struct{ What, Name string }

// Error implements error.
func (e *Taken) Error() string { return fmt.Sprintf("another %s is named %q already", e.What, e.Name) }
