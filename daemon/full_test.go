//go:build linux

package daemon

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crs/ctl"
	"crs/internal/config"
	"crs/internal/store/local"
	"crs/lab/smalldisk"
)

// TestAStartOnAFullDiskSaysWhatToDo: which file, how much room there is and how much it takes; there is a store, or none yet.
func TestAStartOnAFullDiskSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]func(dir string) error{
		"a store": func(dir string) error {
			s, err := local.Open(t.Context(), dir)
			if err != nil {
				return err
			}
			return s.Close()
		},
		"no store": func(string) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disk := smalldisk.Mount(t, 4<<20)
			dir := filepath.Join(disk.Dir, "data")
			if err := errors.Join(os.Mkdir(dir, 0o700), before(dir)); err != nil {
				t.Fatal(err)
			}
			disk.Fill()
			err := Serve(t.Context(), Options{Log: io.Discard, Source: config.Source{UID: 1000, Flags: map[string]string{
				"listen": "127.0.0.1:0", "data": dir, "socket": short(t) + "/s",
			}}})
			var e *ctl.Error
			if !errors.As(err, &e) || e.Code != ctl.Failed || !strings.Contains(e.Message, filepath.Join(dir, "crs.db")) ||
				!strings.Contains(e.Message, "0 KiB are free, and a start takes 1200 KiB") || !strings.Contains(e.Hint, "make room on the disk") {
				t.Errorf("%+v", err)
			}
		})
	}
}
