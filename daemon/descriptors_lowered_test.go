//go:build linux || darwin

package daemon

import (
	"strings"
	"testing"

	"crs/internal/config"
	"crs/internal/descriptor"
	"crs/internal/descriptor/descriptortest"
)

// TestALimitThatIsLoweredLaterIsTold: what counts is the limit as it is.
func TestALimitThatIsLoweredLaterIsTold(t *testing.T) {
	d := &Daemon{shares: descriptor.Share(descriptor.Needed(100)), cfg: config.Config{Limits: config.Limits{Connections: 100}}}
	if said := d.fewDescriptors(); said != "" {
		t.Fatalf("there are enough, and it says %s", said)
	}
	descriptortest.Lower(t, 64)
	if said := d.fewDescriptors(); !strings.Contains(said, "may have 64 files open") {
		t.Errorf("it says %q", said)
	}
}
