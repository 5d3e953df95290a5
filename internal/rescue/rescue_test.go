package rescue_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"crs/internal/rescue"
)

func TestTheNewestIsFound(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "crs.db")
	if got := rescue.Newest(file); got != "" {
		t.Errorf("of none: %s", got)
	}
	at := time.Date(2026, 11, 29, 7, 0, 0, 0, time.UTC)
	newest := rescue.Path(file, at.Add(time.Millisecond))
	for _, path := range []string{newest, rescue.Path(file, at), newest + "-journal", rescue.Path(filepath.Join(filepath.Dir(file), "other"), at.Add(time.Hour))} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := rescue.Newest(file); got != newest {
		t.Errorf("%s, not %s", got, newest)
	}
	if got := rescue.Newest(filepath.Join(file, "no", "such")); got != "" {
		t.Errorf("where there is no directory: %s", got)
	}
}
