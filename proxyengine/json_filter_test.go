package proxyengine

import (
	"encoding/json"
	"strings"
	"testing"

	"crs/proxyengine/scrub"
)

// guarded gives what a guard makes of a document that comes in fragments of a size.
func guarded(document string, size, most int, strict bool) string {
	s := scrub.New([]scrub.Secret{{Text: clearedKey, Word: scrub.Credential}})
	g := &jsonFilter{words: func() *scrub.Scrubber { return s }, most: func() int { return most }, strict: strict}
	var out strings.Builder
	for len(document) > 0 {
		n := min(size, len(document))
		out.Write(g.feed([]byte(document[:n])))
		document = document[n:]
	}
	out.Write(g.end())
	return out.String()
}

// TestAGuardClearsWhatIsSaidOfErrors, wherever it stands and however it is cut, and nothing else of an answer.
func TestAGuardClearsWhatIsSaidOfErrors(t *testing.T) {
	t.Parallel()
	const said, clear = `in org-Q7wmZr4T at 10.0.0.1`, `in [organization] at [address]`
	for name, c := range map[string]struct {
		strict bool
		in     string
		want   string
	}{
		"an answer":           {false, `{"id":"org-Q7wmZr4T","choices":[{"message":{"content":"error ` + said + `"}}],"error":null, "x" : 1}`, `{"id":"org-Q7wmZr4T","choices":[{"message":{"content":"error ` + said + `"}}],"error":null, "x" : 1}`},
		"an error":            {false, `{"choices":[1,{"a":"}\""}],"error":{"message":"` + said + `","code":429},"y":"` + said + `"}`, `{"choices":[1,{"a":"}\""}],"error":{"message":"` + clear + `","code":429},"y":"` + said + `"}`},
		"an error in words":   {false, `{"output":[],"error" : "` + said + `" ,"y":[]}`, `{"output":[],"error" : "` + clear + `" ,"y":[]}`},
		"of a response":       {false, `{"type":"x","response":{"output":[{"error":"` + said + `"}],"error":{"message":"` + said + `"}}}`, `{"type":"x","response":{"output":[{"error":"` + said + `"}],"error":{"message":"` + clear + `"}}}`},
		"of a choice":         {false, `{"choices":[{"error":{"message":"` + said + `"}}]}`, `{"choices":[{"error":{"message":"` + clear + `"}}]}`},
		"of a candidate":      {false, `[{"candidates":[{"finishMessage":"` + said + `"}]}]`, `[{"candidates":[{"finishMessage":"` + clear + `"}]}]`},
		"escaped":             {false, `{"\u0065rror":{"m":"` + said + `"}}`, `{"\u0065rror":{"m":"` + clear + `"}}`},
		"several":             {false, `{"data":[],"errors":[{"m":"` + said + `"},["x"]]}`, `{"data":[],"errors":[{"m":"` + clear + `"},["x"]]}`},
		"by its name":         {true, `{"organization":"acme","x":["a \" b\\"]}`, `{"organization":"[organization]","x":["a \" b\\"]}`},
		"no answer":           {true, `{"code":500,"info":{"who":"` + said + `"},"list":["` + said + `"],"org-Q7wmZr4T":1}`, `{"code":500,"info":{"who":"` + clear + `"},"list":["` + clear + `"],"[organization]":1}`},
		"a picture":           {true, `{"kind":"p","b64":"` + strings.Repeat("aB0+/=", 200) + `","who":"` + said + `"}`, `{"kind":"p","b64":"` + strings.Repeat("aB0+/=", 200) + `","who":"` + clear + `"}`},
		"too long":            {true, `{"kind":"` + strings.Repeat("words, ", 200) + `","b":1}`, `{"kind":` + notPassed + `,"b":1}`},
		"an error, too long":  {false, `{"error":{"message":"` + strings.Repeat(said, 50) + `"},"b":1}`, `{"error":{"message":` + notPassed + `},"b":1}`},
		"a word, too long":    {false, `{"error":"` + strings.Repeat("abc", 500) + `","b":1}`, `{"error":` + notPassed + `,"b":1}`},
		"no picture any more": {true, `{"b64":"` + strings.Repeat("aB0+/=", 200) + ` ` + said + `","b":1}`, ``},
		"cut":                 {false, `{"error":{"message":"` + said, `{"error":{"message":"` + clear},
	} {
		for size := 1; size <= len(c.in); size++ {
			got := guarded(c.in, size, 400, c.strict)
			switch {
			case c.want == "" && !strings.Contains(got, "Q7w") && json.Valid([]byte(got)):
			case got != c.want:
				t.Errorf("%s, in pieces of %d: %s\nnot %s", name, size, got, c.want)
			default:
				continue
			}
			if c.want != "" {
				break
			}
		}
	}
}

// FuzzGuard: it does not matter how a document is cut, JSON stays JSON, and of what is no answer no text is left that scrubbing
// would change.
func FuzzGuard(f *testing.F) {
	for _, seed := range []string{
		`{"error":{"message":"` + clearedKey + `"}}`, `[{"a":[1,true,null,"\"\\"]},{"detail":"x"}]`, `{"\u0065rror":"10.0.0.1","choices":[{"error":[]}]}`, `{"a":"AAAA",`, `]]}{"`,
		`{"error":12,"msg":-1e5}`, `{"error":"org-Q7wmZr4T"`,
	} {
		f.Add(seed, uint8(0), true)
		f.Add(seed, uint8(3), false)
	}
	f.Fuzz(func(t *testing.T, document string, size uint8, strict bool) {
		whole := guarded(document, len(document)+1, 64, strict)
		if got := guarded(document, int(size)+1, 64, strict); json.Valid([]byte(document)) && got != whole {
			t.Fatalf("in pieces of %d: %q, not %q", int(size)+1, got, whole)
		}
		if json.Valid([]byte(document)) && !json.Valid([]byte(whole)) {
			t.Fatalf("%q is JSON no more: %q", document, whole)
		}
	})
}
