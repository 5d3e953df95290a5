package tui

import (
	"context"
	"iter"

	"crs/ctl"
)

// Daemon is what the dashboard asks of a daemon. *ctl.Client is one.
type Daemon interface {
	Watch(ctx context.Context, q ctl.WatchQuery) iter.Seq2[*ctl.Update, error]
	Disconnect(ctx context.Context, id string) error
	Catalogue(ctx context.Context) (ctl.Catalogue, error)
	Explain(ctx context.Context, id string) (ctl.Explanation, error)
	ExplainWant(ctx context.Context, q ctl.ExplainQuery) (ctl.Explanation, error)
	Requests(ctx context.Context, q ctl.RequestQuery) ([]ctl.Request, error)
	Usage(ctx context.Context, q ctl.UsageQuery) (ctl.Usage, error)
	accounts
	logins
	groups
	keys
}

type accounts interface {
	Account(ctx context.Context, name string) (ctl.Account, error)
	AddAccount(ctx context.Context, a ctl.NewAccount) (ctl.Account, error)
	EditAccount(ctx context.Context, name string, e ctl.AccountEdit) (ctl.Account, error)
	EnableAccount(ctx context.Context, name string) (ctl.Account, error)
	DisableAccount(ctx context.Context, name string) (ctl.Account, error)
	ThawAccount(ctx context.Context, name string) (ctl.Account, error)
	RefreshAccount(ctx context.Context, name string) (ctl.Account, error)
	TestAccount(ctx context.Context, name, model string) (ctl.AccountTest, error)
	RemoveAccount(ctx context.Context, name string) error
}

type logins interface {
	BeginLogin(ctx context.Context, l ctl.NewLogin) (ctl.Login, error)
	FinishLogin(ctx context.Context, id, code string) (ctl.LoggedIn, error)
	PollLogin(ctx context.Context, id string) (ctl.LoginPoll, error)
	CancelLogin(ctx context.Context, id string) error
}

type groups interface {
	Groups(ctx context.Context) ([]ctl.Group, error)
	CreateGroup(ctx context.Context, g ctl.NewGroup) (ctl.Group, error)
	DeleteGroup(ctx context.Context, name string) error
	JoinGroup(ctx context.Context, group, account string) (ctl.Group, error)
	LeaveGroup(ctx context.Context, group, account string) (ctl.Group, error)
}

type keys interface {
	Keys(ctx context.Context) ([]ctl.Key, error)
	CreateKey(ctx context.Context, k ctl.NewKey) (ctl.IssuedKey, error)
	EditKey(ctx context.Context, name string, e ctl.KeyEdit) (ctl.Key, error)
	RotateKey(ctx context.Context, name string) (ctl.IssuedKey, error)
	EnableKey(ctx context.Context, name string) (ctl.Key, error)
	DisableKey(ctx context.Context, name string) (ctl.Key, error)
	DeleteKey(ctx context.Context, name string) (ctl.Key, error)
	RestoreKey(ctx context.Context, name string) (ctl.Key, error)
	PurgeKey(ctx context.Context, name string) error
}
