package proxyengine

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

func TestAWordIsFoundHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	const word = "credit balance is too low"
	for text, want := range map[string]bool{
		"": false, "credit": false, word: true, "x" + word + "y": true, strings.ToUpper(word): true, `{"a":"cr\u0065dit\u0020balance is too low"}`: true,
		`\u0043redit balance is too low`: true, `ccredit balance is too low`: true, `credit balance is too \u006cow`: true, `credit balance is too \u00`: false,
		`credit\balance is too low`: false,
	} {
		if within([]byte(text), word) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

// FuzzAWordIsFoundInJSON: whatever JSON says it in, a word that a string has is found.
func FuzzAWordIsFoundInJSON(f *testing.F) {
	f.Add("an API key not valid here", uint(1))
	f.Add("API key not validapi KEY not valid", uint(77))
	f.Fuzz(func(t *testing.T, text string, escape uint) {
		const word = "api key not valid"
		var written strings.Builder
		for i, r := range text {
			if r < 0x80 && r != '\\' && escape>>(i%60)&1 == 1 {
				const hex = "0123456789abcdef"
				written.WriteString(`\u00` + string(hex[r>>4]) + string(hex[r&15]))
				continue
			}
			quoted, _ := json.Marshal(string(r))
			written.Write(quoted[1 : len(quoted)-1])
		}
		var back string
		if err := json.Unmarshal([]byte(`"`+written.String()+`"`), &back); err != nil {
			t.Skip()
		}
		if strings.Contains(asciiLower(back), word) && !within([]byte(written.String()), word) {
			t.Errorf("%q is not found in %s", word, written.String())
		}
	})
}

func asciiLower(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, text)
}

// TestWordsAreHeardInPieces, as an upstream may join them, and in letters that it may take for theirs.
func TestWordsAreHeardInPieces(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		`{"a":["credit balance"," is too low"]}`: true, `{"a":[{"type":"text","text":"credit bal"},{"type":"text","text":"ance is too low"}]}`: true,
		`{"a":"cre","b":{"c":["dit"]},"d":[["balanceistoolow"]]}`: true, `{"a":"ｃredit balance is too low"}`: true, `{"a":"credit\u200bbalance\nis too low"}`: true,
		`{"a":"credit credit balance is too low"}`: true, `{"a":"crecredit balance is too","b":" low"}`: true, `{"a":"CREDIT BALANCE IS TOO LOW"}`: true,
		`{"a":"credit balance is too","b":"slow"}`: false, `{"credit":"balance is too low"}`: false, `{"a":["credit balance",1,"is too"]}`: false, `{}`: false, ``: false,
	} {
		if newEcho("credit balance is too low").heardIn(gjson.Parse(body), deepestPlain) != want {
			t.Errorf("%s: %v", body, !want)
		}
	}
}
