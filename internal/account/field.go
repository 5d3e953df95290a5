package account

import "crs/internal/field"

// Fields are what can be said of an account, in the order of a form. A provider's own are its platform's Options.
func Fields() []field.Field {
	return []field.Field{
		{Name: "base_url", Flag: "base-url", Label: "base URL", Kind: "address", Help: "`URL` of the API, if it is not the platform's own", None: "the platform's own"},
		{Name: "priority", Flag: "priority", Label: "priority", Kind: "count", Help: "`N`: accounts with a lower one are used first", Default: "50"},
		{
			Name: "max_concurrency", Flag: "max-concurrency", Label: "most at once", Kind: "count", None: "any number",
			Help: "most requests (`N`) that it serves at once; 0 for any number",
		},
		{Name: "proxy", Flag: "proxy", Label: "proxy", Kind: "text", Help: "`URL` of the proxy it is reached through: http, https or socks5", None: "none"},
		{Name: "models", Flag: "models", Label: "models", Kind: "models", Help: "`LIST` of the models it serves, with * for any text; all without it", None: "all"},
		{Name: "map", Flag: "map", Label: "map", Kind: "pairs", Help: "`FROM=TO`: ask for model TO where clients ask for FROM; repeatable", None: "from=to …"},
		{Name: "note", Flag: "note", Label: "note", Kind: "text", Help: "`TEXT` to remember it by", None: "none"},
		{
			Name: "subscription_ends_at", Flag: "subscription-ends", Label: "plan ends", Kind: "end", Subscription: true, Late: true,
			Help: "`WHEN` the subscription ends: 30d, 2026-12-31, a moment, or never", None: "never, or 2026-12-31",
		},
		{Name: "any_client", Flag: "any-client", Label: "serve any client", Kind: "switch", Subscription: true, Help: "let a subscription serve clients other than its provider's own"},
	}
}
