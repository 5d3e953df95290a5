package key_test

import (
	"strings"
	"testing"

	"crs/internal/key"
)

func TestAKeyIsMaskedWhereverItStands(t *testing.T) {
	t.Parallel()
	k := key.Generate().Reveal()
	for _, around := range []string{"%", "GET /?key=%&x=1", "x%%y", "\"%\"", "cr_ cr_% _cr_"} {
		text := strings.ReplaceAll(around, "%", k)
		if got := key.Mask(text); strings.Contains(got, k[len(key.Prefix):]) || !strings.Contains(got, key.Masked) {
			t.Errorf("%s became %s", text, got)
		}
	}
	for _, plain := range []string{"", "cr_", "cr_1a2b3c4d…", "a cr_ed", "scr_ipt"} {
		if got := key.Mask(plain); got != plain {
			t.Errorf("%s became %s", plain, got)
		}
	}
}
