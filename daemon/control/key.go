package control

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"crs/ctl"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/store"
)

func (h *Handler) keys(r *http.Request) (any, error) {
	all := []ctl.Key{}
	list := h.opt.Keys.List()
	for _, k := range list {
		if len(list) > mostAsked {
			all = append(all, h.showKey(k))
			continue
		}
		all = append(all, h.showKeyUse(k, h.opt.Gate.UseOn(r.Context(), k.Holder())))
	}
	return all, nil
}

// mostAsked is up to how many keys a list shows what each uses on all nodes. With more, it is what each uses on this one.
const mostAsked = 500

func (h *Handler) key(r *http.Request) (any, error) {
	k, err := h.opt.Keys.Get(r.PathValue("ref"))
	if err != nil {
		return nil, err
	}
	return h.showKeyUse(k, h.opt.Gate.UseOn(r.Context(), k.Holder())), nil
}

// shown passes an error on, and shows a key.
func (h *Handler) shown(k *key.Key, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return h.showKey(k), nil
}

func (h *Handler) showKey(k *key.Key) ctl.Key {
	return h.showKeyUse(k, h.opt.Gate.Use(k.ID))
}

// showKeyUse shows a key with what it uses.
func (h *Handler) showKeyUse(k *key.Key, u limit.Use) ctl.Key {
	return ctl.Key{
		ID: k.ID, Name: k.Name, Hint: k.Hint + "…", State: h.keyState(k), Version: k.Version, Tags: list(k.Tags), CreatedAt: k.CreatedAt,
		ExpiresAt: moment(k.ExpiresAt), ActivatedAt: moment(k.ActivatedAt), DeletedAt: moment(k.DeletedAt), Limits: h.limits(k),
		Use: showUse(&k.Policy.Limits, &u),
	}
}

func (h *Handler) keyState(k *key.Key) string {
	switch {
	case k.Deleted():
		return "deleted"
	case k.Disabled:
		return "disabled"
	case k.Expired(h.opt.Now()):
		return "expired"
	}
	return "active"
}

func (h *Handler) limits(k *key.Key) ctl.Limits {
	p := &k.Policy
	out := ctl.Limits{
		Concurrency: p.Limits.Concurrency, Queue: p.Limits.Queue, QueueWaitSeconds: p.Limits.QueueWait.Seconds(),
		AllowModels: list(p.AllowModels), DenyModels: list(p.DenyModels), Clients: list(p.Clients), Permissions: list(p.Permissions),
		Multiplier: 1, ActivateForSeconds: int64(k.ActivateFor / time.Second),
	}
	showLimits(&p.Limits, &out)
	if p.Multiplier > 0 {
		out.Multiplier = float64(p.Multiplier) / 1000
	}
	if a, err := h.opt.Roster.Get(p.Account); err == nil {
		out.Account = a.Name
	}
	if g, err := h.opt.Roster.Group(p.Group); err == nil {
		out.Group = g.Name
	}
	return out
}

func (h *Handler) createKey(r *http.Request) (any, error) {
	in, err := read[ctl.NewKey](r)
	if err != nil {
		return nil, err
	}
	k := key.Key{Name: in.Name}
	if err := h.editKeyBy(&k, &in.KeyEdit); err != nil {
		return nil, err
	}
	made, presented, err := h.opt.Keys.Create(r.Context(), k)
	if err != nil {
		return nil, invalid(err)
	}
	return ctl.IssuedKey{Key: h.showKey(made), Secret: presented.Reveal()}, nil
}

func (h *Handler) editKey(r *http.Request) (any, error) {
	in, err := read[ctl.KeyEdit](r)
	if err != nil {
		return nil, err
	}
	k, err := h.opt.Keys.Edit(r.Context(), r.PathValue("ref"), func(k *key.Key) error {
		if in.Version != nil && *in.Version != k.Version {
			return &store.Conflict{Kind: store.Key, ID: k.ID, Want: *in.Version, Got: k.Version}
		}
		return h.editKeyBy(k, &in)
	})
	if err != nil {
		return nil, invalid(err)
	}
	return h.showKey(k), nil
}

// usualWait is how long a request may queue when a queue is given and its wait is not.
const usualWait = 30 * time.Second

// editKeyBy sets what was given.
func (h *Handler) editKeyBy(k *key.Key, in *ctl.KeyEdit) error {
	p := &k.Policy
	if err := h.checkWords(in); err != nil {
		return err
	}
	assign(&k.Tags, in.Tags)
	assign(&p.Limits.Concurrency, in.Concurrency)
	assign(&p.Limits.Queue, in.Queue)
	if err := setRules(&p.Limits, in); err != nil {
		return err
	}
	assign(&p.AllowModels, in.AllowModels)
	assign(&p.DenyModels, in.DenyModels)
	assign(&p.Clients, in.Clients)
	assign(&p.Permissions, in.Permissions)
	if in.QueueWaitSeconds != nil {
		p.Limits.QueueWait = time.Duration(*in.QueueWaitSeconds * float64(time.Second))
	}
	if p.Limits.Queue > 0 && p.Limits.QueueWait == 0 {
		p.Limits.QueueWait = usualWait
	}
	if in.Multiplier != nil {
		if *in.Multiplier < 0.001 || *in.Multiplier > 1000 {
			return ctl.Errorf(ctl.BadRequest, "the multiplier is not between 0.001 and 1000")
		}
		p.Multiplier = int64(math.Round(*in.Multiplier * 1000))
	}
	if err := setEnd(k, in); err != nil {
		return err
	}
	if err := checkSense(p, in); err != nil {
		return err
	}
	return h.bind(p, in)
}

// setEnd: a key ends at a moment, or so long after its first use. One that has been used has both, and either can be changed.
func setEnd(k *key.Key, in *ctl.KeyEdit) error {
	assign(&k.ExpiresAt, in.ExpiresAt)
	if in.ActivateFor != nil {
		k.ActivateFor = time.Duration(*in.ActivateFor) * time.Second
	}
	used := !k.ActivatedAt.IsZero()
	switch {
	case k.ActivateFor == 0:
		k.ActivatedAt = time.Time{}
	case used && in.ActivateFor != nil && in.ExpiresAt == nil:
		k.ExpiresAt = k.ActivatedAt.Add(k.ActivateFor)
	case !used && !k.ExpiresAt.IsZero():
		return ctl.Errorf(ctl.BadRequest, "a key ends at a moment, or so long after its first use, not both").
			WithHint("take one of them away: --expires never, or --activate-for 0s")
	}
	return nil
}

// checkWords finds words of an edit that stand for nothing, which would shut the key out. Other words for a client become its own.
func (h *Handler) checkWords(in *ctl.KeyEdit) error {
	c := &h.opt.Catalogue
	if in.Permissions != nil {
		if err := oneOf("permission", *in.Permissions, c.Permissions(), h.meantBy); err != nil {
			return err
		}
	}
	if in.Clients != nil {
		for i, word := range *in.Clients {
			if p, ok := c.Program(word); ok {
				(*in.Clients)[i] = p.Client
			}
		}
		return oneOf("client", *in.Clients, c.ClientNames(), nearest)
	}
	return nil
}

func oneOf(what string, given, known []string, meant func(string, []string) string) error {
	for _, word := range given {
		if slices.Contains(known, word) {
			continue
		}
		e := ctl.Errorf(ctl.BadRequest, "%s %q is none of %s", what, word, strings.Join(known, ", "))
		if m := meant(word, known); m != "" {
			e = e.WithHint("did you mean %s?", m)
		}
		return e
	}
	return nil
}

// checkSense finds parts of an edit that contradict each other, or do nothing.
func checkSense(p *key.Policy, in *ctl.KeyEdit) error {
	if in.QueueWaitSeconds != nil && *in.QueueWaitSeconds > 0 && p.Limits.Queue == 0 {
		return ctl.Errorf(ctl.BadRequest, "the key has a queue wait of %g s, but no request may queue", *in.QueueWaitSeconds).
			WithHint("say how many may wait, and for which limit: --concurrency N --queue N")
	}
	if in.AllowModels == nil && in.DenyModels == nil {
		return nil
	}
	for _, name := range p.AllowModels {
		if slices.Contains(p.DenyModels, name) {
			return ctl.Errorf(ctl.BadRequest, "model %q is both allowed and denied", name).WithHint("take it out of --allow-models or out of --deny-models")
		}
	}
	return nil
}

// meantBy gives the permission that a word comes near, or that of the platform that it names.
func (h *Handler) meantBy(word string, known []string) string {
	word = strings.ToLower(word)
	if p := h.opt.Platforms[word]; p != nil {
		return p.Platforms()[word].Permission
	}
	return nearest(word, known)
}

// nearest gives the word that one comes near, or is a part of; "" when there is none.
func nearest(word string, known []string) string {
	word = strings.ToLower(word)
	for _, k := range known {
		if levenshtein.ComputeDistance(word, k) <= 2 || len(word) > 2 && strings.Contains(k, word) {
			return k
		}
	}
	return ""
}

// bind ties a key to an account or a group; naming one unties it from the other.
func (h *Handler) bind(p *key.Policy, in *ctl.KeyEdit) error {
	if in.Account != nil {
		p.Account = ""
		if *in.Account != "" {
			a, err := h.opt.Roster.Get(*in.Account)
			if err != nil {
				return err
			}
			p.Account, p.Group = a.ID, ""
		}
	}
	if in.Group != nil {
		p.Group = ""
		if *in.Group != "" {
			g, err := h.opt.Roster.Group(*in.Group)
			if err != nil {
				return err
			}
			if in.Account == nil {
				p.Account = ""
			}
			p.Group = g.ID
		}
	}
	return nil
}

func (h *Handler) rotateKey(r *http.Request) (any, error) {
	k, presented, err := h.opt.Keys.Rotate(r.Context(), r.PathValue("ref"))
	if err != nil {
		return nil, err
	}
	return ctl.IssuedKey{Key: h.showKey(k), Secret: presented.Reveal()}, nil
}

func (h *Handler) enableKey(r *http.Request) (any, error)  { return h.setKeyDisabled(r, false) }
func (h *Handler) disableKey(r *http.Request) (any, error) { return h.setKeyDisabled(r, true) }

func (h *Handler) setKeyDisabled(r *http.Request, off bool) (any, error) {
	return h.shown(h.opt.Keys.Edit(r.Context(), r.PathValue("ref"), func(k *key.Key) error {
		k.Disabled = off
		return nil
	}))
}

func (h *Handler) deleteKey(r *http.Request) (any, error) {
	k, err := h.opt.Keys.Delete(r.Context(), r.PathValue("ref"))
	if err != nil {
		return nil, invalid(err)
	}
	return h.showKey(k), nil
}

func (h *Handler) restoreKey(r *http.Request) (any, error) {
	k, err := h.opt.Keys.Restore(r.Context(), r.PathValue("ref"))
	if err != nil {
		return nil, invalid(err)
	}
	return h.showKey(k), nil
}

func (h *Handler) purgeKey(r *http.Request) (any, error) {
	if err := h.opt.Keys.Purge(r.Context(), r.PathValue("ref")); err != nil {
		return nil, invalid(err)
	}
	return nil, nil
}
