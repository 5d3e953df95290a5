package key

import "crs/internal/field"

// Fields are what can be said of a key, in the order of a form.
func Fields() []field.Field {
	const limits, use = "Limits (empty = none)", "What it may use"
	all := []field.Field{
		{Name: "tags", Flag: "tag", Label: "tags", Kind: "words", Help: "a `WORD` to find it by; repeatable", None: "none"},
		{Name: "expires_at", Flag: "expires", Label: "ends", Kind: "end", Help: "`WHEN` it ends: 30d, 2026-12-31, a moment, or never", None: "never; or 30d, or 2026-12-31"},
		{Name: "activate_for_seconds", Flag: "activate-for", Label: "lives, once used", Kind: "duration", Help: "how long it lives from its first use on: 30d", None: "for ever; or 30d"},
	}
	for _, n := range NamedLimits() {
		kind := "count"
		if n.Rule.Unit.Money() {
			kind = "money"
		}
		all = append(all, field.Field{Name: n.Name, Flag: n.Flag, Label: n.Label, Kind: kind, Page: limits, Help: n.Help})
	}
	return append(all, []field.Field{
		{Name: "rules", Flag: "limit", Label: "other limits", Kind: "limits", Page: limits, Help: "`UNIT/WINDOW=N`, any other limit, such as cost/month=50 or requests/5h=300; repeatable, 0 takes it away", None: "none; or cost/month=50"},
		{Name: "concurrency", Flag: "concurrency", Label: "at once", Kind: "count", Page: limits, Help: "`N` requests at once"},
		{Name: "queue", Flag: "queue", Label: "queue length", Kind: "count", Page: limits, Help: "`N` requests may wait when --concurrency is reached"},
		{Name: "queue_wait_seconds", Flag: "queue-wait", Label: "for how long", Kind: "duration", Page: limits, Help: "how long a request may wait for that: 30s"},

		{Name: "account", Flag: "account", Label: "served by", Kind: "account", Page: use, Help: "serve it from the account `NAME` only"},
		{Name: "group", Flag: "group", Label: "served by", Kind: "group", Page: use, Help: "serve it from the accounts of the group `NAME` only"},
		{Name: "permissions", Flag: "permissions", Label: "permissions", Kind: "permissions", Page: use, Help: "`LIST` of whose accounts it may use", None: "all"},
		{Name: "allow_models", Flag: "allow-models", Label: "allowed models", Kind: "models", Page: use, Help: "`LIST` of the only models it may use, with * for any text", None: "all"},
		{Name: "deny_models", Flag: "deny-models", Label: "denied models", Kind: "models", Page: use, Help: "`LIST` of models it may not use, even if they are allowed", None: "none"},
		{Name: "clients", Flag: "clients", Label: "clients", Kind: "clients", Page: use, Help: "`LIST` of the only programs that may use it", None: "all"},
		{Name: "multiplier", Flag: "multiplier", Label: "price multiplier", Kind: "factor", Page: use, Help: "price multiplier `X`: what the key is charged is the cost times X", Default: "1"},
	}...)
}
