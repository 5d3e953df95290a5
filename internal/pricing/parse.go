package pricing

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Parse reads a table in LiteLLM's format: an object of models, each an object of fields, with prices in USD per token.
// Unknown fields, nulls, models that are not sold by the token and the entry "sample_spec" are passed over. A model whose
// prices cannot be right is left out and named in [Table.Rejected], so that one bad line does not cost all the others.
func Parse(doc []byte) (*Table, error) {
	models, err := decodeTable(doc)
	if err != nil {
		return nil, err
	}
	prices, rejected := map[string]*Price{}, []string{}
	for _, name := range slices.Sorted(maps.Keys(models)) {
		e, err := readEntry(name, models[name])
		switch {
		case errors.Is(err, errNotByToken):
		case err != nil:
			rejected = append(rejected, err.Error())
		default:
			prices[name] = e.price()
		}
	}
	return newTable(prices, nil, rejected), nil
}

// ParseOverrides reads an operator's own prices, in the same format, to be laid over a table with [Table.With]. The
// operator is taken at their word: each model needs its input and output price, a price that cannot be read is an error,
// and none is corrected.
func ParseOverrides(doc []byte) (*Table, error) {
	models, err := decodeTable(doc)
	if err != nil {
		return nil, err
	}
	prices := map[string]*Price{}
	for _, name := range slices.Sorted(maps.Keys(models)) {
		e, err := readEntry(name, models[name])
		if err != nil {
			return nil, err
		}
		for _, k := range []kind{input, output} {
			if _, ok := e.given[rate{kind: k}]; !ok {
				return nil, fmt.Errorf("prices of %s: %s is missing", name, fieldNames[k])
			}
		}
		e.trusted = true
		prices[name] = e.price()
	}
	return newTable(prices, nil, nil), nil
}

func decodeTable(doc []byte) (map[string]json.RawMessage, error) {
	var models map[string]json.RawMessage
	if err := json.Unmarshal(doc, &models); err != nil {
		return nil, fmt.Errorf("read price table: %w", err)
	}
	delete(models, "sample_spec") // explains the format
	return models, nil
}
