package seal_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"crs/internal/seal"
	"crs/internal/secret"
)

const plain = "sk-ant-oat01-very-secret"

func open(t testing.TB, dir string) *seal.Seal {
	t.Helper()
	s, err := seal.Open(dir, seal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sealed(t testing.TB, s *seal.Seal, id, text string) string {
	t.Helper()
	out, err := s.Seal(id, secret.New(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestASecretComesBackForItsRecordAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, text := range []string{"", "x", plain, strings.Repeat("long", 10000), "\x00\xff binary"} {
		stored := sealed(t, open(t, dir), "account/1", text)
		got, err := open(t, dir).Unseal("account/1", stored)
		if err != nil || got.Reveal() != text {
			t.Errorf("%d bytes: %q, %v", len(text), got.Reveal(), err)
		}
	}
}

func TestSealingTwiceGivesDifferentText(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	seen := map[string]bool{}
	for range 1000 {
		out := sealed(t, s, "account/1", plain)
		raw, err := base64.RawStdEncoding.DecodeString(out)
		if err != nil || len(raw) != 1+12+len(plain)+16 || raw[0] != 1 {
			t.Fatalf("sealed %q: %v", out, err)
		}
		if nonce := string(raw[1:13]); seen[nonce] {
			t.Fatal("a nonce was used twice")
		} else {
			seen[nonce] = true
		}
		if strings.Contains(string(raw), plain) {
			t.Fatal("the secret can be read")
		}
	}
}

func TestASecretOfAnotherRecordIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	first, second := sealed(t, s, "account/1", plain), sealed(t, s, "account/2", plain)
	for id, stored := range map[string]string{"account/1": second, "account/2": first, "": first, "account/11": first, "account/": first} {
		refused(t, s, id, stored, "key file")
	}
}

func TestARecordWithoutAnIDIsNotSealed(t *testing.T) {
	t.Parallel()
	if out, err := open(t, t.TempDir()).Seal("", secret.New(plain)); err == nil || strings.Contains(err.Error(), plain) {
		t.Errorf("sealed %q, %v", out, err)
	}
}

func TestEveryAlteredByteIsNoticed(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	stored := sealed(t, s, "account/1", plain)
	for i := range len(stored) {
		for _, c := range []byte("AB/+=-_ \n\x00\xff") {
			if stored[i] != c {
				refused(t, s, "account/1", stored[:i]+string([]byte{c})+stored[i+1:], "")
			}
		}
		refused(t, s, "account/1", stored[:i], "")
		refused(t, s, "account/1", stored[:i]+"\n"+stored[i:], "")
	}
	refused(t, s, "account/1", stored+"A", "")
	refused(t, s, "account/1", stored+"\n", "")

	raw, err := base64.RawStdEncoding.DecodeString(stored)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		for bit := range 8 {
			raw[i] ^= 1 << bit
			refused(t, s, "account/1", base64.RawStdEncoding.EncodeToString(raw), "")
			raw[i] ^= 1 << bit
		}
	}
}

func TestASecretOfANewerFormatIsRefusedByName(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	refused(t, s, "account/1", base64.RawStdEncoding.EncodeToString([]byte("\x02something")), "format 2")
}

func TestAnotherKeyIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stored := sealed(t, open(t, dir), "account/1", plain)
	other := t.TempDir()
	refused(t, open(t, other), "account/1", stored, "key file "+other+"/seal.key does not match")
}

// refused checks that the error names the record, has the reason, and holds no secret.
func refused(t *testing.T, s *seal.Seal, id, stored, reason string) {
	t.Helper()
	got, err := s.Unseal(id, stored)
	if err == nil {
		t.Fatalf("record %q: unsealed %q", id, stored)
	}
	if !got.Empty() || !strings.Contains(err.Error(), fmt.Sprintf("%q", id)) || !strings.Contains(err.Error(), reason) {
		t.Errorf("record %q: %q, %v", id, got.Reveal(), err)
	}
	if strings.Contains(err.Error(), "secret-") || len(stored) > 8 && strings.Contains(err.Error(), stored) {
		t.Errorf("the error shows too much: %v", err)
	}
}

func TestAStoreNoticesAnotherKeyByItsFingerprint(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, again, other := open(t, dir), open(t, dir), open(t, t.TempDir())
	if len(first.Fingerprint()) != 16 || first.Fingerprint() == other.Fingerprint() {
		t.Errorf("fingerprints %q and %q", first.Fingerprint(), other.Fingerprint())
	}
	if err := again.Check(first.Fingerprint()); err != nil {
		t.Error(err)
	}
	err := other.Check(first.Fingerprint())
	if err == nil || !strings.Contains(err.Error(), first.Fingerprint()) || !strings.Contains(err.Error(), other.Fingerprint()) {
		t.Errorf("another key: %v", err)
	}
	if err := first.Check(""); err == nil {
		t.Error("no fingerprint was taken for the right one")
	}
}

func FuzzUnseal(f *testing.F) {
	s := open(f, f.TempDir())
	stored := sealed(f, s, "account/1", plain)
	f.Add("account/1", stored)
	f.Add("account/2", stored)
	f.Add("account/1", stored[:20])
	f.Add("", "")
	f.Add("a\nb", "AQ")
	f.Fuzz(func(t *testing.T, id, text string) {
		got, err := s.Unseal(id, text)
		switch {
		case err == nil && (id != "account/1" || text != stored || got.Reveal() != plain):
			t.Errorf("record %q: %q was unsealed", id, text)
		case err != nil && (id == "account/1" && text == stored || strings.Contains(err.Error(), "\n") || !got.Empty()):
			t.Errorf("record %q: %v", id, err)
		}
	})
}
