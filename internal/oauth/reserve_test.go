package oauth_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"crs/internal/account"
	"crs/internal/oauth"
	"crs/internal/seal"
	"crs/internal/secret"
)

// sealing is a seal with a key of its own.
func sealing(t testing.TB) *seal.Seal {
	t.Helper()
	s, err := seal.Open(t.TempDir(), seal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func pair(id string, generation int64) oauth.Pair {
	return oauth.Pair{Account: id, Fresh: account.Credential{
		Kind: account.OAuth, Secret: secret.New(fmt.Sprint("access ", id, generation)), Refresh: secret.New(fmt.Sprint("refresh ", id, generation)),
		Scopes: []string{"a"}, Generation: generation,
	}}
}

// reserve opens one, and wants it to hold just these.
func reserve(t *testing.T, dir string, s *seal.Seal, want ...oauth.Pair) *oauth.Reserve {
	t.Helper()
	r, got, err := oauth.OpenReserve(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	if len(got) != len(want) {
		t.Fatalf("it holds %d pairs, not %d", len(got), len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("pair %d is of %s, generation %d", i, got[i].Account, got[i].Fresh.Generation)
		}
	}
	return r
}

func keep(t *testing.T, r *oauth.Reserve, p oauth.Pair) {
	t.Helper()
	if err := r.Keep(&p); err != nil {
		t.Fatal(err)
	}
}

func TestAReserveKeepsTheNewestPairOfEachAccount(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), sealing(t)
	r := reserve(t, dir, s)
	keep(t, r, pair("a", 2))
	keep(t, r, pair("b", 7))
	keep(t, r, pair("a", 3)) // into a third slot; the first is free then
	r = reserve(t, dir, s, pair("b", 7), pair("a", 3))
	r.Drop("b")
	reserve(t, dir, s, pair("a", 3))
	info, err := os.Stat(filepath.Join(dir, oauth.ReserveFile))
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 1<<20 {
		t.Errorf("%v, %v", info, err)
	}
	raw, _ := os.ReadFile(filepath.Join(dir, oauth.ReserveFile))
	if strings.Contains(string(raw), "refresh a") {
		t.Error("a token can be read in it")
	}
}

// TestATornWriteCostsNoOtherPair, wherever it ends.
func TestATornWriteCostsNoOtherPair(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), sealing(t)
	r := reserve(t, dir, s)
	keep(t, r, pair("a", 2))
	path := filepath.Join(dir, oauth.ReserveFile)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	keep(t, r, pair("a", 3))
	after, _ := os.ReadFile(path)
	const slot = 16 << 10
	written := strings.TrimRight(string(after[slot:2*slot]), "\x00")
	for n := 0; n < len(written); n += 1 + n/64 {
		torn := append([]byte(nil), before...)
		copy(torn[slot:], written[:n])
		if err := os.WriteFile(path, torn, 0o600); err != nil {
			t.Fatal(err)
		}
		_ = reserve(t, dir, s, pair("a", 2)).Close()
	}
	whole := append([]byte(nil), before...)
	copy(whole[slot:], written)
	_ = os.WriteFile(path, whole, 0o600)
	reserve(t, dir, s, pair("a", 2), pair("a", 3)) // whoever has both takes the newer
}

func TestAReserveThatIsFullRefusesAndLosesNothing(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), sealing(t)
	r := reserve(t, dir, s)
	var all []oauth.Pair
	for i := range 64 {
		p := pair(fmt.Sprintf("acc_%02d", i), 2)
		keep(t, r, p)
		all = append(all, p)
	}
	p := pair("one more", 2)
	if err := r.Keep(&p); err == nil {
		t.Error("it took more pairs than it has slots")
	}
	p = pair("a", 2)
	p.Fresh.Secret = secret.New(strings.Repeat("x", 16<<10))
	if err := r.Keep(&p); err == nil || strings.Contains(err.Error(), "xxx") {
		t.Errorf("a pair that is larger than a slot: %v", err)
	}
	_ = r.Close()
	reserve(t, dir, s, all...)
}

func TestWhatAnotherKeySealedIsToldAndKept(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), sealing(t)
	keep(t, reserve(t, dir, s), pair("a", 2))
	other, got, err := oauth.OpenReserve(dir, sealing(t))
	if err == nil || len(got) > 0 {
		t.Errorf("%d pairs, %v", len(got), err)
	}
	keep(t, other, pair("b", 2))
	_ = other.Close()
	r, got, _ := oauth.OpenReserve(dir, s)
	t.Cleanup(func() { _ = r.Close() })
	if len(got) != 1 || got[0].Account != "a" {
		t.Errorf("%d pairs are left", len(got))
	}
}

func TestAReserveFollowsNoLink(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "victim")
	if err := errors.Join(os.WriteFile(elsewhere, []byte("mine"), 0o644), os.Symlink(elsewhere, filepath.Join(dir, oauth.ReserveFile))); err != nil {
		t.Fatal(err)
	}
	_, _, err := oauth.OpenReserve(dir, sealing(t))
	if text, _ := os.ReadFile(elsewhere); err == nil || string(text) != "mine" {
		t.Errorf("%v; the link's end holds %d bytes", err, len(text))
	}
}

func TestSealedPairsGoToAnotherProcess(t *testing.T) {
	t.Parallel()
	dir, s := t.TempDir(), sealing(t)
	r := reserve(t, dir, s)
	sealed, err := r.Seal([]oauth.Pair{pair("a", 2), pair("b", 3)})
	if err != nil || strings.Contains(strings.Join(sealed, ""), "refresh") {
		t.Fatal(err)
	}
	if got, err := r.Unseal(sealed); err != nil || !reflect.DeepEqual(got, []oauth.Pair{pair("a", 2), pair("b", 3)}) {
		t.Errorf("%d pairs, %v", len(got), err)
	}
}

// FuzzReserve: whatever the file holds, it is read without harm, and can be used.
func FuzzReserve(f *testing.F) {
	s := sealing(f)
	f.Add([]byte("crspair1\x00\x00\x00\x04\x00\x00\x00\x00abcd"))
	f.Add([]byte("crspair1\xff\xff\xff\xff\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, oauth.ReserveFile), content, 0o600); err != nil {
			t.Fatal(err)
		}
		r, _, _ := oauth.OpenReserve(dir, s)
		defer func() { _ = r.Close() }()
		keep(t, r, pair("a", 2))
	})
}
