package errs_test

import (
	"errors"
	"io"
	"testing"

	"crs/internal/errs"
)

func TestNothingIsMadeOfNoError(t *testing.T) {
	t.Parallel()
	if err := errs.Wrap(nil, "read %s", "it"); err != nil {
		t.Error(err)
	}
	if err := errs.Wrap(io.EOF, "read %s", "100%"); !errors.Is(err, io.EOF) || err.Error() != "read 100%: EOF" {
		t.Error(err)
	}
	if errs.Ignore(errs.Wrap(io.EOF, "read"), io.EOF) != nil || errs.Ignore(nil, io.EOF) != nil || errs.Ignore(io.ErrNoProgress, io.EOF) == nil {
		t.Error("only what is expected is ignored")
	}
}

func TestTheFirstStepThatFailsIsTheLast(t *testing.T) {
	t.Parallel()
	taken := 0
	step := func(err error) func() error { return func() error { taken++; return err } }
	if err := errs.First(step(nil), step(io.EOF), step(nil)); err != io.EOF || taken != 2 {
		t.Errorf("%v after %d steps", err, taken)
	}
	if err := errs.First(step(nil)); err != nil {
		t.Error(err)
	}
}
