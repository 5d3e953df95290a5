package daemon

import (
	"strings"
	"testing"

	"crs/internal/descriptor"
)

func TestFewDescriptorsAreToldWithWhatItTakes(t *testing.T) {
	t.Parallel()
	if got := fewDescriptors(descriptor.Share(descriptor.Needed(20000)), 20000); got != "" {
		t.Errorf("there are enough, and it says %s", got)
	}
	if got := fewDescriptors(descriptor.Share(1024), 20000); !strings.Contains(got, "may have 1024 files open") || !strings.Contains(got, "which takes 43") {
		t.Errorf("it says %q", got)
	}
}
