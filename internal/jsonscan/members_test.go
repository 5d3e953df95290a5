package jsonscan_test

import (
	"bytes"
	"strings"
	"testing"

	"crs/internal/jsonscan"
)

// FuzzMembers: of an object that a walk accepts, cut in two anywhere, the same member is kept that the walk sees last.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, `{"a":{"b":[1,"]"]},"c":"\\\"}"}`, `{"x":"a","a":"\\"}`, ` { "a" : [ ] } `} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, body []byte, cut int) {
		want, found := []byte(nil), false
		s := jsonscan.Top(body)
		for s.Next() {
			if jsonscan.Escaped(s.Key) {
				return
			}
			if string(s.Key) == "a" {
				want, found = s.Value, true
			}
		}
		if s.Err() != nil {
			return
		}
		m := jsonscan.Members{Names: []string{"a"}}
		at := min(max(cut, 0), len(body))
		m.Feed(body[:at])
		m.Feed(body[at:])
		if got := m.Value("a"); !m.Complete() || found && !bytes.Equal(got, want) {
			t.Errorf("%q cut at %d: kept %q of %q, whole %v", body, at, got, want, m.Complete())
		}
	})
}

// TestMembersHoldLittle: neither endless keys nor endless members make what is kept grow beyond its bound.
func TestMembersHoldLittle(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]string{"a key": `{"`, "a member": `{"a":"`, "a member that does not matter": `{"b":"`} {
		m := jsonscan.Members{Names: []string{"a"}}
		m.Feed([]byte(begin))
		for range 5000 {
			m.Feed([]byte(strings.Repeat("x", 1000)))
		}
		if m.Holds() > 4<<20 {
			t.Errorf("%s: it holds %d bytes", name, m.Holds())
		}
		m.Forget()
		if m.Holds() > 64<<10 {
			t.Errorf("%s: it holds %d bytes after it was told to forget", name, m.Holds())
		}
		m.Feed([]byte(`","a":1}`))
		if name == "a member that does not matter" && string(m.Value("a")) != "1" {
			t.Errorf("%s: a is %q", name, m.Value("a"))
		}
	}
}

func TestOpeningsAreCountedOutsideOfStrings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{``: 0, `{}`: 1, `{"a{":["[\"{",{}]}`: 3, `"{`: 0, `{"`: 1} {
		if got := jsonscan.Openings([]byte(text)); got != want {
			t.Errorf("%s: %d, not %d", text, got, want)
		}
	}
}
