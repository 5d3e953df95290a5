package jsonscan_test

import (
	"strings"
	"testing"

	"crs/internal/jsonscan"
)

func TestStringsAreReadAsEncodingJSONReadsThem(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		raw, want string
		ok        bool
	}{
		"plain":                 {`"claude-opus-5"`, "claude-opus-5", true},
		"empty":                 {`""`, "", true},
		"every short escape":    {`"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t", true},
		"unicode escape":        {`"m\u006Fd\u00e9l"`, "modél", true},
		"a pair":                {`"\ud83d\ude00"`, "😀", true},
		"a lone high surrogate": {`"\ud83dx"`, "\ufffdx", true},
		"a lone low surrogate":  {`"\ude00"`, "\ufffd", true},
		"high then no low":      {`"\ud83d\u0041"`, "\ufffdA", true},
		"UTF-8":                 {`"日本"`, "日本", true},
		"broken UTF-8":          {"\"a\xff\xfeb\"", "a\ufffd\ufffdb", true},
		"DEL":                   {"\"\x7f\"", "\x7f", true},
		"a control character":   {"\"a\nb\"", "", false},
		"an unknown escape":     {`"\x41"`, "", false},
		"a cut escape":          {`"\u00"`, "", false},
		"a lone backslash":      {`"\"`, "", false},
		"a quote inside":        {`"a"b"`, "", false},
		"a number":              {`12`, "", false},
		"null":                  {`null`, "", false},
		"one quote":             {`"`, "", false},
		"nothing":               {``, "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := jsonscan.String([]byte(tt.raw))
			if got != tt.want || ok != tt.ok {
				t.Errorf("String(%s) = %q, %v; want %q, %v", tt.raw, got, ok, tt.want, tt.ok)
			}
			if equal := jsonscan.Equal([]byte(tt.raw), tt.want); equal != tt.ok {
				t.Errorf("Equal(%s, %q) = %v", tt.raw, tt.want, equal)
			}
			if jsonscan.Equal([]byte(tt.raw), tt.want+"x") {
				t.Errorf("Equal(%s, %q)", tt.raw, tt.want+"x")
			}
		})
	}
}

// Not parallel: it counts allocations.
func TestEqualNeverAllocates(t *testing.T) {
	raw := []byte(`"m\u006fdel-日本"`)
	if n := testing.AllocsPerRun(100, func() {
		if !jsonscan.Equal(raw, "model-日本") || jsonscan.Equal(raw, "model-日") {
			t.Error("wrong answer")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestATextThatIsNotUTF8EqualsNothing(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{`"\ud800"`, "\"\xff\"", `"\ufffd"`} {
		if jsonscan.Equal([]byte(raw), "\xff") {
			t.Errorf("%s equals a broken byte", raw)
		}
		if !jsonscan.Equal([]byte(raw), "\ufffd") {
			t.Errorf("%s does not equal what String gives", raw)
		}
	}
}

func TestOnlyTrueAndFalseAreBools(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string][2]bool{
		"true": {true, true}, "false": {false, true}, "truee": {}, "null": {}, `"true"`: {}, "1": {}, "": {},
	} {
		if value, ok := jsonscan.Bool([]byte(raw)); [2]bool{value, ok} != want {
			t.Errorf("Bool(%s) = %v, %v", raw, value, ok)
		}
	}
}

func TestOnlyWholeNumbersThatFitAreInts(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]int64{
		"0": 0, "-0": 0, "7": 7, "32000": 32000, "-12": -12,
		"9223372036854775807": 9223372036854775807, "-9223372036854775808": -9223372036854775808,
	} {
		if got, ok := jsonscan.Int([]byte(raw)); got != want || !ok {
			t.Errorf("Int(%s) = %d, %v", raw, got, ok)
		}
	}
	for _, raw := range []string{
		"", "-", "01", "-01", "+1", "1.0", "1e3", "0x10", "1 ", `"1"`, "null", "9223372036854775808", "-9223372036854775809",
		"18446744073709551616", "92233720368547758070", "99999999999999999999999999",
	} {
		if got, ok := jsonscan.Int([]byte(raw)); ok {
			t.Errorf("Int(%s) = %d", raw, got)
		}
	}
}

func TestAnEscapedKeyHasACanonicalForm(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		key, want string
		escaped   bool
		ok        bool
	}{
		"plain":         {"model", "model", false, true},
		"empty":         {"", "", false, true},
		"escaped":       {`m\u006fdel`, "model", true, true},
		"solidus":       {`a\/b`, "a/b", true, true},
		"UTF-8":         {"clé", "clé", false, true},
		"broken escape": {`m\odel`, "", true, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := jsonscan.Escaped([]byte(tt.key)); got != tt.escaped {
				t.Errorf("Escaped = %v", got)
			}
			if got, ok := jsonscan.Canonical([]byte(tt.key)); string(got) != tt.want || ok != tt.ok {
				t.Errorf("Canonical = %q, %v", got, ok)
			}
		})
	}
}

// TestALongStringIsReadAsFarAsItIsOfUse: as String has it up to the bound, and beyond it more than that, whatever stands at the cut.
func TestALongStringIsReadAsFarAsItIsOfUse(t *testing.T) {
	t.Parallel()
	const most = 20
	for _, unit := range []string{"a", `\n`, `\u0061`, `\ud83d\ude00`, "é", "😀", "\xff", `\\`, `x\"`, `ab\u00e9`} {
		for n := range 400 {
			raw := []byte(`"` + strings.Repeat("b", n%7) + strings.Repeat(unit, n) + `"`)
			want, _ := jsonscan.String(raw)
			got, ok := jsonscan.StringUpTo(raw, most)
			if !ok || len(want) <= most && got != want || len(want) > most && len(got) <= most {
				t.Fatalf("%s: %q, %v", raw, got, ok)
			}
		}
	}
	megabytes := []byte(`"` + strings.Repeat("m", 4<<20) + `"`)
	if got, ok := jsonscan.StringUpTo(megabytes, most); !ok || len(got) > 10*most {
		t.Errorf("%d bytes of it are read, %v", len(got), ok)
	}
	if _, ok := jsonscan.StringUpTo([]byte("12"), most); ok {
		t.Error("a number is a string")
	}
}
