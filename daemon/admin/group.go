package admin

import (
	"context"

	"crs/ctl"
	"crs/internal/account"
	"crs/internal/convert"
)

// Groups lists the groups, by name.
func (o *Operations) Groups(context.Context) ([]ctl.Group, error) {
	return convert.All(o.opt.Roster.Groups(), o.showGroup), nil
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
	out := ctl.Group{ID: g.ID, Name: g.Name, Description: g.Description, CreatedAt: g.CreatedAt, Keys: []string{}}
	out.Accounts = convert.All(o.opt.Roster.Members(g), func(a *account.Account) string { return a.Name })
	for _, k := range o.opt.Keys.List() {
		if k.Policy.Group == g.ID {
			out.Keys = append(out.Keys, k.Name)
		}
	}
	return out
}

// CreateGroup makes a group.
func (o *Operations) CreateGroup(ctx context.Context, in ctl.NewGroup) (_ ctl.Group, err error) {
	d := o.begins(ctx, GroupCreate, in.Name)
	defer d.end(&err)
	g, err := o.opt.Roster.CreateGroup(ctx, in.Name, in.Description)
	if err != nil {
		return ctl.Group{}, invalid(err)
	}
	shown := o.showGroup(g)
	d.did(g.ID, g.Name, changed(nil, factsOf(shown)))
	return shown, nil
}

// DeleteGroup removes a group that has no accounts and that no key is bound to.
func (o *Operations) DeleteGroup(ctx context.Context, ref string) (err error) {
	d := o.begins(ctx, GroupDelete, ref)
	defer d.end(&err)
	g, err := o.opt.Roster.Group(ref)
	if err != nil {
		return err
	}
	shown := o.showGroup(g)
	switch {
	case len(shown.Accounts) > 0:
		return ctl.Errorf(ctl.Conflict, "group %s still has accounts: %v", g.Name, shown.Accounts).WithHint("take them out first: crs group remove %s ACCOUNT", g.Name)
	case len(shown.Keys) > 0:
		return ctl.Errorf(ctl.Conflict, "keys are bound to group %s: %v", g.Name, shown.Keys).WithHint("bind them to another one first: crs key edit KEY --group NAME")
	}
	d.did(g.ID, g.Name, changed(factsOf(shown), nil))
	return o.opt.Roster.DeleteGroup(ctx, g.ID)
}

// JoinGroup puts an account into a group.
func (o *Operations) JoinGroup(ctx context.Context, group, account string) (ctl.Group, error) {
	return o.moveMember(ctx, GroupAdd, group, account, o.opt.Roster.Join)
}

// LeaveGroup takes an account out of a group.
func (o *Operations) LeaveGroup(ctx context.Context, group, account string) (ctl.Group, error) {
	return o.moveMember(ctx, GroupRemove, group, account, o.opt.Roster.Leave)
}

func (o *Operations) moveMember(
	ctx context.Context, action Action, group, member string, move func(ctx context.Context, group, account string) (*account.Account, error),
) (_ ctl.Group, err error) {
	d := o.begins(ctx, action, group)
	defer d.end(&err)
	before, err := o.Group(ctx, group)
	if err != nil {
		return ctl.Group{}, err
	}
	if _, err := move(ctx, before.ID, member); err != nil {
		return ctl.Group{}, err
	}
	after, err := o.Group(ctx, before.ID)
	d.did(before.ID, before.Name, changed(factsOf(before), factsOf(after)))
	return after, err
}
