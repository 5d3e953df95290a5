package control

import (
	"net/http"
	"slices"
)

// The methods, in the width of a table.
const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete

// routes is the whole contract.
func (h *Handler) routes() []route {
	return slices.Concat(h.ofDaemon(), h.ofAccounts(), h.ofKeys(), h.ofUsage())
}

func (h *Handler) ofDaemon() []route {
	return []route{
		{method: get, path: "/status", needs: operate, serve: h.status},
		{method: get, path: "/catalogue", needs: operate, serve: h.catalogue},
		{method: get, path: "/config", needs: operate, serve: h.config},
		{method: post, path: "/checkup", needs: operate, serve: h.checkup},
		{method: post, path: "/canaries", needs: operate, serve: h.newCanary},
		{method: post, path: "/restart", needs: write, serve: h.restart, alone: true},

		{method: get, path: "/live", needs: operate, stream: h.watch, endless: true},
		{method: del, path: "/live/{ref}", needs: operate, serve: h.disconnect},
	}
}

func (h *Handler) ofAccounts() []route {
	return []route{
		{method: get, path: "/accounts", needs: operate, serve: h.accounts},
		{method: post, path: "/accounts", needs: write, serve: h.addAccount},
		{method: get, path: "/accounts/{ref}", needs: operate, serve: h.account},
		{method: patch, path: "/accounts/{ref}", needs: write, serve: h.editAccount},
		{method: del, path: "/accounts/{ref}", needs: write, serve: h.removeAccount},
		{method: post, path: "/accounts/{ref}/enable", needs: operate, serve: h.enableAccount},
		{method: post, path: "/accounts/{ref}/disable", needs: operate, serve: h.disableAccount},
		{method: post, path: "/accounts/{ref}/thaw", needs: operate, serve: h.thawAccount},
		{method: post, path: "/accounts/{ref}/refresh", needs: operate, serve: h.refreshAccount},
		{method: post, path: "/accounts/{ref}/test", needs: operate, serve: h.testAccount},

		{method: post, path: "/logins", needs: write, serve: h.beginLogin},
		{method: get, path: "/logins/{ref}", needs: write, serve: h.login},
		{method: del, path: "/logins/{ref}", needs: write, serve: h.cancelLogin},
		{method: post, path: "/logins/{ref}/finish", needs: write, serve: h.finishLogin},
		{method: post, path: "/logins/{ref}/poll", needs: write, serve: h.pollLogin},

		{method: get, path: "/groups", needs: operate, serve: h.groups},
		{method: post, path: "/groups", needs: write, serve: h.createGroup},
		{method: get, path: "/groups/{ref}", needs: operate, serve: h.group},
		{method: del, path: "/groups/{ref}", needs: write, serve: h.deleteGroup},
		{method: put, path: "/groups/{ref}/accounts/{account}", needs: write, serve: h.joinGroup},
		{method: del, path: "/groups/{ref}/accounts/{account}", needs: write, serve: h.leaveGroup},
	}
}

func (h *Handler) ofKeys() []route {
	return []route{
		{method: get, path: "/keys", needs: operate, serve: h.keys},
		{method: post, path: "/keys", needs: write, serve: h.createKey},
		{method: get, path: "/keys/{ref}", needs: operate, serve: h.key},
		{method: patch, path: "/keys/{ref}", needs: write, serve: h.editKey},
		{method: del, path: "/keys/{ref}", needs: write, serve: h.deleteKey},
		{method: post, path: "/keys/{ref}/rotate", needs: write, serve: h.rotateKey},
		{method: post, path: "/keys/{ref}/enable", needs: operate, serve: h.enableKey},
		{method: post, path: "/keys/{ref}/disable", needs: operate, serve: h.disableKey},
		{method: post, path: "/keys/{ref}/restore", needs: write, serve: h.restoreKey},
		{method: post, path: "/keys/{ref}/purge", needs: write, serve: h.purgeKey},
	}
}

func (h *Handler) ofUsage() []route {
	return []route{
		{method: get, path: "/metrics", needs: operate, stream: h.metrics},
		{method: post, path: "/alert/test", needs: operate, serve: h.testAlert},
		{method: get, path: "/usage", needs: operate, serve: h.usage},
		{method: get, path: "/requests", needs: operate, serve: h.requests},
		{method: get, path: "/requests/follow", needs: operate, stream: h.followRequests, endless: true},
		{method: get, path: "/explain/{ref}", needs: operate, serve: h.explain},
		{method: post, path: "/explain", needs: operate, serve: h.explainWant},

		{method: get, path: "/prices", needs: operate, serve: h.prices},
		{method: get, path: "/prices/{ref}", needs: operate, serve: h.price},
		{method: put, path: "/prices/{ref}", needs: write, serve: h.setPrice},
		{method: post, path: "/prices/update", needs: write, serve: h.updatePrices},
	}
}
