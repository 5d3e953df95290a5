//go:build linux

package local_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"crs/internal/store"
	"crs/internal/store/local"
	"crs/lab/smalldisk"
)

// TestAStoreStartsOnAFullDiskAgainAndAgain: a clean stop leaves it neither log nor index, and the disk no room for new ones.
func TestAStoreStartsOnAFullDiskAgainAndAgain(t *testing.T) {
	t.Parallel()
	disk := smalldisk.Mount(t, 4<<20)
	s, err := local.Open(t.Context(), disk.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.KeepRoom(), s.Close()); err != nil {
		t.Fatal(err)
	}
	disk.Fill()
	for range 3 {
		s, err := local.Open(t.Context(), disk.Dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.KeepRoom(); err == nil {
			t.Error("the disk is full, and has room to keep")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	disk.Free()
	if s, err = local.Open(t.Context(), disk.Dir); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.KeepRoom(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(disk.Dir, "crs.db-room")); err != nil || info.Size() < 256<<10 {
		t.Errorf("%+v, %v", info, err)
	}
}

// TestRoomThatIsKeptIsNobodyElses: a link in its place is not followed, and where nothing was kept a full disk is what it was.
func TestRoomThatIsKeptIsNobodyElses(t *testing.T) {
	t.Parallel()
	disk := smalldisk.Mount(t, 4<<20)
	s, err := local.Open(t.Context(), disk.Dir)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(disk.Dir, "other")
	if err := os.Symlink(other, filepath.Join(disk.Dir, "crs.db-room")); err != nil {
		t.Fatal(err)
	}
	if err := s.KeepRoom(); err == nil {
		t.Error("a link was followed")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(other); !errors.Is(err, os.ErrNotExist) {
		t.Error("a link was followed", err)
	}
	if err := os.Remove(filepath.Join(disk.Dir, "crs.db-room")); err != nil {
		t.Fatal(err)
	}
	disk.Fill()
	if _, err := local.Open(t.Context(), disk.Dir); !errors.Is(err, store.ErrFull) {
		t.Errorf("without room: %v", err)
	}
}
