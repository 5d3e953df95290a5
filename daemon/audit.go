package daemon

import (
	"context"
	"fmt"

	"crs/internal/audit"
)

// openAudit opens the log of who changed what. It is closed before the store that it is in, and after the control socket.
func (d *Daemon) openAudit(context.Context) error {
	d.audit = audit.Start(audit.Options{
		Rows: d.store, Now: d.opt.Now, Node: d.shared.node, Keep: d.cfg.Audit.Keep, Bytes: int64(d.cfg.Audit.MaxBytes), Lost: d.auditLost,
	})
	d.opens("audit log", d.closeAudit)
	return nil
}

// closeAudit takes it for no failure that the store does not take something: the log has it.
func (d *Daemon) closeAudit(ctx context.Context) error {
	if err := d.audit.Close(ctx); err != nil {
		d.log.Error("entries of the audit log are in this log only", "error", err)
	}
	return nil
}

// auditLost says what the audit log will not have.
func (d *Daemon) auditLost(e audit.Entry) {
	d.log.Error("not in the audit log", "time", e.Time, "actor", e.Actor.Kind, "actor_id", e.Actor.ID, "actor_name", e.Actor.Name, "action", e.Action,
		"outcome", e.Outcome, "id", e.Subject.ID, "name", e.Subject.Name, "changes", fmt.Sprint(e.Changes))
}

func (d *Daemon) auditNotWritten() string {
	n, err := d.audit.Health()
	if err == nil {
		return ""
	}
	return fmt.Sprintf("the audit log cannot be written: %s; entries that wait in memory: %d", err, n)
}

func (d *Daemon) mendAudit() string {
	_, err := d.audit.Health()
	return d.mendStore(err)
}
