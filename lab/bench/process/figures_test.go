package process

import (
	"strings"
	"testing"
	"time"
)

func TestProcStatIsReadWhateverTheProcessIsCalled(t *testing.T) {
	t.Parallel()
	const rest = " S 42 7 7 0 -1 4194304 100 0 1 0 123 45 6 7 20 0 1 0 644847 3133440 382"
	for name, text := range map[string]string{
		"a plain name":       "4711 (crs)" + rest,
		"spaces":             "4711 (nginx: worker process)" + rest,
		"parentheses":        "4711 (a) S 1 (b) )" + rest,
		"a line end":         "4711 (crs)" + rest + "\n",
		"digits in the name": "4711 (1 (2) 3)" + rest,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseStat(text)
			want := stat{pid: 4711, parent: 42, used: 1680 * time.Millisecond}
			if err != nil || got != want {
				t.Errorf("got %+v and %v, not %+v", got, err, want)
			}
		})
	}
}

func TestProcStatThatIsCutIsAnError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "4711", "4711 (crs", "4711 (crs) S 42", "(crs) S 42 7 7 0 -1 4194304 100 0 1 0 123 45 6 7", "4711 (crs) S x 7 7 0 -1 0 1 0 1 0 1 2 3"} {
		if got, err := parseStat(text); err == nil {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add("4711 (crs) S 42 7 7 0 -1 4194304 100 0 1 0 123 45 6 7 20")
	f.Add("1 ()) S 0")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := parseStat(text); err == nil && !strings.Contains(text, ")") {
			t.Errorf("%q was read as %+v", text, s)
		}
	})
}

func TestMemoryIsReadInBytes(t *testing.T) {
	t.Parallel()
	const rollup = "5605fd0e6000-7ffd5dd53000 ---p 00000000 00:00 0   [rollup]\nRss:                1800 kB\nPss:                 506 kB\nPss_Dirty:           116 kB\n"
	for name, want := range map[string]int64{"Rss": 1800 << 10, "Pss": 506 << 10, "Pss_Dirty": 116 << 10} {
		if got, err := kilobytes(rollup, name); err != nil || got != want {
			t.Errorf("%s is %d and %v, not %d", name, got, err, want)
		}
	}
	for _, text := range []string{"", "Rss: many kB", "Rssx: 1 kB"} {
		if got, err := kilobytes(text, "Rss"); err == nil {
			t.Errorf("%q was read as %d", text, got)
		}
	}
}
