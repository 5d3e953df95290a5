package account_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"crs/internal/account"
	"crs/internal/seal"
	"crs/internal/secret"
	"crs/internal/store"
	"crs/internal/store/local"
)

// nobody is a pool that does not care.
type nobody struct{}

func (nobody) Set(*account.Account) {}
func (nobody) Drop(string)          {}

type priorityGroup struct {
	dir   string
	store *local.Store
	seal  *seal.Seal
}

func newShelf(t *testing.T) priorityGroup {
	t.Helper()
	dir := t.TempDir()
	s, err := local.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	sealing, err := seal.Open(dir, seal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return priorityGroup{dir, s, sealing}
}

func (s priorityGroup) load(t *testing.T) *account.Roster {
	t.Helper()
	r, err := account.LoadRoster(t.Context(), s.store, s.seal, nobody{}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func add(t *testing.T, r *account.Roster, a account.Account) *account.Account {
	t.Helper()
	added, err := r.Add(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

func TestAnAccountComesBackWholeAndItsSecretsAreSealed(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	a := acc("work", func(a *account.Account) {
		a.Proxy, a.BaseURL, a.Map = secret.New("http://u:hush-proxy@p"), "https://api.example", map[string]string{"a": "b"}
		a.Credential = account.Credential{
			Kind: account.OAuth, Secret: secret.New("hush-access"), Refresh: secret.New("hush-refresh"),
			ExpiresAt: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), Scopes: []string{"user:inference"},
		}
	})
	added := add(t, s.load(t), a)
	got, err := s.load(t).Get("work")
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != added.ID || got.BaseURL != a.BaseURL || got.Map["a"] != "b" || got.Proxy != a.Proxy || got.Credential.Secret != a.Credential.Secret ||
		got.Credential.Refresh != a.Credential.Refresh || !got.Credential.ExpiresAt.Equal(a.Credential.ExpiresAt) || got.Credential.Generation != 1 || got.Credential.Kind != account.OAuth {
		t.Errorf("read %+v", got)
	}
	for _, name := range []string{"crs.db", "crs.db-wal"} {
		b, err := os.ReadFile(filepath.Join(s.dir, name))
		if err == nil && bytes.Contains(b, []byte("hush")) {
			t.Errorf("%s shows a secret", name)
		}
	}
}

func TestAStoreThatCannotBeDecryptedStopsTheStart(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	add(t, s.load(t), acc("work"))
	other, err := seal.Open(t.TempDir(), seal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = account.LoadRoster(t.Context(), s.store, other, nobody{}, time.Now)
	if !errors.Is(err, store.ErrDamaged) {
		t.Errorf("%v", err)
	}
}

func TestARefreshAndAnEditAtOnceBothLast(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	r, other := s.load(t), (*account.Roster)(nil)
	a := add(t, r, acc("work"))
	other = s.load(t)
	if _, err := other.Edit(t.Context(), "work", func(a *account.Account) error { a.Priority = 7; return nil }); err != nil {
		t.Fatal(err)
	}
	fresh := account.Credential{Kind: account.OAuth, Secret: secret.New("new"), Refresh: secret.New("r2")}
	renewed, err := r.Renew(t.Context(), a.ID, 1, fresh)
	if err != nil || renewed.Credential.Generation != 2 {
		t.Fatalf("%+v, %v", renewed, err)
	}
	got, _ := s.load(t).Get("work")
	if got.Priority != 7 || got.Credential.Secret.Reveal() != "new" || got.Credential.Refresh.Reveal() != "r2" {
		t.Errorf("%+v", got)
	}
}

func TestOfTwoRefreshesOfOnePairTheFirstStays(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	r := s.load(t)
	a := add(t, r, acc("work"))
	for _, token := range []string{"first", "second"} {
		got, err := r.Renew(t.Context(), a.ID, 1, account.Credential{Kind: account.OAuth, Secret: secret.New(token)})
		if err != nil || got.Credential.Secret.Reveal() != "first" || got.Credential.Generation != 2 {
			t.Errorf("after %s: %+v, %v", token, got.Credential.Generation, err)
		}
	}
}

func TestALoginReplacesWhateverCredentialThereIsAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	r := s.load(t)
	a := add(t, r, acc("work"))
	other := s.load(t)
	if _, err := other.Edit(t.Context(), "work", func(a *account.Account) error { a.Priority = 7; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Renew(t.Context(), a.ID, 1, account.Credential{Kind: account.OAuth, Secret: secret.New("refreshed")}); err != nil {
		t.Fatal(err)
	}
	login := func(token string) func(*account.Account) {
		return func(a *account.Account) {
			a.Credential = account.Credential{Kind: account.OAuth, Secret: secret.New(token), Refresh: secret.New("r")}
		}
	}
	for generation := int64(2); generation < 1<<33; generation = r.List()[0].Credential.Generation { // the second with the same token
		got, err := r.Relogin(t.Context(), a.ID, login("new"))
		if err != nil || got.Credential.Generation < generation+1<<30 || got.Priority != 7 || got.Name != "work" {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	late, err := r.Renew(t.Context(), a.ID, 2, account.Credential{Kind: account.OAuth, Secret: secret.New("late")})
	if err != nil || late.Credential.Secret.Reveal() != "new" {
		t.Errorf("a refresh of the old credential came first, %v", err)
	}
	var none *account.NotFound
	if _, err := r.Relogin(t.Context(), "nobody", login("x")); !errors.As(err, &none) {
		t.Errorf("%v", err)
	}
}

func TestAccountNamesAreTakenOnce(t *testing.T) {
	t.Parallel()
	r := newShelf(t).load(t)
	var mu sync.Mutex
	made := 0
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			_, err := r.Add(context.WithoutCancel(t.Context()), acc("same"))
			var taken *account.Taken
			if err != nil && !errors.As(err, &taken) {
				t.Error(err)
			}
			if err == nil {
				mu.Lock()
				made++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if made != 1 {
		t.Fatalf("%d accounts of one name", made)
	}
	if err := r.Remove(t.Context(), "same"); err != nil {
		t.Fatal(err)
	}
	add(t, r, acc("same"))
}

func TestGroups(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	r := s.load(t)
	add(t, r, acc("a"))
	if _, err := r.CreateGroup(t.Context(), "team", "the team"); err != nil {
		t.Fatal(err)
	}
	var taken *account.Taken
	if _, err := r.CreateGroup(t.Context(), "team", ""); !errors.As(err, &taken) {
		t.Errorf("made twice: %v", err)
	}
	for range 2 {
		if _, err := r.Join(t.Context(), "team", "a"); err != nil {
			t.Fatal(err)
		}
	}
	again := s.load(t)
	g, err := again.Group("team")
	if err != nil || len(again.Members(g)) != 1 || len(again.Groups()) != 1 {
		t.Fatalf("%+v, %v", g, err)
	}
	if err := again.DeleteGroup(t.Context(), "team"); err == nil {
		t.Error("a group with members was deleted")
	}
	if _, err := again.Leave(t.Context(), g.ID, "a"); err != nil {
		t.Fatal(err)
	}
	if err := again.DeleteGroup(t.Context(), "team"); err != nil {
		t.Error(err)
	}
	var missing *account.NotFound
	if _, err := again.Join(t.Context(), "team", "a"); !errors.As(err, &missing) || missing.Error() != `there is no group "team"` {
		t.Errorf("%v", err)
	}
}

func TestAnAccountThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	r := newShelf(t).load(t)
	for name, change := range map[string]func(*account.Account){
		"no name":           func(a *account.Account) { a.Name = "" },
		"no platform":       func(a *account.Account) { a.Platform = "" },
		"no credential":     func(a *account.Account) { a.Credential.Secret = secret.String{} },
		"negative slots":    func(a *account.Account) { a.MaxConcurrency = -1 },
		"negative priority": func(a *account.Account) { a.Priority = -1 },
		"no URL":            func(a *account.Account) { a.BaseURL = "api.example" },
		"a URL with a user": func(a *account.Account) { a.BaseURL = "https://me:hush@api.example" },
	} {
		if _, err := r.Add(t.Context(), acc("x", change)); err == nil || bytes.Contains([]byte(err.Error()), []byte("hush")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(r.List()) != 0 {
		t.Error("nonsense was added")
	}
}
