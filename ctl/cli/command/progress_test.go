package command

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestProgressIsForTerminals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*App)
		shown  bool
	}{
		"a terminal":      {func(*App) {}, true},
		"a pipe":          {func(a *App) { a.IO.Terminal = false }, false},
		"JSON":            {func(a *App) { a.JSON = true }, false},
		"a dumb terminal": {func(a *App) { a.IO.Environ = []string{"TERM=dumb"} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, out := printing()
			a.IO.Terminal = true
			c.change(a)
			locked := &lockedBuffer{buf: out}
			a.IO.Out = locked
			come := a.Progress("copying", 4<<20)
			come(1 << 20)
			time.Sleep(150 * time.Millisecond)
			come(2 << 20)
			come(4 << 20)
			come(-1)
			come(-1) // does no harm
			a.Busy("looking")()
			text := locked.String()
			if shown := text != ""; shown != c.shown {
				t.Errorf("shown is %v: %q", shown, text)
			}
			if c.shown && (!strings.Contains(text, "copying  50%") || !strings.Contains(text, "2.0/4.0 MiB") || !strings.Contains(text, "looking") || !strings.HasSuffix(text, "\r")) {
				t.Errorf("%q", text)
			}
		})
	}
}

// lockedBuffer is one that a line which moves by itself may be written to.
type lockedBuffer struct {
	mu  sync.Mutex // guards buf
	buf *bytes.Buffer
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
