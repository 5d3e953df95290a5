package oauth_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crs/internal/oauth"
)

// TestAReserveThatIsHarmedIsMadeAnew, whatever was done to it: by whoever looks after it, and before a pair is kept. What was in it is
// in it again, and a link is not followed.
func TestAReserveThatIsHarmedIsMadeAnew(t *testing.T) {
	t.Parallel()
	elsewhere := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(elsewhere, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		harm func(path string) error
		says string
	}{
		"removed":      {os.Remove, "was removed"},
		"emptied":      {func(path string) error { return os.Truncate(path, 0) }, "was cut to 0 bytes"},
		"cut":          {func(path string) error { return os.Truncate(path, 100) }, "was cut to 100 bytes"},
		"overwritten":  {func(path string) error { return overwritten(path) }, "slot 0"},
		"a link":       {func(path string) error { return errors.Join(os.Remove(path), os.Symlink(elsewhere, path)) }, "something else"},
		"a directory":  {func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) }, "something else"},
		"another file": {func(path string) error { return errors.Join(os.Remove(path), os.WriteFile(path, []byte("x"), 0o600)) }, "something else"},
	} {
		for when, mend := range map[string]func(*testing.T, *oauth.Reserve){
			"looked after": func(t *testing.T, r *oauth.Reserve) {
				if _, err := r.Mend(); err != nil {
					t.Fatal(err)
				}
				keep(t, r, pair("b", 2))
			},
			"kept": func(t *testing.T, r *oauth.Reserve) { keep(t, r, pair("b", 2)) },
		} {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				dir, s := t.TempDir(), sealing(t)
				r := reserve(t, dir, s)
				keep(t, r, pair("a", 2))
				if err := r.Intact(); err != nil {
					t.Fatal(err)
				}
				if err := c.harm(filepath.Join(dir, oauth.ReserveFile)); err != nil {
					t.Fatal(err)
				}
				if err := r.Intact(); err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("it says %v", err)
				}
				mend(t, r)
				if found, err := r.Mend(); err != nil || (when == "kept") != (found != nil) {
					t.Errorf("then it tells of %v, %v", found, err)
				}
				if err := r.Intact(); err != nil {
					t.Errorf("then it says %v", err)
				}
				reserve(t, dir, s, pair("a", 2), pair("b", 2))
				if text, _ := os.ReadFile(elsewhere); string(text) != "mine" {
					t.Error("a link was followed")
				}
			})
		}
	}
}

func overwritten(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(strings.Repeat("x", 1000)), 0)
	return errors.Join(err, f.Close())
}
