package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"crs/internal/jsonscan"
)

// FuzzArray: of what encoding/json takes for an array, a walk gives the same elements, with their places.
func FuzzArray(f *testing.F) {
	for _, seed := range []string{`[]`, `[1]`, ` [ "a,]" , {"b":[2]} , null ] `, `[1,]`, `[,1]`, `[1 2]`, `[[[]],[]]`, `[1}`, `["\\\"",""]`, `{}`, `[`, `[1]]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var want []json.RawMessage
		if json.Unmarshal(text, &want) != nil || want == nil {
			return
		}
		var got [][]byte
		s := jsonscan.Array(text)
		for s.Next() {
			if got = append(got, s.Value); !bytes.Equal(text[s.Offset:s.Offset+len(s.Value)], s.Value) {
				t.Errorf("%q: %q does not stand at %d", text, s.Value, s.Offset)
			}
		}
		if s.Err() != nil && strings.Contains(s.Err().Error(), "nested brackets") {
			return
		}
		same := slices.EqualFunc(got, want, func(a []byte, b json.RawMessage) bool { return bytes.Equal(a, b) })
		if s.Err() != nil || !same {
			t.Errorf("%q: %q, %v", text, got, s.Err())
		}
		if first := jsonscan.First(text); len(want) > 0 && !bytes.Equal(first, want[0]) {
			t.Errorf("%q: the first is %q", text, first)
		}
	})
}

func TestOfABrokenArrayComesWhatStandsBefore(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`[1,{"a":2},`: "0=1@2 1={\"a\":2}@4", `[1 2]`: "0=1@2", `[1,]`: "0=1@2", `[[1}]`: "", `{"a":1}`: "", `1`: "", ``: "", `[]`: "",
	} {
		var got []string
		for n, element := range (jsonscan.Part{Raw: []byte(text), At: 1}).Elements() {
			got = append(got, string(rune('0'+n))+"="+string(element.Raw)+"@"+string(rune('0'+element.At)))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
	}
	s := jsonscan.Array([]byte("[" + strings.Repeat("1,", 2*jsonscan.MaxMembers) + "1]"))
	for s.Next() {
		continue
	}
	if s.Err() != nil {
		t.Errorf("a long array: %v", s.Err())
	}
}

func TestAMemberIsFoundByItsNameAndWithItsPlace(t *testing.T) {
	t.Parallel()
	body := []byte(`[{"a":{"m\u006fdel": "x","model":"y"}}]`)
	object := jsonscan.Part{Raw: body[1 : len(body)-1], At: 1}
	found := object.Get("a").Get("model")
	if string(found.Raw) != `"x"` || string(body[found.At:found.End()]) != `"x"` {
		t.Errorf("found %q at %d", found.Raw, found.At)
	}
	for _, object := range []string{``, `[]`, `{}`, `{"b":1}`, `{"b":1 "a":2}`, `{"\q":1,"a":2}`} {
		if got := jsonscan.Get([]byte(object), "a"); got != nil {
			t.Errorf("%s: %q", object, got)
		}
	}
}

func TestWhatIsWantedMayNotBeThereTwice(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"a":1,"b":2,"b":3}`: "", `{"a":1,"a":2}`: "a: it is there twice", `{"a":null,"\u0061":2}`: "a: it is there twice",
		`{"\q":1}`: "a key of the request is not valid JSON", `{"a":1`: "invalid JSON at byte 6: expected ',' or '}' after a value, found the end",
	} {
		var a jsonscan.Part
		err := jsonscan.Find([]byte(body), jsonscan.Want("a", &a))
		if err == nil != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%s: %v, not %q", body, err, want)
		}
	}
}
