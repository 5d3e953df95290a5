// Package store says what crs keeps: documents (keys, accounts, groups, settings), roll-ups of usage, the audit log,
// and state that may be lost. The implementations are its subpackages; storetest holds what every one must do.
package store

import (
	"context"
	"errors"
	"fmt"

	"crs/internal/audit"
	"crs/internal/errs"
	"crs/internal/usage"
)

// Kind is what a document describes.
type Kind string

// The kinds of documents.
const (
	Account Kind = "account"
	Group   Kind = "group"
	Key     Kind = "key"
	Setting Kind = "setting"
)

// Doc is one document. The store does not look into Body.
type Doc struct {
	Kind Kind
	ID   string
	// Version counts the writes of this document, from 1. A write names the version that it replaces.
	Version int64
	// Name is unique among the documents of a kind, unless it is empty.
	Name string
	Body []byte
}

// Documents are kept whole, are few (up to 100,000), and are read at start and when they change.
type Documents interface {
	// Put writes d durably and gives its new version. d.Version is the one it replaces, 0 for a new document. It is a
	// *Conflict when somebody else has written meanwhile, and a *Taken when another document has its name.
	Put(ctx context.Context, d Doc) (version int64, err error)
	// Delete removes a document. One that is not there is no error.
	Delete(ctx context.Context, kind Kind, id string) error
	// All gives every document of a kind, ordered by ID.
	All(ctx context.Context, kind Kind) ([]Doc, error)
}

// Conflict means that a document was not at the version that a write meant to replace. Read it again before trying
// again.
type Conflict struct {
	Kind      Kind
	ID        string
	Want, Got int64 // Got is 0 when it is not there
}

// Error implements error.
func (c *Conflict) Error() string {
	return fmt.Sprintf("%s %s was changed by somebody else meanwhile (it is at version %d, not %d)", c.Kind, c.ID, c.Got, c.Want)
}

// Taken means that another document of the kind has the name.
type Taken struct {
	Kind     Kind
	Name, ID string // ID is the other's
}

// Error implements error.
func (t *Taken) Error() string {
	return fmt.Sprintf("another %s is named %q (%s)", t.Kind, t.Name, t.ID)
}

// State is small, may be lost, and is written whole: sticky sessions, cool-downs, windows.
type State interface {
	SaveState(ctx context.Context, name string, body []byte) error
	// LoadState gives nil for a name that was never saved.
	LoadState(ctx context.Context, name string) ([]byte, error)
}

// Facts are about the store itself.
type Facts interface {
	// Meta gives a fact, "" when it was never set.
	Meta(ctx context.Context, name string) (string, error)
	// Claim sets a fact that was never set, and gives what it is then: value, or what somebody else claimed first.
	Claim(ctx context.Context, name, value string) (string, error)
}

// Store is everything together.
type Store interface {
	Documents
	State
	Facts
	usage.Rollups
	audit.Rows
	fmt.Stringer // says where it is, as crs status shows it
	// Close ends it; nothing may be in use then.
	Close() error
}

// ErrDamaged means that what was stored cannot be read, or is not there any more. The daemon must stop and say so:
// starting without it would lose it.
var ErrDamaged = errors.New("the store is damaged")

// Failure is any error of a write: it is of the store, and not of what was to be written.
type Failure struct{ Err error }

// Error implements error.
func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap gives the error.
func (f *Failure) Unwrap() error { return f.Err }

// WriteError is err, as a Failure, behind what was being written; nil when err is.
func WriteError(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return errs.Wrap(&Failure{err}, format, args...)
}

// ErrUnavailable means that the store cannot be reached just now. What was to be written was perhaps written. It comes back by
// itself.
var ErrUnavailable = errors.New("the store is away")

// ErrNotWritable means that the store takes no writes: its disk or memory is full, fails, or is read-only, or somebody holds its
// lock. What was there is as it was.
var ErrNotWritable = errors.New("the store cannot be written")
