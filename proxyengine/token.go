package proxyengine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"crs/internal/account"
	"crs/internal/oauth"
	"crs/proxyengine/provider"
	"crs/proxyengine/scrub"
	"crs/proxyengine/upstream"
)

// AccountClient asks the provider of an account for what no request of a client is for: fresh tokens, logins, trials. It goes through the
// account's own proxy.
type AccountClient struct {
	Providers []provider.Provider
	Upstream  upstream.Client
	Now       func() time.Time
	Clocks    upstream.Clocks
}

// tokenTries is how often a token endpoint is asked when it is in trouble.
const tokenTries = 3

// Renew implements oauth.Source.
func (s *AccountClient) Renew(ctx context.Context, acc *account.Account) (account.Credential, error) {
	renewer, err := s.renewer(acc)
	if err != nil {
		return account.Credential{}, err
	}
	for try := 1; ; try++ {
		fresh, err := s.once(ctx, renewer, acc)
		var gone *provider.NeedsLogin
		var sent *upstream.Error
		switch {
		case err == nil:
			return fresh, nil
		case errors.As(err, &gone):
			return fresh, &oauth.Rejected{Kind: acc.Credential.Kind, Why: gone.Why}
		case errors.As(err, &sent) && sent.Sent:
			return fresh, err // it may have been used up: the same token again would look like theft
		case sent != nil && sent.Phase == upstream.Dial && !acc.Proxy.Empty():
			return fresh, err // a proxy that is no good stays so, and another account may serve meanwhile
		case try == tokenTries:
			return fresh, err
		}
		if !pause(time.Duration(try)*time.Second, ctx.Done()) {
			return fresh, ctx.Err()
		}
	}
}

func (s *AccountClient) renewer(acc *account.Account) (provider.Renewer, error) {
	for _, p := range s.Providers {
		if _, serves := p.Platforms()[acc.Platform]; serves {
			if r, ok := p.(provider.Renewer); ok {
				return r, nil
			}
		}
	}
	return nil, fmt.Errorf("tokens of platform %s cannot be refreshed", acc.Platform)
}

func (s *AccountClient) once(ctx context.Context, r provider.Renewer, acc *account.Account) (account.Credential, error) {
	out, err := r.RenewRequest(acc)
	if err != nil {
		return account.Credential{}, err
	}
	reply, err := s.send(ctx, acc, out)
	if err != nil {
		return account.Credential{}, err
	}
	fresh, err := r.Renewed(acc, reply)
	return fresh, cleared(err, scrubberOf(acc, reply.Header, ""))
}

// cleared is an error without what an upstream said that is not for logs.
func cleared(err error, words *scrub.Scrubber) error {
	var gone *provider.NeedsLogin
	switch {
	case err == nil:
		return nil
	case errors.As(err, &gone):
		return &provider.NeedsLogin{Why: words.Text(gone.Why)}
	case words.Text(err.Error()) != err.Error():
		return errors.New(words.Text(err.Error()))
	}
	return err
}

// Caller gives what logins of acc talk to its provider with: through the account's own proxy, never around it.
func (s *AccountClient) Caller(acc *account.Account) provider.Call {
	return func(ctx context.Context, out *provider.Outbound) (*provider.Reply, error) {
		return s.send(ctx, acc, out)
	}
}

// send makes one small request and reads its whole answer.
func (s *AccountClient) send(ctx context.Context, acc *account.Account, out *provider.Outbound) (*provider.Reply, error) {
	var via *upstream.Proxy
	if !acc.Proxy.Empty() {
		var err error
		if via, err = upstream.ParseProxy(acc.Proxy); err != nil {
			return nil, fmt.Errorf("proxy of account %s: %w", acc.Name, err)
		}
	}
	call := new(upstream.Call)
	defer context.AfterFunc(ctx, call.Cancel)()
	answer, err := s.Upstream.Do(call, &upstream.Request{
		Owner: cmp.Or(acc.ID, "login"), Endpoint: out.Endpoint, Proxy: via, Method: out.Method, Target: out.Target, Header: out.Header, Body: out.Body, Clocks: s.Clocks,
	})
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	body, err := readUpTo(decoded(answer, new(spot)), errorBody)
	if err != nil {
		return nil, err
	}
	return &provider.Reply{At: s.Now(), Status: answer.Status, Header: answer.Header, Body: body}, nil
}
