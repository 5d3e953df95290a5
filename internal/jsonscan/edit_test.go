package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"crs/internal/jsonscan"
)

func TestEditsAreMadeInTheirOrderOfPlace(t *testing.T) {
	t.Parallel()
	body := []byte(`{"model":"old","n":1}`)
	s := jsonscan.Part{Raw: body}
	edits := []jsonscan.Edit{s.Get("n").Replace([]byte("22")), s.Get("model").Replace([]byte(`"new"`)), jsonscan.Insert(body, "first", []byte("0")), {At: 1, Text: []byte(`"second":0,`)}}
	if got := string(bytes.Join(jsonscan.Apply(body, edits...), nil)); got != `{"first":0,"second":0,"model":"new","n":22}` {
		t.Error(got)
	}
	if got := string(bytes.Join(jsonscan.Apply(body), nil)); got != string(body) {
		t.Errorf("without an edit: %s", got)
	}
	for object, want := range map[string]string{`{}`: `{"a":1}`, " { }": ` {"a":1 }`, `{ "b":2}`: `{"a":1, "b":2}`} {
		if got := string(bytes.Join(jsonscan.Apply([]byte(object), jsonscan.Insert([]byte(object), "a", []byte("1"))), nil)); got != want {
			t.Errorf("%s became %s", object, got)
		}
	}
}

func TestAMemberThatGoesTakesItsCommaWithIt(t *testing.T) {
	t.Parallel()
	for object, want := range map[string]string{
		`{"a":1,"b":2,"c":3}`: `{"b":2,"c":3}`, `{ "b":2 , "a":1 , "c":3 }`: `{ "b":2 , "c":3 }`, `{"a":1}`: `{}`, `{"a":1, "\u0061":2 }`: `{ }`,
		` {"a":1 , "b":2} `: ` {"b":2} `, `{"b":2,"a":1}`: `{"b":2}`, `{"b":2}`: `{"b":2}`, `{}`: `{}`, `{"a":1,"x":0,"b":2,"x":0}`: `{"b":2}`,
	} {
		if got := without(t, object); got != want {
			t.Errorf("%s became %s, not %s", object, got, want)
		}
	}
	if _, err := jsonscan.Without([]byte(`{"a":1`), "a"); err == nil {
		t.Error("half an object was taken")
	}
}

func TestMembersAreExchanged(t *testing.T) {
	t.Parallel()
	for object, want := range map[string]string{
		`{}`: `{"n":0}`, `{"a":1}`: `{"n":0}`, `{"a":1,"b":2}`: `{"n":0,"b":2}`, `{"b":2,"a":1}`: `{"n":0,"b":2}`, ` { "b":2 } `: ` {"n":0, "b":2 } `,
		`{"a":1,"x":0}`: `{"n":0}`, `{"a":1 , "b":2}`: `{"n":0 , "b":2}`, `{"b":2,"a":1,"c":3}`: `{"n":0,"b":2,"c":3}`,
	} {
		edits, err := jsonscan.Exchange([]byte(object), `"n":0`, "a", "x")
		if got := string(bytes.Join(jsonscan.Apply([]byte(object), edits...), nil)); err != nil || got != want {
			t.Errorf("%s became %s, not %s: %v", object, got, want, err)
		}
	}
}

func without(t *testing.T, object string) string {
	edits, err := jsonscan.Without([]byte(object), "a", "x")
	if err != nil {
		t.Error(err)
	}
	return string(bytes.Join(jsonscan.Apply([]byte(object), edits...), nil))
}

// FuzzNesting: however JSON is cut, the place where it ends is the one that encoding/json sees.
func FuzzNesting(f *testing.F) {
	for _, seed := range []string{`{"a":["}\\\"",{}]}`, `[[],"]"]`, `{}`, `["\\"]`, `["\\\\\""]`} {
		f.Add([]byte(seed), uint8(1))
	}
	f.Fuzz(func(t *testing.T, text []byte, size uint8) {
		if text = bytes.TrimSpace(text); !json.Valid(text) || !strings.ContainsAny(string(text[:1]), "[{") {
			return
		}
		var n jsonscan.Nesting
		for at := 0; at < len(text); {
			part := text[at:min(at+int(size)+1, len(text))]
			end := n.Close(part, 0)
			if at += len(part); end >= 0 != (at == len(text)) || end >= 0 && end != len(part) {
				t.Fatalf("%q: it ends %d bytes before %d", text, len(part)-end, at)
			}
		}
	})
}
