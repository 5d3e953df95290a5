package oauth

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
)

// Pair is a fresh token pair of an account. The one that it was made from is worth nothing any more, so it must not be lost.
type Pair struct {
	Account string
	Fresh   account.Credential
}

// plainPair is a pair as it is sealed.
type plainPair struct {
	Kind            account.Kind
	Secret, Refresh string
	ExpiresAt       time.Time
	Scopes          []string
	Generation      int64
}

// seal gives a pair in a form that can be written anywhere: "ACCOUNT SEALED".
func (p *Pair) seal(with account.Sealer) (string, error) {
	c := &p.Fresh
	plain, err := json.Marshal(plainPair{c.Kind, c.Secret.Reveal(), c.Refresh.Reveal(), c.ExpiresAt, c.Scopes, c.Generation})
	if err != nil {
		return "", fmt.Errorf("encode the fresh token of account %s: %w", p.Account, err)
	}
	sealed, err := with.Seal(pairOf(p.Account), secret.New(string(plain)))
	if err != nil {
		return "", fmt.Errorf("seal the fresh token of account %s: %w", p.Account, err)
	}
	return p.Account + " " + sealed, nil
}

func unsealPair(text string, with account.Sealer) (p Pair, err error) {
	id, sealed, _ := strings.Cut(text, " ")
	plain, err := with.Unseal(pairOf(id), sealed)
	if err != nil {
		return p, err
	}
	var read plainPair
	if json.Unmarshal([]byte(plain.Reveal()), &read) != nil {
		return p, errors.New("the fresh token of account " + id + " is not readable") // the decoder's words may quote it
	}
	return Pair{Account: id, Fresh: account.Credential{
		Kind: read.Kind, Secret: secret.New(read.Secret), Refresh: secret.New(read.Refresh), ExpiresAt: read.ExpiresAt,
		Scopes: read.Scopes, Generation: read.Generation,
	}}, nil
}

// pairOf is what a pair is sealed for: nobody can put it into the account's own record, nor the other way round.
func pairOf(id string) string { return "pair of " + id }
