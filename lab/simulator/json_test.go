package simulator

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// members reads a document as the package does: each top-level member with its bytes.
func members(doc []byte) (map[string]string, bool) {
	got := map[string]string{}
	r := reader{b: doc}
	ok := r.document(func(key []byte) {
		name := string(key)
		got[name] = string(r.value())
	})
	return got, ok
}

func TestADocumentIsReadMemberByMember(t *testing.T) {
	t.Parallel()
	got, ok := members([]byte(" {\"a\" : 1e3 ,\t\"b\":[1,{\"c\":null}, \"x\\\"]\"],\n\"m\\u006fdel\":\"m\", \"e\":{}, \"f\":[] } \r\n"))
	want := map[string]string{"a": "1e3", "b": `[1,{"c":null}, "x\"]"]`, "model": `"m"`, "e": "{}", "f": "[]"}
	if !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("%t %q, want %q", ok, got, want)
	}
}

func TestWhatIsNoJSONObjectIsRefused(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		"", " ", "x", "null", "[]", `"a"`, "1", "{", "}", `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`, `{a:1}`, `{"a":1}}`, `{"a":1}x`,
		`{"a":tru}`, `{"a":truex}`, `{"a":01}`, `{"a":1.}`, `{"a":.5}`, `{"a":-}`, `{"a":1e}`, `{"a":+1}`, `{"a":[1,]}`, `{"a":[1 2]}`, `{"a":[}`, `{"a":[1}`,
		`{"a":"x}`, `{"a":"\q"}`, `{"a":"\u12g4"}`, `{"a":"\u12`, `{"a":"\`, "{\"a\":\"\n\"}", "{\"a\":\"12345678\x01\"}",
		strings.Repeat(`{"a":`, 2000) + "1" + strings.Repeat("}", 2000),
	} {
		if _, ok := members([]byte(doc)); ok {
			t.Errorf("%.60q was taken", doc)
		}
	}
}

func TestALongDocumentIsReadTheSame(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		strings.Repeat("a", exactUpTo), strings.Repeat(`\"`, exactUpTo), strings.Repeat(`\\`, exactUpTo), strings.Repeat(`b\n\\\"`, exactUpTo),
	} {
		doc := `{"a":"` + text + `","b":[{}],"c":"x"}`
		got, ok := members([]byte(doc))
		if !ok || got["a"] != `"`+text+`"` || got["b"] != "[{}]" || got["c"] != `"x"` {
			t.Errorf("%.20s…: %t, %d members", text, ok, len(got))
		}
		for _, broken := range []string{doc[:len(doc)-1], doc[:len(doc)-4], doc[:exactUpTo+5], doc + "}"} {
			if _, ok := members([]byte(broken)); ok {
				t.Errorf("%.20s… was taken with a broken end", text)
			}
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":1}`, `{"a":[true,false,null,-0.5e+3,"\u00e9\n\\"],"b":{"c":{}}}`, `{"a":"12345678\"90"}`, `{"\u0061":"é😀"}`, `{"a":"\ud83d\ude00\ud83d"}`, "{\"a\":\"\x7f\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var want map[string]json.RawMessage
		valid := json.Valid(doc) && json.Unmarshal(doc, &want) == nil && bytes.HasPrefix(bytes.TrimLeft(doc, " \t\r\n"), []byte("{"))
		if len(doc) > exactUpTo || bytes.Count(doc, []byte("{"))+bytes.Count(doc, []byte("[")) > maxDepth {
			return
		}
		got, ok := members(doc)
		if ok != valid {
			t.Fatalf("taken %t, valid %t: %q", ok, valid, doc)
		}
		if !valid || !utf8.Valid(doc) {
			return
		}
		for name, value := range want {
			if got[name] != string(value) {
				t.Errorf("%q is %q, want %q", name, got[name], value)
			}
			checkText(t, value)
		}
	})
}

// checkText compares how a string is unescaped, and escaped again.
func checkText(t *testing.T, value []byte) {
	t.Helper()
	var want string
	if value[0] != '"' || json.Unmarshal(value, &want) != nil {
		return
	}
	if got := string(unescape(value[1 : len(value)-1])); got != want {
		t.Errorf("%s is %q, want %q", value, got, want)
	}
	var again string
	if err := json.Unmarshal(appendText(nil, want), &again); err != nil || again != want {
		t.Errorf("%q is written as %s: %v", want, appendText(nil, want), err)
	}
}

func FuzzPieces(f *testing.F) {
	f.Add("pong — the simulator", 3, 50)
	f.Add("", 1, 0)
	f.Add("é", 9, 3)
	f.Add("\xff\x80\x80", 2, 7)
	f.Fuzz(func(t *testing.T, text string, n, size int) {
		if n < 1 || n > 1000 || size < 0 || size > 10000 {
			return
		}
		text = strings.ToValidUTF8(text, "?")
		var all string
		for i := range n {
			p := piece(text, i, n)
			if !utf8.ValidString(p) {
				t.Errorf("piece %d of %d of %q is %q", i, n, text, p)
			}
			all += p
		}
		if all != text {
			t.Errorf("the pieces make %q, want %q", all, text)
		}
		if got := exactly(text, size); len(got) != size || !utf8.ValidString(got) {
			t.Errorf("%q has %d bytes, want %d", got, len(got), size)
		}
	})
}

func FuzzOpening(f *testing.F) {
	f.Add([]byte(`a\u00e9\ud83d\ude00` + strings.Repeat("é", 60)))
	f.Add([]byte(`\u12`))
	f.Add([]byte(strings.Repeat("x", 59) + `\u1234`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := reader{b: append(append([]byte{'"'}, raw...), '"')}
		if !bytes.Equal(r.text(), raw) || r.bad {
			return
		}
		_ = echo(raw)
		if !utf8.Valid(raw) {
			return
		}
		if got := string(unescape(opening(raw))); !strings.HasPrefix(string(unescape(raw)), strings.TrimRight(got, "\uFFFD")) {
			t.Errorf("the opening of %q is %q", raw, got)
		}
	})
}
