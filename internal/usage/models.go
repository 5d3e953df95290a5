package usage

import (
	"hash/maphash"
	"slices"
)

// OtherModel is the name under which the roll-ups have what a key asked of models beyond the first mostModels of a day, and of
// models that no account was asked for. Records have each model's own name.
const OtherModel = "other"

// mostModels is how many models of a key have rows of their own on a day: clients may ask for any name, and rows stay for good.
const mostModels = 100

// models are those that have rows, of one day.
type models struct {
	day  string
	seed maphash.Seed
	of   map[string][]uint64 // by key, their hashes
}

// row is the model under which a record is counted.
func (m *models) row(day string, r *Record) string {
	if m.day != day {
		*m = models{day: day, seed: maphash.MakeSeed(), of: map[string][]uint64{}}
	}
	known, name := m.of[r.Key], maphash.String(m.seed, r.Model)
	switch {
	case slices.Contains(known, name):
		return r.Model
	case len(known) >= mostModels, r.Account == "":
		return OtherModel
	}
	m.of[r.Key] = append(known, name)
	return r.Model
}
