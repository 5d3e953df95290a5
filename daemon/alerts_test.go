package daemon_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/config"
	"crs/lab/crstest"
)

// alerted has a daemon tell the test of trouble.
func alerted(t *testing.T) (crstest.Option, <-chan string) {
	t.Helper()
	told := make(chan string, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		told <- string(text)
	}))
	t.Cleanup(srv.Close)
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte(srv.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	return crstest.Config(func(c *config.Config) { c.Alert = config.Alert{URLFile: file, Format: "slack"} }), told
}

func TestSomebodyIsToldWhenAnAccountNeedsThem(t *testing.T) {
	t.Parallel()
	option, told := alerted(t)
	b := crstest.Start(t, option)
	hears := func(words ...string) {
		t.Helper()
		var got string
		select {
		case got = <-told:
		case <-time.After(patience):
			t.Fatalf("nobody was told of %v", words)
		}
		for _, w := range words {
			if !strings.Contains(got, w) {
				t.Errorf("%q is not in %s", w, got)
			}
		}
		if strings.Contains(got, "sk-ant") {
			t.Errorf("a secret is told: %s", got)
		}
	}
	if err := b.TestAlert(t.Context()); err != nil {
		t.Fatal(err)
	}
	hears("this is a test")
	b.Subscription("my own", time.Hour)
	b.Script("/v1/oauth/token=400*9")
	if _, err := b.RefreshAccount(t.Context(), "my own"); err == nil {
		t.Fatal("the refresh went well")
	}
	hears("Account my own needs a login", "crs account login claude 'my own'", "No account of platform claude is ready")
	if _, err := b.ThawAccount(t.Context(), "my own"); err != nil {
		t.Fatal(err)
	}
	hears("Resolved: Account my own needs a login", "Resolved: No account of platform claude is ready")
}

func TestAnAlertThatCannotBeSentSaysWhy(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	if err := b.TestAlert(t.Context()); ctl.CodeOf(err) != ctl.BadRequest || !strings.Contains(err.Error(), "nowhere to send") {
		t.Errorf("%v", err)
	}
	missing := filepath.Join(t.TempDir(), "url")
	if _, err := start(t, t.TempDir(), map[string]string{"alert.url_file": missing}); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("%v", err)
	}
}

// TestEveryConditionIsInTheDocuments under its code, and no other is.
func TestEveryConditionIsInTheDocuments(t *testing.T) {
	t.Parallel()
	figures, err := crstest.Start(t).Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	_, page, _ = bytes.Cut(page, []byte("## Conditions"))
	listed := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[a-z_`, ]+`) \\|").FindAllSubmatch(page, -1) {
		for _, code := range strings.Split(string(row[1]), ", ") {
			listed[strings.Trim(code, "`")] = true
		}
	}
	i := slices.IndexFunc(figures, func(m ctl.Metric) bool { return m.Name == "crs_condition" })
	for _, s := range figures[i].Samples {
		code := s.Labels["condition"]
		if !listed[code] {
			t.Errorf("docs/alerts.md does not say what %s is", code)
		}
		delete(listed, code)
	}
	if len(listed) > 0 {
		t.Errorf("docs/alerts.md tells of conditions that there are not: %v", listed)
	}
}
