package control

import (
	"net/http"
	"slices"

	"crs/daemon/admin"
)

// The methods, in the width of a table.
const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete

// routes is the whole contract.
func (h *Handler) routes() []route {
	return slices.Concat(h.ofDaemon(), h.ofAccounts(), h.ofKeys(), h.ofUsage())
}

func (h *Handler) ofDaemon() []route {
	return []route{
		{method: get, path: "/status", needs: operate, serve: plain(h.ops.Status)},
		{method: get, path: "/catalogue", needs: operate, serve: plain(h.ops.Catalogue)},
		{method: get, path: "/config", needs: operate, serve: plain(h.ops.Config)},
		{method: post, path: "/checkup", needs: operate, asks: true, serve: plain(h.ops.Checkup)},
		{method: post, path: "/canaries", needs: operate, asks: true, serve: plain(h.ops.NewCanary)},
		{method: post, path: "/restart", needs: write, does: admin.DaemonRestart, serve: told(h.ops.Restart), alone: true},

		{method: get, path: "/live", needs: operate, stream: h.watch, endless: true},
		{method: del, path: "/live/{ref}", needs: operate, does: admin.RequestDisconnect, serve: namedAndSilent(h.ops.Disconnect)},
	}
}

func (h *Handler) ofAccounts() []route {
	return []route{
		{method: get, path: "/accounts", needs: operate, serve: plain(h.ops.Accounts)},
		{method: post, path: "/accounts", needs: write, does: admin.AccountAdd, serve: told(h.ops.AddAccount)},
		{method: get, path: "/accounts/{ref}", needs: operate, serve: named(h.ops.Account)},
		{method: patch, path: "/accounts/{ref}", needs: write, does: admin.AccountEdit, serve: namedAndTold(h.ops.EditAccount)},
		{method: del, path: "/accounts/{ref}", needs: write, does: admin.AccountRemove, serve: namedAndSilent(h.ops.RemoveAccount)},
		{method: post, path: "/accounts/{ref}/enable", needs: operate, does: admin.AccountEnable, serve: named(h.ops.EnableAccount)},
		{method: post, path: "/accounts/{ref}/disable", needs: operate, does: admin.AccountDisable, serve: named(h.ops.DisableAccount)},
		{method: post, path: "/accounts/{ref}/thaw", needs: operate, does: admin.AccountThaw, serve: named(h.ops.ThawAccount)},
		{method: post, path: "/accounts/{ref}/refresh", needs: operate, does: admin.AccountRefresh, serve: named(h.ops.RefreshAccount)},
		{method: post, path: "/accounts/{ref}/test", needs: operate, asks: true, serve: h.testAccount},

		{method: post, path: "/logins", needs: write, does: admin.LoginBegin, serve: told(h.ops.BeginLogin)},
		{method: get, path: "/logins/{ref}", needs: write, serve: named(h.ops.Login)},
		{method: del, path: "/logins/{ref}", needs: write, does: admin.LoginCancel, serve: namedAndSilent(h.ops.CancelLogin)},
		{method: post, path: "/logins/{ref}/finish", needs: write, does: admin.AccountLogin, serve: namedAndTold(h.ops.FinishLogin)},
		{method: post, path: "/logins/{ref}/poll", needs: write, does: admin.AccountLogin, serve: named(h.ops.PollLogin)},

		{method: get, path: "/groups", needs: operate, serve: plain(h.ops.Groups)},
		{method: post, path: "/groups", needs: write, does: admin.GroupCreate, serve: told(h.ops.CreateGroup)},
		{method: get, path: "/groups/{ref}", needs: operate, serve: named(h.ops.Group)},
		{method: del, path: "/groups/{ref}", needs: write, does: admin.GroupDelete, serve: namedAndSilent(h.ops.DeleteGroup)},
		{method: put, path: "/groups/{ref}/accounts/{account}", needs: write, does: admin.GroupAdd, serve: member(h.ops.JoinGroup)},
		{method: del, path: "/groups/{ref}/accounts/{account}", needs: write, does: admin.GroupRemove, serve: member(h.ops.LeaveGroup)},
	}
}

func (h *Handler) ofKeys() []route {
	return []route{
		{method: get, path: "/keys", needs: operate, serve: plain(h.ops.Keys)},
		{method: post, path: "/keys", needs: write, does: admin.KeyCreate, serve: told(h.ops.CreateKey)},
		{method: get, path: "/keys/{ref}", needs: operate, serve: named(h.ops.Key)},
		{method: patch, path: "/keys/{ref}", needs: write, does: admin.KeyEdit, serve: namedAndTold(h.ops.EditKey)},
		{method: del, path: "/keys/{ref}", needs: write, does: admin.KeyDelete, serve: named(h.ops.DeleteKey)},
		{method: post, path: "/keys/{ref}/rotate", needs: write, does: admin.KeyRotate, serve: named(h.ops.RotateKey)},
		{method: post, path: "/keys/{ref}/enable", needs: operate, does: admin.KeyEnable, serve: named(h.ops.EnableKey)},
		{method: post, path: "/keys/{ref}/disable", needs: operate, does: admin.KeyDisable, serve: named(h.ops.DisableKey)},
		{method: post, path: "/keys/{ref}/restore", needs: write, does: admin.KeyRestore, serve: named(h.ops.RestoreKey)},
		{method: post, path: "/keys/{ref}/purge", needs: write, does: admin.KeyPurge, serve: namedAndSilent(h.ops.PurgeKey)},
	}
}

func (h *Handler) ofUsage() []route {
	return []route{
		{method: get, path: "/metrics", needs: operate, stream: h.metrics},
		{method: post, path: "/alert/test", needs: operate, asks: true, serve: silent(h.ops.TestAlert)},
		{method: get, path: "/usage", needs: operate, serve: queried(readUsageQuery, h.ops.Usage)},
		{method: get, path: "/usage/statement", needs: operate, serve: queried(readStatementQuery, h.ops.Statement)},
		{method: post, path: "/usage/reconcile", needs: operate, asks: true, serve: toldUpTo(tableMost, h.ops.Reconcile)},
		{method: post, path: "/usage/reprice", needs: write, does: admin.UsageReprice, serve: told(h.ops.Reprice)},
		{method: get, path: "/requests", needs: operate, serve: queried(readRequestQuery, h.ops.Requests)},
		{method: get, path: "/requests/follow", needs: operate, stream: followed(h, readRequestQuery, h.ops.FollowRequests), endless: true},
		{method: get, path: "/explain/{ref}", needs: operate, serve: named(h.ops.Explain)},
		{method: post, path: "/explain", needs: operate, asks: true, serve: told(h.ops.ExplainWant)},

		{method: get, path: "/audit", needs: operate, serve: queried(readAuditQuery, h.ops.Audit)},
		{method: get, path: "/audit/follow", needs: operate, stream: followed(h, readAuditQuery, h.ops.FollowAudit), endless: true},

		{method: get, path: "/seen-models", needs: operate, serve: plain(h.ops.SeenModels)},
		{method: get, path: "/prices", needs: operate, serve: plain(h.ops.Prices)},
		{method: get, path: "/prices/{ref}", needs: operate, serve: named(h.ops.Price)},
		{method: put, path: "/prices/{ref}", needs: write, does: admin.PriceSet, serve: namedAndTold(h.ops.SetPrice)},
		{method: post, path: "/prices/update", needs: write, does: admin.PriceUpdate, serve: toldUpTo(tableMost, h.ops.UpdatePrices)},
	}
}
