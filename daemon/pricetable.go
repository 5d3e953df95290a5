package daemon

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"crs/ctl"
	"crs/daemon/admin"
	"crs/internal/pricing"
	"crs/internal/store"
)

const (
	// litellm is where the table comes from unless somebody says otherwise (protocols.md, J.1).
	litellm = "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json"

	tableMax = 16 << 20 // LiteLLM's has some 2 MB
)

// takenTable is a table that the prices were updated with.
type takenTable struct {
	from    string
	at      time.Time   // when it was taken; zero when an older crs did and did not say
	asOf    pricing.Day // that its data is of; 0 when nothing says so
	read    *pricing.Reading
	forced  bool           // it was taken with all that is implausible in it
	update  pricing.Update // of the built-in one
	version int64          // of the document
}

// takenBody is how it is stored.
type takenBody struct {
	From string    `json:"from"`
	At   time.Time `json:"at,omitzero"`
	Gzip []byte    `json:"gzip"` // of the table as it came; empty for the built-in one
	// AsOf and Format are those of the table; an older crs did not keep them.
	AsOf   string `json:"as_of,omitempty"`
	Format string `json:"format,omitempty"`
	Forced bool   `json:"forced,omitempty"`
}

// base is the table over the built-in one: what a new table leaves out must not become free.
func (t *takenTable) base() *pricing.Table { return t.update.Table }

func builtIn(version int64) takenTable {
	t := pricing.Embedded()
	return takenTable{from: ctl.BuiltIn, asOf: t.AsOf(), read: &pricing.Reading{Table: t, Entries: len(t.Models())}, update: pricing.Update{Table: t}, version: version}
}

// parse reads the table itself and lays it over the built-in one.
func (t *takenTable) parse(doc []byte, format string) (err error) {
	if len(doc) > tableMax {
		return errTableTooLarge
	}
	t.read, err = pricing.Parse(doc, pricing.Origin{Format: format, Source: t.from, AsOf: t.asOf})
	if err != nil {
		return err
	}
	t.update = pricing.Embedded().Updated(t.read.Table, t.forced)
	t.asOf = max(t.asOf, t.read.Table.AsOf())
	return nil
}

// Update takes another table and has it outlive the process. On any error the old one stays.
func (p *prices) Update(ctx context.Context, in ctl.PriceUpdate) (admin.TableChange, error) {
	next, doc, err := readTable(ctx, &in)
	if err != nil {
		return admin.TableChange{}, err
	}
	p.changing.Lock()
	defer p.changing.Unlock()
	done, err := p.change(&next)
	if err != nil {
		return done, err
	}
	if in.DryRun {
		return done, nil
	}
	if err := refuse(p.taken.read.Table, next.read.Table, in.Force || next.from == ctl.BuiltIn); err != nil {
		return done, err
	}
	table, err := p.own.over(done.After)
	if err != nil {
		return done, err
	}
	if doc != nil {
		next.at = time.Now()
	}
	body, err := encodeTaken(&next, doc)
	if err != nil {
		return done, err
	}
	next.version, err = p.docs.Put(ctx, store.Doc{Kind: store.Setting, ID: takenDoc, Version: p.taken.version, Body: body})
	if err != nil {
		return done, err
	}
	p.use(p.own, next, table)
	done.Applied = true
	return done, nil
}

// change is what comes of another table.
func (p *prices) change(next *takenTable) (admin.TableChange, error) {
	done := admin.TableChange{
		From: next.from, Before: p.taken.base(), After: next.base(), Format: next.read.Format, AsOf: next.asOf, Read: next.read.Entries,
		Kept: next.update.Kept, Unpriced: next.read.Unpriced,
	}
	own, err := p.own.parse()
	if err != nil {
		return done, err
	}
	done.Refused = slices.Concat(next.read.NotUnderstood, next.update.Implausible, own.Implausible(next.read.Table), next.read.Refused)
	return done, nil
}

// refuse finds a table that is most likely a mistake.
func refuse(old, next *pricing.Table, force bool) error {
	lost, had := old.Lost(next)
	if force || 2*lost <= had {
		return nil
	}
	return ctl.Errorf(ctl.Failed, "the table lacks %d of the %d models that the present one has; nothing was changed", lost, had).
		WithHint("look at what would change with --dry-run; take it in spite of that with --force")
}

// readTable gives the table and, unless it is the built-in one, its text.
func readTable(ctx context.Context, in *ctl.PriceUpdate) (t takenTable, doc []byte, err error) {
	if in.From == ctl.BuiltIn && in.Table == nil {
		return builtIn(0), nil, nil
	}
	asOf, err := pricing.ParseDay(in.AsOf)
	if err != nil {
		return t, nil, ctl.Errorf(ctl.BadRequest, "%q is not a date such as 2026-11-30", in.AsOf)
	}
	t.from, t.asOf, t.forced, doc = in.From, asOf, in.Force, in.Table
	if in.Table == nil {
		var found source
		if found, err = fetch(ctx, cmp.Or(in.From, litellm)); err != nil {
			return t, nil, err
		}
		t.from, doc, t.asOf = found.from, found.doc, cmp.Or(asOf, found.asOf)
	}
	if t.from == "" || t.from == ctl.BuiltIn {
		t.from = "a file"
	}
	err = t.parse(doc, in.Format)
	if err == nil && len(t.read.Table.Models()) == 0 {
		err = errors.New("it has no model with a price")
	}
	if err != nil {
		return t, nil, ctl.Errorf(ctl.Failed, "%s is no price table: %s", t.from, err).WithHint("a table has the format of LiteLLM or of models.dev; nothing was changed")
	}
	return t, doc, nil
}

var errTableTooLarge = errors.New("it is larger than 16 MiB")

func encodeTaken(t *takenTable, doc []byte) ([]byte, error) {
	var packed bytes.Buffer
	if doc != nil {
		zip := gzip.NewWriter(&packed)
		if _, err := zip.Write(doc); err != nil {
			return nil, fmt.Errorf("pack the price table: %w", err)
		}
		if err := zip.Close(); err != nil {
			return nil, fmt.Errorf("pack the price table: %w", err)
		}
	}
	return json.Marshal(takenBody{t.from, t.at, packed.Bytes(), t.asOf.String(), t.read.Format, t.forced})
}

func decodeTaken(d store.Doc) (t takenTable, err error) {
	var body takenBody
	if err := json.Unmarshal(d.Body, &body); err != nil {
		return t, err
	}
	if len(body.Gzip) == 0 {
		return builtIn(d.Version), nil
	}
	zip, err := gzip.NewReader(bytes.NewReader(body.Gzip))
	if err != nil {
		return t, err
	}
	doc, err := io.ReadAll(io.LimitReader(zip, tableMax+1))
	if err != nil {
		return t, err
	}
	t = takenTable{from: body.From, at: body.At, forced: body.Forced, version: d.Version}
	if t.asOf, err = pricing.ParseDay(body.AsOf); err != nil {
		return t, err
	}
	return t, t.parse(doc, body.Format)
}
