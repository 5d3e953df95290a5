package command

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crs/ctl"
)

func TestWhoIsAskedDecides(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		yes, somebody bool
		answer        string
		want          ctl.Code // "" is to go on
	}{
		"said so":             {yes: true},
		"not interactive":     {want: ctl.BadRequest},
		"yes":                 {somebody: true, answer: "y\n"},
		"in full":             {somebody: true, answer: " YES \n"},
		"no":                  {somebody: true, answer: "n\n", want: ctl.Failed},
		"nothing":             {somebody: true, answer: "\n", want: ctl.Failed},
		"the end of input":    {somebody: true, want: ctl.Failed},
		"something else":      {somebody: true, answer: "yesterday\n", want: ctl.Failed},
		"yes without the end": {somebody: true, answer: "y"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, out := printing()
			a.IO.Somebody, a.IO.In = test.somebody, strings.NewReader(test.answer)
			err := a.Confirm(t.Context(), test.yes, "Remove %s?", "x")
			if err == nil && test.want != "" || err != nil && ctl.CodeOf(err) != test.want {
				t.Errorf("%v", err)
			}
			if asked := out.String() == "Remove x? [y/N] "; asked != (test.somebody && !test.yes) {
				t.Errorf("it asked %q", out)
			}
		})
	}
}

func TestASecretIsOneLineOfAFileOrOfStandardInput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	a, _ := printing()
	a.IO.In = strings.NewReader(" from-stdin \r\n")
	for path, want := range map[string]string{file("good", "sk-1\n"): "sk-1", "-": "from-stdin"} {
		if got, err := a.ReadSecret("the key", path); err != nil || got.Reveal() != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{file("empty", "\n"), file("two", "a\nb\n"), file("large", strings.Repeat("x", largest+1)), filepath.Join(dir, "none"), dir} {
		if got, err := a.ReadSecret("the key", path); err == nil || strings.Contains(err.Error(), "a\nb") || !got.Empty() {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestAnInterruptEndsAQuestion(t *testing.T) {
	t.Parallel()
	silent, typing := io.Pipe()
	t.Cleanup(func() { _ = typing.Close() })
	a, _ := printing()
	a.IO.Somebody, a.IO.In = true, silent
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := a.Confirm(ctx, false, "Remove x?"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
