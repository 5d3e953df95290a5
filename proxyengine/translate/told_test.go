package translate_test

import (
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"crs/proxyengine/provider"
	"crs/proxyengine/translate"
)

// told gives an answer to a client, in parts.
func told(p translate.Pair, client provider.Intent, parts ...[]byte) (string, error) {
	target := client
	target.Service = p.To
	a := p.Answer(&client, &target)
	var out []byte
	for _, part := range parts {
		var err error
		if out, err = a.Feed(out, part); err != nil {
			return string(out), err
		}
		clear(part) // it may keep nothing
	}
	out, err := a.Finish(out)
	return string(out), err
}

func parts(answer []byte, ends ...int) [][]byte {
	var all [][]byte
	for _, end := range append(ends, len(answer)) {
		done := 0
		for _, p := range all {
			done += len(p)
		}
		all = append(all, append([]byte(nil), answer[done:end]...))
	}
	return all
}

// TestAnswersAreTranslated compares with the golden files, for a client that streams and for one that does not, however the
// answer is cut.
func TestAnswersAreTranslated(t *testing.T) {
	t.Parallel()
	golden(t, "answers", func(t *testing.T, p translate.Pair, a *txtar.Archive) {
		answer := a.Files[0].Data
		both := map[bool]string{}
		for _, stream := range []bool{true, false} {
			client := provider.Intent{Service: p.From, Model: "asked-for", Stream: stream}
			got, err := told(p, client, parts(answer)...)
			if err != nil {
				t.Fatalf("%v behind %s", err, got)
			}
			compare(t, a, stream, got)
			if !wellFormed(t, p.From, stream, got) {
				t.Errorf("the stream has no end: %s", got)
			}
			inPieces(t, p, client, answer, got)
			both[stream] = got
		}
		sameToSDK(t, p.From, both[true], both[false])
	})
}

func compare(t *testing.T, a *txtar.Archive, stream bool, got string) {
	t.Helper()
	want := section(a, "want.sse")
	if !stream {
		want = section(a, "want.json")
	}
	switch {
	case *update && stream:
		want.Data = []byte(got)
	case *update:
		want.Data = indent(t, []byte(got))
	}
	if stream && got != string(want.Data) {
		t.Errorf("it is\n%s\nwant\n%s", got, want.Data)
	}
	if !stream && compact(t, []byte(got)) != compact(t, want.Data) {
		t.Errorf("it is\n%s\nwant\n%s", got, want.Data)
	}
}

// inPieces feeds an answer in two, cut at every byte, and byte by byte.
func inPieces(t *testing.T, p translate.Pair, client provider.Intent, answer []byte, want string) {
	t.Helper()
	for cut := range len(answer) {
		if got, err := told(p, client, parts(answer, cut)...); err != nil || got != want {
			t.Fatalf("cut at %d: %v\n%s", cut, err, got)
		}
	}
	every := make([]int, len(answer)-1)
	for i := range every {
		every[i] = i + 1
	}
	if got, err := told(p, client, parts(answer, every...)...); err != nil || got != want {
		t.Fatalf("byte by byte: %v\n%s", err, got)
	}
	crlf := strings.ReplaceAll(string(answer), "\n", "\r\n")
	if got, err := told(p, client, parts([]byte(crlf))...); err != nil || got != want {
		t.Fatalf("with CRLF: %v\n%s", err, got)
	}
}
