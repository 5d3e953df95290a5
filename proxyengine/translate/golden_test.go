package translate_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"crs/internal/jsonscan"
	"crs/proxyengine/provider"
	"crs/proxyengine/translate"
)

var update = flag.Bool("update", false, "write what comes out as what is wanted")

// golden walks the files below testdata/kind. A file's folder is a pair of services, such as chat-messages.
func golden(t *testing.T, kind string, test func(*testing.T, translate.Pair, *txtar.Archive)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", kind, "*", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files of %s: %v", kind, err)
	}
	for _, file := range files {
		pair := filepath.Base(filepath.Dir(file))
		t.Run(pair+"/"+strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			from, to, _ := strings.Cut(pair, "-")
			test(t, codec(t, services[from], services[to]), a)
			if !*update {
				return
			}
			if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

var services = map[string]string{
	"chat": "openai/chat", "completions": "openai/completions", "responses": "openai/responses",
	"messages": "anthropic/messages", "generate": "gemini/generate",
}

func codec(t testing.TB, from, to string) translate.Pair {
	t.Helper()
	c, ok := translate.Find(from, to)
	if !ok {
		t.Fatalf("no codec from %s to %s", from, to)
	}
	p := c.(translate.Pair)
	p.Now = func() time.Time { return time.Unix(1_700_000_000, 0) }
	return p
}

// section gives a file of an archive, and adds it where there is none.
func section(a *txtar.Archive, name string) *txtar.File {
	for i := range a.Files {
		if a.Files[i].Name == name {
			return &a.Files[i]
		}
	}
	a.Files = append(a.Files, txtar.File{Name: name})
	return &a.Files[len(a.Files)-1]
}

func compact(t testing.TB, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return b.String()
}

func indent(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return append(b.Bytes(), '\n')
}

// intent is what the client's protocol would make of a body.
func intent(t testing.TB, service string, body []byte) *provider.Intent {
	t.Helper()
	var b struct {
		Model         string
		Stream        bool
		StreamOptions struct {
			IncludeUsage bool `json:"include_usage"`
		} `json:"stream_options"`
	}
	if err := json.Unmarshal(body, &b); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return &provider.Intent{
		Service: service, Model: b.Model, Stream: b.Stream, Session: "session-1", Family: "family", Client: "client",
		HideUsage: b.Stream && !b.StreamOptions.IncludeUsage, PromptTokens: 10, MaxTokens: 20,
	}
}

// TestRequestsAreTranslated compares with the golden files. The archive's comment is the upstream's model.
func TestRequestsAreTranslated(t *testing.T) {
	t.Parallel()
	golden(t, "requests", func(t *testing.T, p translate.Pair, a *txtar.Archive) {
		body := section(a, "request.json").Data
		want := intent(t, p.From, body)
		upstream := strings.TrimSpace(string(a.Comment))
		out, target, err := p.Request(&provider.Inbound{Method: "POST", Path: "/v1/x", Body: body}, want, upstream)
		if err != nil {
			t.Fatal(err)
		}
		expected := section(a, "want.json")
		if *update {
			expected.Data = indent(t, out.Body)
		}
		if got := compact(t, out.Body); got != compact(t, expected.Data) {
			t.Errorf("it is\n%s\nwant\n%s", indent(t, out.Body), expected.Data)
		}
		understood(t, p.To, out.Body)
		checkIntent(t, p, want, target, out)
	})
}

func checkIntent(t *testing.T, p translate.Pair, want, target *provider.Intent, out *provider.Inbound) {
	t.Helper()
	if p.To == services["generate"] {
		query := ""
		if want.Stream {
			query = "alt=sse"
		}
		if out.Param != want.Model || out.Query != query || target.ModelAt != 0 || target.ModelLen != 0 {
			t.Errorf("the model is in the path: %+v, %+v", out, target)
		}
	} else if name, _ := jsonscan.String(out.Body[target.ModelAt : target.ModelAt+target.ModelLen]); name != want.Model || out.Query != "" {
		t.Errorf("at the model's place stands %q", name)
	}
	same := *target
	same.ModelAt, same.ModelLen, same.MaxTokens, same.Service, same.Stream, same.HideUsage = 0, 0, 20, want.Service, want.Stream, want.HideUsage
	if same != *want || target.Service != p.To || target.HideUsage || target.Stream != (want.Stream || p.To == services["responses"]) {
		t.Errorf("the intent is %+v, from %+v", target, want)
	}
}
