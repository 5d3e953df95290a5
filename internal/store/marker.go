package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Marker is a file in the data directory that remembers which store there was. Without it, a store that was lost (a volume
// that is not mounted, a file deleted by mistake, a Redis without its data) would look like a new one, and crs would start
// empty.
type Marker struct {
	Store   string    `json:"store"` // also in the store
	Created time.Time `json:"created"`
}

// ReadMarker gives nil where there is none.
func ReadMarker(path string) (*Marker, error) {
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the store's marker: %w", err)
	}
	m := new(Marker)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("read the store's marker %s: %w", path, err)
	}
	return m, nil
}

// Write writes the marker whole or not at all.
func (m Marker) Write(path string) error {
	b, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("write the store's marker: %w", err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".marker")
	if err != nil {
		return fmt.Errorf("write the store's marker: %w", err)
	}
	_, err = temp.Write(append(b, '\n'))
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the store's marker: %w", err), os.Remove(temp.Name()))
	}
	return nil
}
