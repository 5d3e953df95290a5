package command

import (
	"io"

	"crs/ctl"
)

// printed is where answers are printed. It keeps the first error: who prints a table does not look.
type printed struct {
	to  io.Writer
	err error
}

// Write implements io.Writer.
func (p *printed) Write(b []byte) (int, error) {
	n, err := p.to.Write(b)
	if p.err == nil {
		p.err = err
	}
	return n, err
}

// PrintFailure is why something could not be printed; nil where all could.
func (a *App) PrintFailure() error {
	if a.printed == nil || a.printed.err == nil {
		return nil
	}
	return ctl.Errorf(ctl.Failed, "print the answer: %s", a.printed.err).WithHint("the command itself was run; what it has changed: crs audit")
}
