package account_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crs/internal/account"
)

// TestKeysTakeTurnsAtAnAccount: one that sends without end has another's request wait for one of its own at the most, each time.
func TestKeysTakeTurnsAtAnAccount(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		var mu sync.Mutex // guards order
		var order []string
		served := func() []string {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(order)
		}
		ask := func(key string) {
			go func() {
				l, err := p.Pick(t.Context(), want(func(w *account.Want) { w.Key = key }))
				if err != nil {
					t.Errorf("%s: %v", key, err)
					return
				}
				mu.Lock()
				order = append(order, key)
				mu.Unlock()
				time.Sleep(100 * time.Millisecond)
				l.Release(account.Outcome{Result: account.Served})
			}()
			synctest.Wait()
		}
		for range 20 {
			ask("a")
		}
		for range 3 { // each asks again once it was served
			ask("b")
			for n := len(served()); !slices.Contains(served()[n:], "b"); synctest.Wait() {
				time.Sleep(100 * time.Millisecond)
			}
		}
		ask("c")
		ask("b")
		ask("b")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got := strings.Join(served(), ""); !strings.HasPrefix(got, "aababab") || len(got) != 26 || strings.LastIndexAny(got, "bc") > 13 {
			t.Errorf("served in the order %s", got)
		}
	}, acc("only", func(a *account.Account) { a.MaxConcurrency = 1 }))
}
