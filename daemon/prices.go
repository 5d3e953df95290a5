package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"

	"crs/ctl"
	"crs/daemon/checkup"
	"crs/internal/pricing"
	"crs/internal/store"
)

// prices are, one over the other, the built-in table, one that it was updated with, and the operator's own prices. The
// latter two are kept in the store.
type prices struct {
	docs  store.Documents
	table atomic.Pointer[pricing.Table]

	changing sync.Mutex // held by whoever changes prices; taken before mu
	mu       sync.Mutex // guards the fields below; never held while the store works
	own      ownPrices
	taken    takenTable
}

// ownPrices are the operator's, in the table's format.
type ownPrices struct {
	models  map[string]json.RawMessage
	version int64 // of the document
}

// The ids of the documents that hold them.
const (
	ownDoc   = "prices"
	takenDoc = "price-table"
)

func loadPrices(ctx context.Context, docs store.Documents) (*prices, error) {
	p := &prices{docs: docs}
	all, err := docs.All(ctx, store.Setting)
	if err != nil {
		return nil, err
	}
	return p, p.Apply(store.ChangeSet{Docs: all, Whole: true})
}

// Apply takes what another node has written. What cannot be read changes nothing.
func (p *prices) Apply(news store.ChangeSet) error {
	news = news.Of(store.Setting)
	p.changing.Lock()
	defer p.changing.Unlock()
	own, taken := p.own, p.taken
	if news.Whole {
		own, taken = ownPrices{models: map[string]json.RawMessage{}}, builtIn(0)
	}
	for _, d := range news.Docs {
		var err error
		switch {
		case d.ID == ownDoc && d.Version > own.version:
			own = ownPrices{models: map[string]json.RawMessage{}, version: d.Version}
			if err := json.Unmarshal(d.Body, &own.models); err != nil {
				return fmt.Errorf("%w: the operator's prices: %w", store.ErrDamaged, err)
			}
		case d.ID == takenDoc && d.Version > taken.version:
			if taken, err = decodeTaken(d); err != nil {
				return fmt.Errorf("%w: the price table: %w", store.ErrDamaged, err)
			}
		}
	}
	table, err := own.over(taken.base())
	if err != nil {
		return fmt.Errorf("%w: the operator's prices: %w", store.ErrDamaged, err)
	}
	p.use(own, taken, table)
	return nil
}

func (o *ownPrices) over(base *pricing.Table) (*pricing.Table, error) {
	if len(o.models) == 0 {
		return base, nil
	}
	own, err := o.parse()
	if err != nil {
		return nil, err
	}
	return base.Overridden(own), nil
}

func (o *ownPrices) parse() (*pricing.Table, error) {
	doc, err := json.Marshal(o.models)
	if err != nil {
		return nil, err
	}
	return pricing.ParseOverrides(doc)
}

// Table is the table in use.
func (p *prices) Table() *pricing.Table { return p.table.Load() }

// age tells where the newest prices are from, and of when their data is.
func (p *prices) age() checkup.Prices {
	p.mu.Lock()
	defer p.mu.Unlock()
	if own := pricing.Embedded().AsOf(); own >= p.taken.asOf {
		return checkup.Prices{From: ctl.BuiltIn, Of: own.Time()}
	}
	return checkup.Prices{From: p.taken.from, Of: p.taken.asOf.Time()}
}

// Overridden reports whether a model's price is the operator's.
func (p *prices) Overridden(model string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.own.models[model] != nil
}

// Set overrides a model's price.
func (p *prices) Set(ctx context.Context, model string, in ctl.PriceEdit) error {
	entry, err := json.Marshal(priceEntry(in))
	if err != nil {
		return fmt.Errorf("encode the price of %s: %w", model, err)
	}
	p.changing.Lock()
	defer p.changing.Unlock()
	own := ownPrices{models: maps.Clone(p.own.models), version: p.own.version}
	own.models[model] = entry
	table, err := own.over(p.taken.base())
	if err != nil {
		return ctl.Errorf(ctl.BadRequest, "%s", err)
	}
	body, err := json.Marshal(own.models)
	if err != nil {
		return fmt.Errorf("encode the operator's prices: %w", err)
	}
	own.version, err = p.docs.Put(ctx, store.Doc{Kind: store.Setting, ID: ownDoc, Version: own.version, Body: body})
	if err != nil {
		return err
	}
	p.use(own, p.taken, table)
	return nil
}

// use is called with changing held.
func (p *prices) use(own ownPrices, taken takenTable, table *pricing.Table) {
	p.mu.Lock()
	p.own, p.taken = own, taken
	p.mu.Unlock()
	p.table.Store(table)
}

// priceEntry is a price in the table's format: dollars for one token.
func priceEntry(in ctl.PriceEdit) map[string]json.RawMessage {
	entry := map[string]json.RawMessage{
		"input_cost_per_token": perToken(in.Input), "output_cost_per_token": perToken(in.Output),
	}
	for name, price := range map[string]*ctl.USD{
		"cache_creation_input_token_cost": in.CacheWrite5m, "cache_creation_input_token_cost_above_1hr": in.CacheWrite1h,
		"cache_read_input_token_cost": in.CacheRead, "input_cost_per_image_token": in.ImageInput, "output_cost_per_image_token": in.ImageOutput,
		"input_cost_per_audio_token": in.AudioInput, "output_cost_per_audio_token": in.AudioOutput,
	} {
		if price != nil {
			entry[name] = perToken(*price)
		}
	}
	if in.WebSearch != nil {
		entry["search_context_cost_per_query"] = json.RawMessage(`{"search_context_size_medium":` + in.WebSearch.Decimal() + `}`)
	}
	if in.Image != nil {
		entry["output_cost_per_image"] = json.RawMessage(in.Image.Decimal())
	}
	return entry
}

// perToken is exact: nano-dollars for a million tokens are 1e-15 dollars for one.
func perToken(perMillion ctl.USD) json.RawMessage {
	return json.RawMessage(fmt.Sprintf("%de-15", int64(perMillion)))
}
