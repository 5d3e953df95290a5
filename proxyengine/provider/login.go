package provider

import (
	"context"
	"time"

	"crs/internal/account"
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
