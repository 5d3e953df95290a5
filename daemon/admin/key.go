package admin

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"crs/ctl"
	"crs/internal/convert"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/store"
)

// Keys lists the keys, by name, deleted ones included.
func (o *Operations) Keys(ctx context.Context) ([]ctl.Key, error) {
	all := o.opt.Keys.List()
	if len(all) > mostAsked {
		return convert.All(all, o.showKey), nil
	}
	return convert.All(all, func(k *key.Key) ctl.Key { return o.showKeyUse(k, o.opt.Gate.UseOn(ctx, k.Holder())) }), nil
}

// mostAsked is up to how many keys a list shows what each uses on all nodes. With more, it is what each uses on this one.
const mostAsked = 500

// Key finds a key.
func (o *Operations) Key(ctx context.Context, ref string) (ctl.Key, error) {
	k, err := o.opt.Keys.Get(ref)
	if err != nil {
		return ctl.Key{}, err
	}
	out := o.showKeyUse(k, o.opt.Gate.UseOn(ctx, k.Holder()))
	out.Unpriced = o.unpriced(k.ID)
	return out, nil
}

func (o *Operations) showKey(k *key.Key) ctl.Key {
	return o.showKeyUse(k, o.opt.Gate.Use(k.ID))
}

// showKeyUse shows a key with what it uses.
func (o *Operations) showKeyUse(k *key.Key, u limit.Use) ctl.Key {
	return ctl.Key{
		ID: k.ID, Name: k.Name, Hint: k.Hint + "…", State: o.keyState(k), Version: k.Version, Tags: list(k.Tags), CreatedAt: k.CreatedAt,
		ExpiresAt: moment(k.ExpiresAt), ActivatedAt: moment(k.ActivatedAt), DeletedAt: moment(k.DeletedAt), Limits: o.limits(k),
		Use: showUse(&k.Policy.Limits, &u),
	}
}

func (o *Operations) keyState(k *key.Key) string {
	switch {
	case k.Deleted():
		return "deleted"
	case k.Disabled:
		return "disabled"
	case k.Expired(o.opt.Now()):
		return "expired"
	}
	return "active"
}

func (o *Operations) limits(k *key.Key) ctl.Limits {
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
	if a, err := o.opt.Roster.Get(p.Account); err == nil {
		out.Account = a.Name
	}
	if g, err := o.opt.Roster.Group(p.Group); err == nil {
		out.Group = g.Name
	}
	return out
}

// CreateKey makes a key and gives its secret, this once.
func (o *Operations) CreateKey(ctx context.Context, in ctl.NewKey) (_ ctl.IssuedKey, err error) {
	d := o.begins(ctx, KeyCreate, in.Name)
	defer d.end(&err)
	k := key.Key{Name: in.Name}
	if err := o.editKeyBy(&k, &in.KeyEdit); err != nil {
		return ctl.IssuedKey{}, err
	}
	made, presented, err := o.opt.Keys.Create(ctx, k)
	if err != nil {
		return ctl.IssuedKey{}, invalid(err)
	}
	shown := o.showKey(made)
	d.did(made.ID, made.Name, changed(nil, factsOfKey(shown)))
	return ctl.IssuedKey{Key: shown, Secret: presented.Reveal()}, nil
}

// EditKey changes the fields of a key that are given.
func (o *Operations) EditKey(ctx context.Context, ref string, in ctl.KeyEdit) (ctl.Key, error) {
	return o.editKey(ctx, KeyEdit, ref, func(k *key.Key) error {
		if in.Version != nil && *in.Version != k.Version {
			return &store.Conflict{Kind: store.Key, ID: k.ID, Want: *in.Version, Got: k.Version}
		}
		return o.editKeyBy(k, &in)
	})
}

// EnableKey lets a key be used again.
func (o *Operations) EnableKey(ctx context.Context, ref string) (ctl.Key, error) {
	return o.editKey(ctx, KeyEnable, ref, func(k *key.Key) error { k.Disabled = false; return nil })
}

// DisableKey has a key refused.
func (o *Operations) DisableKey(ctx context.Context, ref string) (ctl.Key, error) {
	return o.editKey(ctx, KeyDisable, ref, func(k *key.Key) error { k.Disabled = true; return nil })
}

// editKey changes a key, and says what differs.
func (o *Operations) editKey(ctx context.Context, action Action, ref string, change func(*key.Key) error) (_ ctl.Key, err error) {
	d := o.begins(ctx, action, ref)
	defer d.end(&err)
	var before key.Key
	after, err := o.opt.Keys.Edit(ctx, ref, func(k *key.Key) error {
		before = *k
		return change(k)
	})
	if err != nil {
		return ctl.Key{}, invalid(err)
	}
	return o.didKey(d, &before, after), nil
}

// changeKey does something to a key that is no edit, and says what differs.
func (o *Operations) changeKey(ctx context.Context, action Action, ref string, do func(context.Context, string) (*key.Key, error)) (_ ctl.Key, err error) {
	d := o.begins(ctx, action, ref)
	defer d.end(&err)
	before, err := o.opt.Keys.Get(ref)
	if err != nil {
		return ctl.Key{}, err
	}
	after, err := do(ctx, before.ID)
	if err != nil {
		return ctl.Key{}, invalid(err)
	}
	return o.didKey(d, before, after), nil
}

// didKey says what was done to a key, and shows it.
func (o *Operations) didKey(d *deed, before, after *key.Key) ctl.Key {
	if !slices.Equal(before.Policy.Limits.Rules, after.Policy.Limits.Rules) {
		o.opt.LimitsChanged(after)
	}
	shown := o.showKey(after)
	d.did(after.ID, after.Name, changed(factsOfKey(o.showKey(before)), factsOfKey(shown)))
	return shown
}

// usualWait is how long a request may queue when a queue is given and its wait is not.
const usualWait = 30 * time.Second

// editKeyBy sets what was given.
func (o *Operations) editKeyBy(k *key.Key, in *ctl.KeyEdit) error {
	p := &k.Policy
	if err := o.checkWords(in); err != nil {
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
	return o.bind(p, in)
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
func (o *Operations) checkWords(in *ctl.KeyEdit) error {
	c := &o.opt.Catalogue
	if err := cmp.Or(checkList("tag", in.Tags), checkList("model", in.AllowModels), checkList("model", in.DenyModels)); err != nil {
		return err
	}
	if in.Permissions != nil {
		if err := oneOf("permission", *in.Permissions, c.Permissions(), o.meantBy); err != nil {
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

// mostWords is how many tags or models a key may have: each list of keys has all of them.
const mostWords = 200

// checkList bounds words that an operator may choose.
func checkList(what string, words *[]string) error {
	if words == nil {
		return nil
	}
	if len(*words) > mostWords {
		return ctl.Errorf(ctl.BadRequest, "there are %d %ss, and a key has %d at most", len(*words), what, mostWords)
	}
	for _, w := range *words {
		if err := key.ValidateWord(w); err != nil {
			return ctl.Errorf(ctl.BadRequest, "a %s cannot be used: it %s", what, err)
		}
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
func (o *Operations) meantBy(word string, known []string) string {
	word = strings.ToLower(word)
	if p := o.opt.Platforms[word]; p != nil {
		return p.Platforms()[word].Permission
	}
	return nearest(word, known)
}

// nearest gives the word that one comes near, or is a part of; "" when there is none.
func nearest(word string, known []string) string {
	word = strings.ToLower(word)
	near := func(k string) bool {
		return levenshtein.ComputeDistance(word, k) <= 2 || len(word) > 2 && strings.Contains(k, word)
	}
	if i := slices.IndexFunc(known, near); i >= 0 {
		return known[i]
	}
	return ""
}

// bind ties a key to an account or a group; naming one unties it from the other.
func (o *Operations) bind(p *key.Policy, in *ctl.KeyEdit) error {
	if in.Account != nil {
		p.Account = ""
		if *in.Account != "" {
			a, err := o.opt.Roster.Get(*in.Account)
			if err != nil {
				return err
			}
			p.Account, p.Group = a.ID, ""
		}
	}
	if in.Group != nil {
		p.Group = ""
		if *in.Group != "" {
			g, err := o.opt.Roster.Group(*in.Group)
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

// RotateKey gives a key a new secret; the old one is refused from then on.
func (o *Operations) RotateKey(ctx context.Context, ref string) (out ctl.IssuedKey, err error) {
	out.Key, err = o.changeKey(ctx, KeyRotate, ref, func(ctx context.Context, id string) (*key.Key, error) {
		k, presented, err := o.opt.Keys.Rotate(ctx, id)
		out.Secret = presented.Reveal()
		return k, err
	})
	return out, err
}

// DeleteKey deletes a key; it can be restored.
func (o *Operations) DeleteKey(ctx context.Context, ref string) (ctl.Key, error) {
	return o.changeKey(ctx, KeyDelete, ref, o.opt.Keys.Delete)
}

// RestoreKey takes a deletion back.
func (o *Operations) RestoreKey(ctx context.Context, ref string) (ctl.Key, error) {
	return o.changeKey(ctx, KeyRestore, ref, o.opt.Keys.Restore)
}

// PurgeKey removes a deleted key for good.
func (o *Operations) PurgeKey(ctx context.Context, ref string) (err error) {
	d := o.begins(ctx, KeyPurge, ref)
	defer d.end(&err)
	k, err := o.opt.Keys.Get(ref)
	if err != nil {
		return err
	}
	d.did(k.ID, k.Name, changed(factsOfKey(o.showKey(k)), nil))
	if err := o.opt.Keys.Purge(ctx, k.ID); err != nil {
		return invalid(err)
	}
	return nil
}
