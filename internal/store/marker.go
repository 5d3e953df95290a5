package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"crs/internal/durable"
	"crs/internal/errs"
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
	if err == nil {
		err = durable.Write(path, append(b, '\n'), 0o600)
	}
	return errs.Wrap(err, "write the store's marker")
}
