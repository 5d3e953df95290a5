package proxyengine_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"crs/ctl"
	"crs/lab/crstest"
)

// TestALongAnswerInJSONIsClearedAsItGoesBy: nobody holds it whole, and an error may stand at its end.
func TestALongAnswerInJSONIsClearedAsItGoesBy(t *testing.T) {
	t.Parallel()
	const said, clear = `in org-Q7wmZr4T at 10.0.0.1`, `in [organization] at [address]`
	words := strings.Repeat(`words of org-Mine1234, `, 100<<10)
	answer := func(rest string) string {
		return `{"type":"message","content":[{"type":"text","text":"` + words + `"}],"usage":{"input_tokens":1,"output_tokens":2}` + rest + `}`
	}
	for name, c := range map[string]struct{ says, want string }{
		"an answer":             {answer(""), answer("")},
		"an error at its end":   {answer(`,"error":{"message":"` + said + `"}`), answer(`,"error":{"message":"` + clear + `"}`)},
		"a long error":          {answer(`,"error":{"message":"` + words + said + `"}`), ""},
		"an error in any words": {`{"code":500,"where":"` + said + `","pixels":"` + strings.Repeat("aB0/", 512<<10) + `","what":"` + said + `"}`, ""},
		"nothing but words":     {`{"code":500,"what":"` + words + said + `"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, c.says)
			}))
			t.Cleanup(srv.Close)
			b.AccountOn("claude-console", "a", func(a *ctl.NewAccount) { a.BaseURL = srv.URL })
			got := b.Post(b.Key("k"), crstest.Hello)
			switch text := got.Body; {
			case c.want != "" && text != c.want:
				t.Errorf("%d, %d bytes, not %d: … %s", got.Status, len(text), len(c.want), text[max(0, len(text)-200):])
			case strings.Contains(text, "Q7wm"), strings.Contains(text, "10.0.0.1"), !json.Valid([]byte(text)):
				t.Errorf("%d, %d bytes: %.100s … %s", got.Status, len(text), text, text[max(0, len(text)-200):])
			}
			b.Idle()
		})
	}
}
