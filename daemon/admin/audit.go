package admin

import (
	"context"
	"errors"
	"iter"
	"time"

	"crs/ctl"
	"crs/internal/audit"
	"crs/internal/convert"
	"crs/internal/patience"
	"crs/internal/store"
)

// Action is what somebody does that changes something. The words stand in the audit log, and stay as they are.
type Action string

// The actions.
const (
	AccountAdd     Action = "account.add"
	AccountImport  Action = "account.import"
	AccountLogin   Action = "account.login"
	AccountEdit    Action = "account.edit"
	AccountEnable  Action = "account.enable"
	AccountDisable Action = "account.disable"
	AccountThaw    Action = "account.thaw"
	AccountRefresh Action = "account.refresh"
	AccountRemove  Action = "account.remove"

	LoginBegin  Action = "login.begin"
	LoginCancel Action = "login.cancel"

	GroupCreate Action = "group.create"
	GroupAdd    Action = "group.add"
	GroupRemove Action = "group.remove"
	GroupDelete Action = "group.delete"

	KeyCreate  Action = "key.create"
	KeyEdit    Action = "key.edit"
	KeyRotate  Action = "key.rotate"
	KeyEnable  Action = "key.enable"
	KeyDisable Action = "key.disable"
	KeyDelete  Action = "key.delete"
	KeyRestore Action = "key.restore"
	KeyPurge   Action = "key.purge"

	PriceSet    Action = "price.set"
	PriceUpdate Action = "price.update"

	UsageReprice Action = "usage.reprice"

	RequestDisconnect Action = "request.disconnect"
	DaemonRestart     Action = "daemon.restart"
	ConfigReload      Action = "config.reload"
)

// auditLog is where what was done is written down.
type auditLog interface {
	Record(audit.Entry)
	Find(context.Context, audit.Query) ([]audit.Row, error)
}

type actorKey struct{}

// As has what is done with the context be done by an actor. Without one it is the system's doing.
func As(ctx context.Context, a audit.Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

func actorOf(ctx context.Context) audit.Actor {
	if a, ok := ctx.Value(actorKey{}).(audit.Actor); ok {
		return a
	}
	return audit.Actor{Kind: audit.System}
}

// Refused writes down that somebody may not do something.
func (o *Operations) Refused(ctx context.Context, action Action, name string) {
	o.opt.Audit.Record(audit.Entry{Actor: actorOf(ctx), Action: string(action), Outcome: audit.Refused, Subject: audit.Subject{Kind: action.noun(), Name: name}})
}

// deed is something that is being done.
type deed struct {
	book  auditLog
	entry audit.Entry
	void  bool // nothing can have been changed yet
}

// begins is deferred with the deed's end. The subject is told when it is known.
func (o *Operations) begins(ctx context.Context, action Action, name string) *deed {
	return &deed{book: o.opt.Audit, entry: audit.Entry{
		Actor: actorOf(ctx), Action: string(action), Outcome: audit.Done, Subject: audit.Subject{Kind: action.noun(), Name: name},
	}}
}

// did says to what it was done, and what that changed.
func (d *deed) did(id, name string, changes []audit.Change) {
	d.entry.Subject.ID, d.entry.Subject.Name, d.entry.Changes = id, name, changes
}

// end writes down what was done, also when nobody knows whether it was.
func (d *deed) end(err *error) {
	if d.void || *err != nil && !mayBeDone(*err) {
		return
	}
	if *err != nil {
		d.entry.Outcome = audit.Unknown
	}
	d.book.Record(d.entry)
}

// mayBeDone reports whether something that ended so was perhaps done.
func mayBeDone(err error) bool {
	return errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// Audit gives the newest entries of the audit log that match, oldest of them first.
func (o *Operations) Audit(ctx context.Context, q ctl.AuditQuery) (ctl.Audit, error) {
	rows, err := o.findAudit(ctx, &q)
	if err != nil {
		return ctl.Audit{}, err
	}
	return ctl.Audit{Entries: convert.All(rows, func(r audit.Row) ctl.AuditEntry { return showEntry(&r.Entry) })}, nil
}

func (o *Operations) findAudit(ctx context.Context, in *ctl.AuditQuery) ([]audit.Row, error) {
	q := audit.Query{Limit: in.Limit}
	if in.Since != "" {
		var err error
		if q.Since, _, err = readWhen(in.Since, o.opt.Now(), o.opt.Zone); err != nil {
			return nil, err
		}
	}
	return o.opt.Audit.Find(ctx, q)
}

// auditEvery is how often it is looked whether there is more: other nodes write as well.
const auditEvery = 500 * time.Millisecond

// FollowAudit gives the newest entries that match, as many as the limit says, and then every one as it is written, by whatever node, until
// ctx ends. While the store cannot be read, nothing is given.
func (o *Operations) FollowAudit(ctx context.Context, q ctl.AuditQuery) (iter.Seq[ctl.AuditEntry], error) {
	asked := q.Limit
	q.Limit = max(asked, 1) // where what follows begins
	newest, err := o.findAudit(ctx, &q)
	if err != nil {
		return nil, err
	}
	return func(yield func(ctl.AuditEntry) bool) {
		last, rows, tell := audit.Query{}, newest, asked > 0 || len(newest) == 0
		for range patience.Every(ctx, auditEvery) {
			if rows == nil {
				rows, _ = o.opt.Audit.Find(ctx, last)
			}
			for i := range rows {
				if last.After = rows[i].Place; tell && !yield(showEntry(&rows[i].Entry)) {
					return
				}
			}
			rows, tell = nil, true
		}
	}, nil
}

func showEntry(e *audit.Entry) ctl.AuditEntry {
	return ctl.AuditEntry{
		Entry: e.ID, Time: e.Time, Node: e.Node, Actor: ctl.Actor{Kind: string(e.Actor.Kind), ID: e.Actor.ID, Name: e.Actor.Name}, Action: e.Action,
		Outcome: string(e.Outcome), Kind: e.Subject.Kind, ID: e.Subject.ID, Name: e.Subject.Name,
		Changes: convert.All(e.Changes, func(c audit.Change) ctl.AuditChange { return ctl.AuditChange(c) }),
	}
}
