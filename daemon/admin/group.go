package admin

import (
	"context"

	"crs/ctl"
	"crs/internal/account"
)

// Groups lists the groups, by name.
func (o *Operations) Groups(context.Context) ([]ctl.Group, error) {
	all := []ctl.Group{}
	for _, g := range o.opt.Roster.Groups() {
		all = append(all, o.showGroup(g))
	}
	return all, nil
}

// Group finds a group.
func (o *Operations) Group(_ context.Context, ref string) (ctl.Group, error) {
	g, err := o.opt.Roster.Group(ref)
	if err != nil {
		return ctl.Group{}, err
	}
	return o.showGroup(g), nil
}

func (o *Operations) showGroup(g *account.Group) ctl.Group {
	out := ctl.Group{ID: g.ID, Name: g.Name, Description: g.Description, CreatedAt: g.CreatedAt, Accounts: []string{}, Keys: []string{}}
	for _, a := range o.opt.Roster.Members(g) {
		out.Accounts = append(out.Accounts, a.Name)
	}
	for _, k := range o.opt.Keys.List() {
		if k.Policy.Group == g.ID {
			out.Keys = append(out.Keys, k.Name)
		}
	}
	return out
}

// CreateGroup makes a group.
func (o *Operations) CreateGroup(ctx context.Context, in ctl.NewGroup) (ctl.Group, error) {
	g, err := o.opt.Roster.CreateGroup(ctx, in.Name, in.Description)
	if err != nil {
		return ctl.Group{}, invalid(err)
	}
	return o.showGroup(g), nil
}

// DeleteGroup removes a group that has no accounts and that no key is bound to.
func (o *Operations) DeleteGroup(ctx context.Context, ref string) error {
	g, err := o.opt.Roster.Group(ref)
	if err != nil {
		return err
	}
	switch shown := o.showGroup(g); {
	case len(shown.Accounts) > 0:
		return ctl.Errorf(ctl.Conflict, "group %s still has accounts: %v", g.Name, shown.Accounts).WithHint("take them out first: crs group remove %s ACCOUNT", g.Name)
	case len(shown.Keys) > 0:
		return ctl.Errorf(ctl.Conflict, "keys are bound to group %s: %v", g.Name, shown.Keys).WithHint("bind them to another one first: crs key edit KEY --group NAME")
	}
	return o.opt.Roster.DeleteGroup(ctx, g.ID)
}

// JoinGroup puts an account into a group.
func (o *Operations) JoinGroup(ctx context.Context, group, account string) (ctl.Group, error) {
	if _, err := o.opt.Roster.Join(ctx, group, account); err != nil {
		return ctl.Group{}, err
	}
	return o.Group(ctx, group)
}

// LeaveGroup takes an account out of a group.
func (o *Operations) LeaveGroup(ctx context.Context, group, account string) (ctl.Group, error) {
	if _, err := o.opt.Roster.Leave(ctx, group, account); err != nil {
		return ctl.Group{}, err
	}
	return o.Group(ctx, group)
}
