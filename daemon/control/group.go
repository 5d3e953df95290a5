package control

import (
	"net/http"

	"crs/ctl"
	"crs/internal/account"
)

func (h *Handler) groups(*http.Request) (any, error) {
	all := []ctl.Group{}
	for _, g := range h.opt.Roster.Groups() {
		all = append(all, h.showGroup(g))
	}
	return all, nil
}

func (h *Handler) group(r *http.Request) (any, error) {
	g, err := h.opt.Roster.Group(r.PathValue("ref"))
	if err != nil {
		return nil, err
	}
	return h.showGroup(g), nil
}

func (h *Handler) showGroup(g *account.Group) ctl.Group {
	out := ctl.Group{ID: g.ID, Name: g.Name, Description: g.Description, CreatedAt: g.CreatedAt, Accounts: []string{}, Keys: []string{}}
	for _, a := range h.opt.Roster.Members(g) {
		out.Accounts = append(out.Accounts, a.Name)
	}
	for _, k := range h.opt.Keys.List() {
		if k.Policy.Group == g.ID {
			out.Keys = append(out.Keys, k.Name)
		}
	}
	return out
}

func (h *Handler) createGroup(r *http.Request) (any, error) {
	in, err := read[ctl.NewGroup](r)
	if err != nil {
		return nil, err
	}
	g, err := h.opt.Roster.CreateGroup(r.Context(), in.Name, in.Description)
	if err != nil {
		return nil, invalid(err)
	}
	return h.showGroup(g), nil
}

func (h *Handler) deleteGroup(r *http.Request) (any, error) {
	g, err := h.opt.Roster.Group(r.PathValue("ref"))
	if err != nil {
		return nil, err
	}
	switch shown := h.showGroup(g); {
	case len(shown.Accounts) > 0:
		return nil, ctl.Errorf(ctl.Conflict, "group %s still has accounts: %v", g.Name, shown.Accounts).WithHint("take them out first: crs group remove %s ACCOUNT", g.Name)
	case len(shown.Keys) > 0:
		return nil, ctl.Errorf(ctl.Conflict, "keys are bound to group %s: %v", g.Name, shown.Keys).WithHint("bind them to another one first: crs key edit KEY --group NAME")
	}
	return nil, h.opt.Roster.DeleteGroup(r.Context(), g.ID)
}

func (h *Handler) joinGroup(r *http.Request) (any, error) {
	if _, err := h.opt.Roster.Join(r.Context(), r.PathValue("ref"), r.PathValue("account")); err != nil {
		return nil, err
	}
	return h.group(r)
}

func (h *Handler) leaveGroup(r *http.Request) (any, error) {
	if _, err := h.opt.Roster.Leave(r.Context(), r.PathValue("ref"), r.PathValue("account")); err != nil {
		return nil, err
	}
	return h.group(r)
}
