package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"crs/internal/audit"
	"crs/internal/usage"
)

// Part is a part of what a store holds.
type Part string

// The parts of a store. State is not among them: it may be lost.
const (
	PartDocs    Part = "documents"
	PartFacts   Part = "facts"
	PartHours   Part = "hours"
	PartDays    Part = "days"
	PartCharged Part = "charged"
	PartUsed    Part = "used"
	PartMarks   Part = "marks"
	PartAudit   Part = "audit"
)

// Parts lists them in the order in which they are copied.
func Parts() []Part {
	return []Part{PartDocs, PartFacts, PartHours, PartDays, PartCharged, PartUsed, PartMarks, PartAudit}
}

// Item is one thing that a store holds, of whatever part.
type Item struct {
	Part   Part         `json:"part"`
	Doc    *Doc         `json:"doc,omitempty"`
	Sum    *usage.Sum   `json:"sum,omitempty"`  // of an hour or a day
	Name   string       `json:"name,omitempty"` // of a fact, a key, a node
	At     string       `json:"at,omitempty"`   // when something was used, as usage.Used has it
	Value  string       `json:"value,omitempty"`
	Amount int64        `json:"amount,omitempty"` // what a key was charged, or used of the unit in Value
	Mark   usage.Cursor `json:"mark"`
	Row    *audit.Row   `json:"row,omitempty"` // of the audit log
}

// Portable is a store that can be copied to another one. Nothing else may use either meanwhile.
type Portable interface {
	Store
	// Export gives everything, part by part. What yield returns ends it.
	Export(ctx context.Context, yield func(Item) error) error
	// Import writes items as they are, versions included, into an empty store.
	Import(ctx context.Context, items []Item) error
	// Clear removes everything but what tells which store it is.
	Clear(ctx context.Context) error
}

// Digest tells what a store holds, in whatever order it is given.
type Digest struct {
	Count map[Part]int64
	sum   map[Part][sha256.Size]byte
}

// NewDigest is of nothing.
func NewDigest() *Digest {
	return &Digest{Count: map[Part]int64{}, sum: map[Part][sha256.Size]byte{}}
}

// Add counts an item in.
func (d *Digest) Add(i Item) error {
	text, err := json.Marshal(&i)
	if err != nil {
		return err
	}
	one, all := sha256.Sum256(text), d.sum[i.Part]
	for n := range all {
		all[n] ^= one[n] // no two items of a store are the same
	}
	d.Count[i.Part]++
	d.sum[i.Part] = all
	return nil
}

// Hash is that of a part.
func (d *Digest) Hash(p Part) string {
	sum := d.sum[p]
	return hex.EncodeToString(sum[:])
}

// Same reports whether two stores hold the same of a part.
func (d *Digest) Same(o *Digest, p Part) bool {
	return d.Count[p] == o.Count[p] && d.sum[p] == o.sum[p]
}
