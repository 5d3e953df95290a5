package proxyengine

import (
	"errors"
	"fmt"
	"testing"

	"crs/internal/account"
	"crs/internal/outage"
)

// TestAStoreThatIsAwayIsNoFaultOfTheAccounts: it would rest for a while once the store is back.
func TestAStoreThatIsAwayIsNoFaultOfTheAccounts(t *testing.T) {
	t.Parallel()
	away := fmt.Errorf("refresh the token of account a: %w", &outage.Error{Why: errors.New("connection refused")})
	for want, err := range map[account.Result]error{account.Unused: away, account.Failed: errors.New("the provider answered 500")} {
		if got := noToken(&account.Account{ID: "acc_a"}, err).verdict.Outcome.Result; got != want {
			t.Errorf("%v: %s", err, got)
		}
	}
}
