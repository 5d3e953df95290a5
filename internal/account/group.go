package account

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"crs/internal/id"
	"crs/internal/key"
	"crs/internal/store"
)

func (r *Roster) loadGroups(ctx context.Context) error {
	all, err := r.docs.All(ctx, store.Group)
	if err != nil {
		return err
	}
	for _, d := range all {
		g, err := decodeGroup(d)
		if err != nil {
			return err
		}
		r.groups[g.ID] = g
	}
	return nil
}

// Group finds a group by id or name.
func (r *Roster) Group(ref string) (*Group, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, g := range r.groups {
		if g.ID == ref || g.Name == ref {
			return g, nil
		}
	}
	return nil, &NotFound{"group", ref}
}

// Groups gives every group, by name.
func (r *Roster) Groups() []*Group {
	r.mu.RLock()
	defer r.mu.RUnlock()
	all := make([]*Group, 0, len(r.groups))
	for _, g := range r.groups {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *Group) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Members gives the accounts of a group, by name.
func (r *Roster) Members(g *Group) []*Account {
	return slices.DeleteFunc(r.List(), func(a *Account) bool { return !slices.Contains(a.Groups, g.ID) })
}

// CreateGroup makes a group.
func (r *Roster) CreateGroup(ctx context.Context, name, description string) (*Group, error) {
	if err := key.ValidateName(name); err != nil {
		return nil, err
	}
	if _, err := r.Group(name); err == nil {
		return nil, &Taken{"group", name}
	}
	g := &Group{ID: id.New("grp", r.now()), Name: name, Description: description, CreatedAt: r.now().UTC()}
	body, err := json.Marshal(g)
	if err != nil {
		return nil, fmt.Errorf("encode group %s: %w", name, err)
	}
	g.Version, err = r.docs.Put(ctx, store.Doc{Kind: store.Group, ID: g.ID, Name: name, Body: body})
	var taken *store.Taken
	if errors.As(err, &taken) {
		return nil, &Taken{"group", name}
	}
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.groups[g.ID] = g
	return g, nil
}

// DeleteGroup removes an empty group.
func (r *Roster) DeleteGroup(ctx context.Context, ref string) error {
	g, err := r.Group(ref)
	if err != nil {
		return err
	}
	if n := len(r.Members(g)); n > 0 {
		return fmt.Errorf("group %s still has %d accounts; take them out first", g.Name, n)
	}
	if err := r.docs.Delete(ctx, store.Group, g.ID); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.groups, g.ID)
	return nil
}

// Join puts an account into a group, Leave takes it out. Either does nothing where there is nothing to do.
func (r *Roster) Join(ctx context.Context, group, ref string) (*Account, error) {
	g, err := r.Group(group)
	if err != nil {
		return nil, err
	}
	return r.Edit(ctx, ref, func(a *Account) error {
		if !slices.Contains(a.Groups, g.ID) {
			a.Groups = append(slices.Clone(a.Groups), g.ID)
		}
		return nil
	})
}

// Leave is the opposite of Join.
func (r *Roster) Leave(ctx context.Context, group, ref string) (*Account, error) {
	g, err := r.Group(group)
	if err != nil {
		return nil, err
	}
	return r.Edit(ctx, ref, func(a *Account) error {
		a.Groups = slices.DeleteFunc(slices.Clone(a.Groups), func(id string) bool { return id == g.ID })
		return nil
	})
}
