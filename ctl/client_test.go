package ctl_test

import (
	"errors"
	"strings"
	"testing"

	"crs/ctl"
)

func TestASocketWhosePathIsTooLongIsNoneToReach(t *testing.T) {
	t.Parallel()
	c := ctl.NewClient("/tmp/" + strings.Repeat("x", 110))
	defer c.Close()
	_, err := c.Status(t.Context())
	var e *ctl.Error
	if !errors.As(err, &e) || e.Code != ctl.BadRequest || !strings.Contains(e.Message, "has 115 bytes") || !strings.Contains(e.Hint, "--socket") {
		t.Errorf("%+v", err)
	}
}
