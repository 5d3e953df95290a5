package account

import (
	"context"
	"fmt"
	"slices"

	"crs/internal/id"
	"crs/internal/key"
)

// Group finds a group by id or name.
func (r *Roster) Group(ref string) (*Group, error) { return r.groups.Need(ref) }

// Groups gives every group, by name.
func (r *Roster) Groups() []*Group { return r.groups.All() }

// Members gives the accounts of a group, by name.
func (r *Roster) Members(g *Group) []*Account {
	return slices.DeleteFunc(r.List(), func(a *Account) bool { return !slices.Contains(a.Groups, g.ID) })
}

// CreateGroup makes a group.
func (r *Roster) CreateGroup(ctx context.Context, name, description string) (*Group, error) {
	if err := key.ValidateName(name); err != nil {
		return nil, err
	}
	made, err := r.groups.Create(ctx, Group{ID: id.New("grp", r.now()), Name: name, Description: description, CreatedAt: r.now().UTC()})
	return made, taken("group", err)
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
	return r.groups.Delete(ctx, g.ID)
}

// Join puts an account into a group, Leave takes it out. Either does nothing where there is nothing to do.
func (r *Roster) Join(ctx context.Context, group, ref string) (*Account, error) {
	return r.move(ctx, group, ref, true)
}

// Leave is the opposite of Join.
func (r *Roster) Leave(ctx context.Context, group, ref string) (*Account, error) {
	return r.move(ctx, group, ref, false)
}

func (r *Roster) move(ctx context.Context, group, ref string, in bool) (*Account, error) {
	g, err := r.Group(group)
	if err != nil {
		return nil, err
	}
	return r.Edit(ctx, ref, func(a *Account) error {
		if in == slices.Contains(a.Groups, g.ID) {
			return nil
		}
		a.Groups = slices.DeleteFunc(slices.Clone(a.Groups), func(id string) bool { return id == g.ID })
		if in {
			a.Groups = append(a.Groups, g.ID)
		}
		return nil
	})
}
