package jsonscan_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"crs/internal/jsonscan"
)

func TestEveryMemberIsReportedInOrderWithItsRawValue(t *testing.T) {
	t.Parallel()
	const body = " {\"model\" : \"a\\\"b\" ,\n\t\"n\":-1.5e3,\"x\":null,\"model\":\"second\"," +
		`"m\u006fdel":true,"":{"]":["}",{"a\\":"\\\""}]},"list":[ ] }` + "\r\n"
	want := []string{`model="a\"b"`, `n=-1.5e3`, `x=null`, `model="second"`, `m\u006fdel=true`, `={"]":["}",{"a\\":"\\\""}]}`, `list=[ ]`}

	var got []string
	s := jsonscan.Top([]byte(body))
	for s.Next() {
		got = append(got, string(s.Key)+"="+string(s.Value))
		if at := body[s.Offset : s.Offset+len(s.Value)]; at != string(s.Value) {
			t.Errorf("Offset of %s points at %q", s.Key, at)
		}
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("members:\n%s\nwant:\n%s", g, w)
	}
	if s.Next() || s.Err() != nil {
		t.Error("a finished walk went on")
	}
}

func TestAnEmptyObjectHasNoMembers(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, " {\t} \n"} {
		s := jsonscan.Top([]byte(body))
		if s.Next() || s.Err() != nil {
			t.Errorf("%q: a member or %v", body, s.Err())
		}
	}
}

func TestBrokenFramingIsFoundWithItsPlace(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body     string
		members  int // reported before the error
		offset   int
		expected string
	}{
		"empty body":                {"", 0, 0, "'{'"},
		"only white space":          {"  ", 0, 2, "'{'"},
		"an array":                  {"[1]", 0, 0, "'{'"},
		"a byte order mark":         {"\ufeff{}", 0, 0, "'{'"},
		"trailing bytes":            {`{"a":1}x`, 1, 7, "nothing after the object"},
		"a second object":           {`{} {}`, 0, 3, "nothing after the object"},
		"two commas":                {`{"a":1,,"b":2}`, 1, 7, "a key in quotes"},
		"a comma before the end":    {`{"a":1,}`, 1, 7, "a key in quotes"},
		"a comma first":             {`{,"a":1}`, 0, 1, "a key in quotes"},
		"no comma":                  {`{"a":1 "b":2}`, 1, 7, "',' or '}' after a value"},
		"no comma, closely":         {`{"a":1"model":2}`, 1, 6, "',' or '}' after a value"},
		"no colon":                  {`{"a" 1}`, 0, 5, "':' after a key"},
		"no value":                  {`{"a":}`, 0, 5, "a value"},
		"no value, comma":           {`{"a":,"b":1}`, 0, 5, "a value"},
		"a bare key":                {`{a:1}`, 0, 1, "a key in quotes"},
		"no end":                    {`{"a":1`, 1, 6, "',' or '}' after a value"},
		"no end after a comma":      {`{"a":1,`, 1, 7, "a key in quotes"},
		"cut in a key":              {`{"a`, 0, 3, "the end of a key"},
		"cut after a key":           {`{"a"`, 0, 4, "':' after a key"},
		"cut in a string":           {`{"a":"bc`, 0, 8, "the end of a string"},
		"cut after a backslash":     {`{"a":"b\`, 0, 8, "the end of a string"},
		"cut after a quote in text": {`{"a":"b\"}`, 0, 10, "the end of a string"},
		"cut in an array":           {`{"a":[1,2`, 0, 9, "a closing bracket"},
		"cut in a nested string":    {`{"a":["b}]`, 0, 10, "the end of a string"},
		"crossed brackets":          {`{"a":[{]}}`, 0, 7, "the other closing bracket"},
		"wrong bracket":             {`{"a":[1}`, 0, 7, "the other closing bracket"},
		"one bracket too many":      {`{"a":[1]]}`, 1, 8, "',' or '}' after a value"},
		"wrong end":                 {`{"a":1]`, 1, 6, "',' or '}' after a value"},
		"an escape outside strings": {`{"a":\"b"}`, 0, 5, "a value"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := jsonscan.Top([]byte(tt.body))
			members := 0
			for s.Next() {
				members++
			}
			var syntax *jsonscan.SyntaxError
			if !errors.As(s.Err(), &syntax) {
				t.Fatalf("error = %v, want a SyntaxError", s.Err())
			}
			if members != tt.members || syntax.Offset != tt.offset || syntax.Expected != tt.expected {
				t.Errorf("after %d members: %v\nwant after %d, byte %d: %s", members, syntax, tt.members, tt.offset, tt.expected)
			}
			if s.Next() || s.Key != nil || s.Value != nil {
				t.Error("the walk went on after an error")
			}
		})
	}
}

func TestTheErrorNamesPlaceAndBytes(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"a" 1}`: `invalid JSON at byte 5: expected ':' after a key, found '1'`,
		`{"a":`:   `invalid JSON at byte 5: expected a value, found the end`,
	} {
		s := jsonscan.Top([]byte(body))
		for s.Next() {
		}
		if s.Err() == nil || s.Err().Error() != want {
			t.Errorf("%s: %v\nwant %s", body, s.Err(), want)
		}
	}
}

func TestNestingIsFollowedToTheCapAndNoFurther(t *testing.T) {
	t.Parallel()
	nested := func(depth int) string {
		var open, shut strings.Builder
		for i := range depth {
			if i%3 == 0 { // an uneven mix, so that a lost bit shows
				open.WriteString(`{"a":`)
				shut.WriteString(`}`)
			} else {
				open.WriteString(`[`)
				shut.WriteString(`]`)
			}
		}
		closing := []byte(shut.String())
		for i, j := 0, len(closing)-1; i < j; i, j = i+1, j-1 {
			closing[i], closing[j] = closing[j], closing[i]
		}
		return open.String() + "1" + string(closing)
	}
	for _, depth := range []int{1, 63, 64, 65, 127, 128, 129, 1023, jsonscan.MaxDepth} {
		value := nested(depth)
		s := jsonscan.Top([]byte(`{"v":` + value + `,"after":1}`))
		if !s.Next() || string(s.Value) != value || !s.Next() || string(s.Key) != "after" || s.Next() || s.Err() != nil {
			t.Errorf("depth %d: %v", depth, s.Err())
		}
		crossed := strings.Replace(value, "1", "1]]", 1) // the innermost is closed once too often
		s = jsonscan.Top([]byte(`{"v":` + crossed + `}`))
		for s.Next() {
		}
		if s.Err() == nil {
			t.Errorf("depth %d: surplus brackets went unnoticed", depth)
		}
	}
	s := jsonscan.Top([]byte(`{"v":` + nested(jsonscan.MaxDepth+1) + `}`))
	if s.Next() || s.Err() == nil || !strings.Contains(s.Err().Error(), "no more than 1024 nested brackets") {
		t.Errorf("beyond the cap: %v", s.Err())
	}
}

func TestEscapesAreCountedAtEveryDistanceFromTheQuote(t *testing.T) {
	t.Parallel()
	for pad := range 20 { // the scanner reads eight bytes at once
		for backslashes := range 20 {
			text := strings.Repeat("x", pad) + strings.Repeat(`\`, backslashes)
			body := `{"a":["` + text + `"],"b":"]"}`
			if backslashes%2 == 1 {
				body = `{"a":["` + text + `"]","b"],"b":"]"}`
			}
			s := jsonscan.Top([]byte(body))
			for s.Next() {
			}
			if s.Err() != nil {
				t.Errorf("%s: %v", body, s.Err())
			}
		}
	}
}

func TestAnEditReplacesAValueWithoutCopying(t *testing.T) {
	t.Parallel()
	body := []byte(`{"model":"old","rest":[1,2]}`)
	s := jsonscan.Top(body)
	s.Next()
	model := jsonscan.Part{Raw: s.Value, At: s.Offset}
	parts := jsonscan.Apply(body, model.Replace([]byte(`"newer"`)))
	if got := string(bytes.Join(parts, nil)); got != `{"model":"newer","rest":[1,2]}` {
		t.Errorf("spliced: %s", got)
	}
	if &parts[0][0] != &body[0] || &parts[2][0] != &body[s.Offset+len(s.Value)] {
		t.Error("the body was copied")
	}
	_ = append(parts[0], "XXXX"...)
	if string(body) != `{"model":"old","rest":[1,2]}` {
		t.Errorf("appending to a part wrote into the body: %s", body)
	}
}

// Not parallel: it counts allocations.
func TestAWalkDoesNotAllocate(t *testing.T) {
	body := []byte(`{"model":"claude","messages":[{"role":"user","content":"a \"b\""}],"stream":true,"n":5}`)
	if n := testing.AllocsPerRun(100, func() {
		model, stream := walk(t, body)
		if !jsonscan.Equal(model, "claude") || !stream {
			t.Error("not what the body says")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// walk looks at a body as the relay does.
func walk(tb testing.TB, body []byte) (model []byte, stream bool) {
	s := jsonscan.Top(body)
	for s.Next() {
		if jsonscan.Escaped(s.Key) {
			tb.Fatal("an escaped key")
		}
		switch string(s.Key) {
		case "model":
			model = s.Value
		case "stream":
			stream, _ = jsonscan.Bool(s.Value)
		}
	}
	if s.Err() != nil {
		tb.Fatal(s.Err())
	}
	return model, stream
}

func TestAnObjectOfTooManyMembersIsRefused(t *testing.T) {
	t.Parallel()
	for _, n := range []int{jsonscan.MaxMembers, jsonscan.MaxMembers + 1} {
		s := jsonscan.Top([]byte("{" + strings.Repeat(`"a":1,`, n-1) + `"a":1}`))
		for s.Next() {
			continue
		}
		if refused := s.Err() != nil; refused != (n > jsonscan.MaxMembers) {
			t.Errorf("%d members: %v", n, s.Err())
		}
	}
}
