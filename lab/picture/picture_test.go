package picture

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

func TestAScreenBecomesAPicture(t *testing.T) {
	t.Parallel()
	got := string(SVG("a <screen>", "\x1b[1;38;5;38mcrs\x1b[0m  \x1b[2m<&>\x1b[22m\n\x1b[7m▸ x\x1b[27m▄│\x1b[38:2:1:2:3mé世\x1b[39m\n\x1b\a"))
	for _, want := range []string{
		`viewBox="0 0 91 78"`, `aria-label="a &lt;screen&gt;"`, `fill="#00afd7" font-weight="bold">crs</text>`, `opacity="0.6">&lt;&amp;&gt;</text>`,
		`<rect x="12.0" y="30.0" width="25.2" height="18.0" fill="#d7dae0"/>`, `fill="#14171c">▸ x</text>`, // reversed
		`<rect x="37.20" y="39.00" width="8.40" height="9.00" fill="#d7dae0"/>`, // the block
		`textLength="25.2" fill="#010203">é世</text>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %s:\n%s", want, got)
		}
	}
	wellFormed(t, got)
}

func TestEveryStyleIsUnderstood(t *testing.T) {
	t.Parallel()
	for codes, want := range map[string]style{
		"": {}, "0": {}, "1;2;7": {bold: true, faint: true, reverse: true}, "1;22": {}, "31": {front: "#e06c75"}, "91;39": {},
		"42": {back: "#7ec87a"}, "102;49": {}, "48;5;255": {back: "#eeeeee"}, "38;5;16": {front: "#000000"}, "38;5;231": {front: "#ffffff"},
		"38;5;999": {}, "38;2;255;0;16;1": {front: "#ff0010", bold: true}, "38": {}, "38;5": {}, "x": {},
	} {
		var s style
		if s.apply(codes); s != want {
			t.Errorf("%q: %+v, want %+v", codes, s, want)
		}
	}
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("%v:\n%s", err, text)
		}
	}
}
