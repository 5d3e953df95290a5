package account

import (
	"encoding/json"
	"errors"
	"fmt"

	"crs/internal/store"
)

// Take puts on the roster what another node has written, and the pool hears of it. An account or group that cannot be read is
// left as it was, and is told in the error.
func (r *Roster) Take(news store.News) error {
	return errors.Join(r.takeGroups(news.Of(store.Group)), r.takeAccounts(news.Of(store.Account)))
}

func (r *Roster) takeAccounts(news store.News) error {
	var errs []error
	known := map[string]bool{}
	var fresh []*Account
	for _, d := range news.Docs {
		known[d.ID] = true
		if !news.Whole && r.has(d) {
			continue
		}
		a, err := r.decode(d)
		if err != nil {
			errs = append(errs, fmt.Errorf("%w: account %s: %w", store.ErrDamaged, d.ID, err))
			continue
		}
		fresh = append(fresh, a)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range news.Gone {
		r.drop(d.ID)
	}
	if news.Whole {
		for id := range r.accounts {
			if !known[id] {
				r.drop(id)
			}
		}
	}
	for _, a := range fresh {
		if old := r.accounts[a.ID]; news.Whole && old != nil && old.Version > a.Version {
			delete(r.accounts, a.ID) // the store has lost a write, so it is undone here too
			r.keepPair(old, a)
		}
		r.install(a)
	}
	return errors.Join(errs...)
}

// keepPair holds on to a token pair that the store took and has lost: the one that it has instead was used up for it. It is called
// with mu held.
func (r *Roster) keepPair(old, a *Account) {
	if old.Credential.Kind == OAuth && old.Credential.Generation > a.Credential.Generation {
		r.held[a.ID] = old.Credential
	}
}

// has reports whether a document is no news: this node wrote it.
func (r *Roster) has(d store.Doc) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	a := r.accounts[d.ID]
	return a != nil && a.Version >= d.Version
}

// drop is called with mu held.
func (r *Roster) drop(id string) {
	if a := r.accounts[id]; a != nil {
		delete(r.accounts, id)
		delete(r.names, a.Name)
		delete(r.held, id)
		r.pool.Drop(id)
	}
}

func (r *Roster) takeGroups(news store.News) error {
	var errs []error
	groups := map[string]*Group{}
	for _, d := range news.Docs {
		g, err := decodeGroup(d)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		groups[g.ID] = g
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if news.Whole && len(errs) == 0 {
		r.groups = groups
		return nil
	}
	for _, d := range news.Gone {
		delete(r.groups, d.ID)
	}
	for id, g := range groups {
		if old := r.groups[id]; old == nil || old.Version < g.Version {
			r.groups[id] = g
		}
	}
	return errors.Join(errs...)
}

func decodeGroup(d store.Doc) (*Group, error) {
	g := new(Group)
	if err := json.Unmarshal(d.Body, g); err != nil {
		return nil, fmt.Errorf("%w: group %s: %w", store.ErrDamaged, d.ID, err)
	}
	g.Version = d.Version
	return g, nil
}
