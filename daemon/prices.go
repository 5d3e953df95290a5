package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"

	"crs/ctl"
	"crs/internal/pricing"
	"crs/internal/store"
)

// prices is the built-in table with the operator's own prices over it, which are kept in the store.
type prices struct {
	docs  store.Documents
	base  *pricing.Table
	table atomic.Pointer[pricing.Table]

	mu      sync.Mutex // guards the fields below
	own     map[string]json.RawMessage
	version int64
}

// ownPrices is the id of the document that holds them.
const ownPrices = "prices"

func loadPrices(ctx context.Context, docs store.Documents) (*prices, error) {
	p := &prices{docs: docs, base: pricing.Embedded(), own: map[string]json.RawMessage{}}
	all, err := docs.All(ctx, store.Setting)
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		if d.ID == ownPrices {
			p.version = d.Version
			if err := json.Unmarshal(d.Body, &p.own); err != nil {
				return nil, fmt.Errorf("%w: the operator's prices: %w", store.ErrDamaged, err)
			}
		}
	}
	table, err := p.over(p.own)
	if err != nil {
		return nil, fmt.Errorf("%w: the operator's prices: %w", store.ErrDamaged, err)
	}
	p.table.Store(table)
	return p, nil
}

func (p *prices) over(own map[string]json.RawMessage) (*pricing.Table, error) {
	if len(own) == 0 {
		return p.base, nil
	}
	doc, err := json.Marshal(own)
	if err != nil {
		return nil, err
	}
	over, err := pricing.ParseOverrides(doc)
	if err != nil {
		return nil, err
	}
	return p.base.With(over), nil
}

// Table is the table in use.
func (p *prices) Table() *pricing.Table { return p.table.Load() }

// Overridden reports whether a model's price is the operator's.
func (p *prices) Overridden(model string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.own[model] != nil
}

// Set overrides a model's price.
func (p *prices) Set(ctx context.Context, model string, in ctl.PriceEdit) error {
	entry, err := json.Marshal(priceEntry(in))
	if err != nil {
		return fmt.Errorf("encode the price of %s: %w", model, err)
	}
	p.mu.Lock()
	own, version := maps.Clone(p.own), p.version
	p.mu.Unlock()
	own[model] = entry
	table, err := p.over(own)
	if err != nil {
		return ctl.Errorf(ctl.BadRequest, "%s", err)
	}
	body, err := json.Marshal(own)
	if err != nil {
		return fmt.Errorf("encode the operator's prices: %w", err)
	}
	version, err = p.docs.Put(ctx, store.Doc{Kind: store.Setting, ID: ownPrices, Version: version, Body: body})
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.own, p.version = own, version
	p.mu.Unlock()
	p.table.Store(table)
	return nil
}

// priceEntry is a price in the table's format: dollars for one token.
func priceEntry(in ctl.PriceEdit) map[string]json.RawMessage {
	entry := map[string]json.RawMessage{
		"input_cost_per_token": perToken(in.Input), "output_cost_per_token": perToken(in.Output),
	}
	for name, price := range map[string]*ctl.USD{
		"cache_creation_input_token_cost": in.CacheWrite5m, "cache_creation_input_token_cost_above_1hr": in.CacheWrite1h,
		"cache_read_input_token_cost": in.CacheRead,
	} {
		if price != nil {
			entry[name] = perToken(*price)
		}
	}
	return entry
}

// perToken is exact: nano-dollars for a million tokens are 1e-15 dollars for one.
func perToken(perMillion ctl.USD) json.RawMessage {
	return json.RawMessage(fmt.Sprintf("%de-15", int64(perMillion)))
}
