package provider

import (
	"fmt"
	"sync"

	"crs/internal/account"
)

// Bases takes base URLs apart, each once: there are as many as accounts. The zero value is ready. Its methods may be called from any
// goroutine.
type Bases[T any] struct{ known sync.Map } // by address

// Of gives what make makes of an account's address.
func (b *Bases[T]) Of(acc *account.Account, address string, make func(Endpoint) T) (T, error) {
	if known, ok := b.known.Load(address); ok {
		return known.(T), nil
	}
	e, err := ParseEndpoint(address)
	if err != nil {
		var none T
		return none, fmt.Errorf("base URL of account %s: %w", acc.Name, err)
	}
	made := make(e)
	b.known.Store(address, made)
	return made, nil
}

// AsItIs is for Of where nothing has to be changed.
func AsItIs(e Endpoint) Endpoint { return e }
