package unit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"crs/ctl"
	"crs/internal/bound"
	"crs/internal/patience"
)

// tail is how much of a log file is looked at for its last lines.
const tail = 1 << 20

// showFile writes the last lines of a log file, and what is added to it.
func showFile(ctx context.Context, path string, ask Logs, out io.Writer) error {
	f, text, err := openEnd(path, tail)
	if errors.Is(err, os.ErrNotExist) {
		return ctl.Errorf(ctl.NotFound, "there is no log yet at %s", path).WithHint("the service writes it: crs start")
	}
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	defer func() { _ = f.Close() }()
	if _, err := out.Write(lastLines(text, ask.Lines)); err != nil {
		return fmt.Errorf("show the log: %w", err)
	}
	for ask.Follow && patience.Pause(ctx, 250*time.Millisecond) {
		if _, err := io.Copy(out, f); err != nil {
			return fmt.Errorf("show the log: %w", err)
		}
	}
	return nil
}

// openEnd opens a file and reads the end of it. The caller closes it.
func openEnd(path string, most int64) (f *os.File, text []byte, err error) {
	if f, err = os.Open(path); err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.Seek(max(0, info.Size()-most), io.SeekStart)
	}
	if err == nil {
		text, err = io.ReadAll(f)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, text, nil
}

func lastLines(text []byte, n int) []byte {
	end := len(text)
	if end > 0 && text[end-1] == '\n' {
		end--
	}
	for ; n > 0; n-- {
		if end = bytes.LastIndexByte(text[:max(end, 0)], '\n'); end < 0 {
			return text
		}
	}
	return text[end+1:]
}

// lastErrorOf is the last error that a log file has, or what is known otherwise.
func lastErrorOf(path, otherwise string) string {
	f, text, err := openEnd(path, 64<<10)
	if err != nil {
		return otherwise
	}
	defer func() { _ = f.Close() }()
	found := otherwise
	for line := range strings.Lines(string(text)) {
		if wrong, ok := errorIn(strings.TrimSpace(line)); ok {
			found = wrong
		}
	}
	return found
}

// errorIn gives the error that a line of the daemon's log says, if it says one.
func errorIn(line string) (string, bool) {
	const most = 400
	if told, ok := strings.CutPrefix(line, "error: "); ok {
		return bound.Short(told, most), true
	}
	return bound.Short(line, most), strings.Contains(line, "level=ERROR") || strings.Contains(line, `"level":"ERROR"`)
}
