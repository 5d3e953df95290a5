package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"time"

	"crs/internal/account"
	"crs/internal/oauth"
	"crs/internal/secret"
)

// Call sends one small request, through the account's own proxy, and gives the whole answer, whatever its status. An error
// means that none came; it says why without any secret.
type Call func(ctx context.Context, out *Outbound) (*Reply, error)

// Login is a login in a browser that has begun: what must be kept until the code comes. It is used once.
type Login struct {
	Platform string
	// URL is what the account's owner opens.
	URL string
	// State, Verifier and Redirect belong together: the code is good only with all three.
	State    string
	Verifier secret.String
	Redirect string
	// SetupToken: what is asked for is a long-lived token without a refresh token.
	SetupToken bool
}

// BeginLogin begins a login at a page that takes a challenge (RFC 7636). wants are what else it is told, such as whose client asks.
func BeginLogin(platform, page, redirect string, wants url.Values) *Login {
	l := &Login{Platform: platform, State: oauth.NewState(), Verifier: oauth.NewVerifier(), Redirect: redirect}
	told := url.Values{
		"response_type": {"code"}, "redirect_uri": {redirect}, "state": {l.State},
		"code_challenge": {oauth.Challenge(l.Verifier)}, "code_challenge_method": {"S256"},
	}
	maps.Copy(told, wants)
	l.URL = oauth.AuthorizeURL(page, told)
	return l
}

// Code is the code in what was pasted; what holds none of this login is a *BadCode.
func (l *Login) Code(pasted string) (string, error) {
	code, err := oauth.Pasted(pasted, l.State)
	if err != nil {
		return "", &BadCode{Why: err.Error()}
	}
	return code, nil
}

// NoLogin says that a platform has keys only; what is what it lacks.
func NoLogin(platform, what string) error {
	return fmt.Errorf("platform %s has no %s; add it with: crs account add %s NAME --api-key-file FILE", platform, what, platform)
}

// CodeRefused is what an error of a token endpoint means that was given a code: a refusal for good is the code's. says is what becomes
// of its word.
func CodeRefused(err error, says func(why string) string) error {
	if refused, ok := errors.AsType[*NeedsLogin](err); ok {
		return &BadCode{Why: says(refused.Why)}
	}
	return err
}

// Imported gives an account the login that client saved, unless that has ended.
func Imported(acc *account.Account, c account.Credential, now time.Time, client string) error {
	if c.Dead(now) {
		return errors.New("the login in the file has ended and has no refresh token; log in with " + client + " again")
	}
	acc.Credential = c
	return nil
}

// SetOptions puts options into an account, which may share those it has with others.
func SetOptions(acc *account.Account, options map[string]string) {
	own := map[string]string{}
	maps.Copy(own, acc.Options)
	maps.Copy(own, options)
	acc.Options = own
}

// Finisher is a provider that has to ask its upstream for something before a new login or an imported one can serve, such
// as a project.
type Finisher interface {
	// Finish fills what acc lacks. It is called again and changes nothing when nothing is missing.
	Finish(ctx context.Context, call Call, acc *account.Account) error
}

// Authorizer is a provider whose accounts are logged into in a browser: the owner opens a page, and pastes the code, or
// the URL where the browser ended.
type Authorizer interface {
	// Authorize begins a login. An error says what is missing, such as a client id in the configuration.
	Authorize(platform string, setupToken bool) (*Login, error)
	// Redeem ends it: it fills acc's credential, and the options that requests need. acc has its proxy and the options the
	// operator gave. A *BadCode is the operator's to mend.
	Redeem(ctx context.Context, call Call, l *Login, pasted string, acc *account.Account) error
}

// BadCode means that what was pasted is of no use: not a code, another login's, used or expired.
type BadCode struct{ Why string }

// Error implements error.
func (e *BadCode) Error() string { return e.Why }

// Device is a login on another device that has begun: its owner opens URL and types Code there.
type Device struct {
	Platform string
	URL      string // where to type the code
	Direct   string // the same with the code in it; "" when there is none
	Code     string
	Interval time.Duration // how long to wait between two questions
	Ends     time.Time
	// Handle is what the provider knows it by.
	Handle secret.String
}

// DeviceAuthorizer is a provider whose accounts can be logged into from another device.
type DeviceAuthorizer interface {
	BeginDevice(ctx context.Context, call Call, platform string) (*Device, error)
	// PollDevice asks whether the owner has agreed. Then it fills acc as Redeem does. It may lengthen d.Interval. A *BadCode
	// means that the owner refused, or let the time pass.
	PollDevice(ctx context.Context, call Call, d *Device, acc *account.Account) (done bool, err error)
}
