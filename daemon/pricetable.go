package daemon

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"crs/ctl"
	"crs/daemon/admin"
	"crs/internal/pricing"
	"crs/internal/store"
)

const (
	// litellm is where the table comes from unless somebody says otherwise (protocols.md, J.1).
	litellm = "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json"

	tableMax  = 16 << 20 // LiteLLM's has some 2 MB
	fetchTime = time.Minute
)

// takenTable is a table that the prices were updated with.
type takenTable struct {
	from    string
	at      time.Time // when it was taken; zero when an older crs did and did not say
	table   *pricing.Table
	version int64 // of the document
}

// takenBody is how it is stored.
type takenBody struct {
	From string    `json:"from"`
	At   time.Time `json:"at,omitzero"`
	Gzip []byte    `json:"gzip"` // of the table as it came; empty for the built-in one
}

func builtIn(version int64) takenTable {
	return takenTable{from: ctl.BuiltIn, at: pricing.EmbeddedOn(), table: pricing.Embedded(), version: version}
}

// base is the table over the built-in one: what a new table leaves out must not become free.
func (t *takenTable) base() *pricing.Table {
	if t.from == ctl.BuiltIn {
		return t.table
	}
	return pricing.Embedded().With(t.table)
}

// Update takes another table and has it outlive the process. On any error the old one stays.
func (p *prices) Update(ctx context.Context, in ctl.PriceUpdate) (admin.TableChange, error) {
	next, doc, err := readTable(ctx, &in)
	if err != nil {
		return admin.TableChange{}, err
	}
	p.changing.Lock()
	defer p.changing.Unlock()
	done := admin.TableChange{From: next.from, Before: p.taken.base(), After: next.base()}
	if in.DryRun {
		return done, nil
	}
	if err := refuse(p.taken.table, next.table, in.Force || next.from == ctl.BuiltIn); err != nil {
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

// refuse finds a table that is most likely a mistake.
func refuse(old, next *pricing.Table, force bool) error {
	had, lost := len(old.Models()), len(old.Changes(next).Removed)
	if force || 2*lost <= had {
		return nil
	}
	return ctl.Errorf(ctl.Failed, "the table lacks %d of the %d models that the present one has; nothing was changed", lost, had).
		WithHint("look at what would change with --dry-run; take it in spite of that with --force")
}

// readTable gives the table and, unless it is the built-in one, its text.
func readTable(ctx context.Context, in *ctl.PriceUpdate) (t takenTable, doc []byte, err error) {
	switch {
	case in.From == ctl.BuiltIn && in.Table == nil:
		return builtIn(0), nil, nil
	case in.Table != nil:
		t.from, doc = in.From, in.Table
	case in.From == "":
		t.from, doc, err = fetch(ctx, litellm)
	default:
		t.from, doc, err = fetch(ctx, in.From)
	}
	if err != nil {
		return t, nil, err
	}
	if t.from == "" || t.from == ctl.BuiltIn {
		t.from = "a file"
	}
	if t.table, err = parseTable(doc); err != nil {
		return t, nil, ctl.Errorf(ctl.Failed, "%s is no price table: %s", t.from, err).WithHint("a table has LiteLLM's format; nothing was changed")
	}
	return t, doc, nil
}

func parseTable(doc []byte) (*pricing.Table, error) {
	if len(doc) > tableMax {
		return nil, errTableTooLarge
	}
	t, err := pricing.Parse(doc)
	if err == nil && len(t.Models()) == 0 {
		err = errors.New("it has no model with a price for tokens")
	}
	return t, err
}

var errTableTooLarge = errors.New("it is larger than 16 MiB")

// fetch reads what is at a URL. Its errors do not show what follows the path, which may be a secret.
func fetch(ctx context.Context, text string) (from string, doc []byte, err error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return "", nil, ctl.Errorf(ctl.BadRequest, "what the table is to be read from is not an http or https URL without a password")
	}
	from = u.Scheme + "://" + u.Host + u.EscapedPath()
	ctx, stop := context.WithTimeout(ctx, fetchTime)
	defer stop()
	if doc, err = get(ctx, text); err != nil {
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err
		}
		return from, nil, ctl.Errorf(ctl.Failed, "read %s: %s", from, err).WithHint("nothing was changed; a table can also be read from a file: --from FILE")
	}
	return from, doc, nil
}

func get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %s", resp.Status)
	}
	doc, err := io.ReadAll(io.LimitReader(resp.Body, tableMax+1))
	if err == nil && len(doc) > tableMax {
		err = errTableTooLarge
	}
	return doc, err
}

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
	return json.Marshal(takenBody{t.from, t.at, packed.Bytes()})
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
	table, err := pricing.Parse(doc)
	return takenTable{body.From, body.At, table, d.Version}, err
}
