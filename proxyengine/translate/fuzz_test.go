package translate_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"crs/proxyengine/provider"
	"crs/proxyengine/translate"
)

// every is all pairs.
var every = []string{
	"chat-messages", "chat-generate", "completions-messages", "completions-generate", "messages-chat", "messages-responses", "messages-generate",
}

func pairOf(t testing.TB, n uint8) translate.Pair {
	from, to, _ := strings.Cut(every[int(n)%len(every)], "-")
	return codec(t, services[from], services[to])
}

var models = []string{"claude-opus-5", "claude-sonnet-4-5", "claude-3-haiku", "gemini-3-pro", "gemini-2.5-flash", "gpt-5.2", "gpt-4o", ""}

// seeds adds the first file of each golden archive of a kind, with its pair.
func seeds(f *testing.F, kind string, add func(content []byte, pair uint8)) {
	f.Helper()
	for n, pair := range every {
		files, err := filepath.Glob(filepath.Join("testdata", kind, pair, "*.txtar"))
		if err != nil || len(files) == 0 {
			f.Fatal("no seeds")
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			add(txtar.Parse(text).Files[0].Data, uint8(n))
		}
	}
}

// Whatever a client sends: a request in the target's protocol that is JSON, or a refusal that says why.
func FuzzRequest(f *testing.F) {
	seeds(f, "requests", func(body []byte, pair uint8) { f.Add(body, pair, uint8(0)) })
	f.Fuzz(func(t *testing.T, body []byte, pair, upstream uint8) {
		p := pairOf(t, pair)
		want := &provider.Intent{Model: "m\"\n", Stream: true, MaxTokens: 20}
		out, target, err := p.Request(&provider.Inbound{Body: body}, want, models[int(upstream)%len(models)])
		var fault *provider.Fault
		switch {
		case err != nil && (!errors.As(err, &fault) || fault.Status != 400 || fault.Message == ""):
			t.Fatal(err)
		case err != nil:
			return
		case !json.Valid(out.Body):
			t.Fatalf("not JSON: %q", out.Body)
		}
		checkIntent(t, p, want, target, out)
	})
}

// Whatever an upstream answers: whole events in the client's protocol, in their order, however it is cut.
func FuzzAnswer(f *testing.F) {
	seeds(f, "answers", func(answer []byte, pair uint8) {
		f.Add(answer, pair, uint16(100), true)
		f.Add(answer, pair, uint16(10), false)
	})
	for _, line := range []string{
		`{"choices":[{"delta":{"tool_calls":[{"index":1,"function":{"arguments":"{}"}},{"index":0,"id":"a","function":{"name":"f"}}],"content":"x","reasoning":"y"}}]}`,
		`{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f"}},{"id":"b","function":{"name":"g","arguments":"{"}}]}}]}`,
	} {
		f.Add([]byte("data: "+line+"\n\ndata: [DONE]\n\n"), uint8(4), uint16(7), true)
	}
	f.Fuzz(func(t *testing.T, answer []byte, pair uint8, cut uint16, stream bool) {
		p := pairOf(t, pair)
		client := provider.Intent{Service: p.From, Model: "m", Stream: stream}
		got, err := told(p, client, parts(answer)...)
		split, splitErr := told(p, client, parts(answer, min(int(cut), len(answer)))...)
		if got != split || (err == nil) != (splitErr == nil) {
			t.Fatalf("cut at %d: %v: %q\nwhole: %v: %q", cut, splitErr, split, err, got)
		}
		switch {
		case !stream && err != nil && got != "":
			t.Fatalf("%v behind %q", err, got)
		case !stream && err != nil:
		case !wellFormed(t, p.From, stream, got) && err == nil:
			t.Fatalf("no error, and no end: %q", got)
		}
	})
}
