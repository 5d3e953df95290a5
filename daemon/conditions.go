package daemon

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"crs/ctl"
	"crs/daemon/condition"
	"crs/internal/store"
)

// ownConditions are those about the daemon itself, the worst first.
func (d *Daemon) ownConditions() []condition.Kind {
	return []condition.Kind{
		condition.Own("store_unsafe", ctl.SeverityFailed, d.storeUnsafe,
			"nothing is written to the store until its file is back; stop the daemon, put crs.db back (what it held is saved beside it as crs.db.rescued-… where the disk let it be; "+
				"else crs restore FILE), remove crs.db-wal and crs.db-shm, and start it", nil),
		condition.Own("data_files_lost", ctl.SeverityFailed, d.dataFilesLost,
			"put the file back before this daemon ends: the key is saved beside the key file as seal.key.rescued-… where the disk let it be (mv that to seal.key); "+
				"when it is a lock, start no second daemon on this directory, and restart this one (crs stop, crs start)", nil),
		condition.Own("token_only_in_memory", ctl.SeverityFailed, d.tokensInMemory,
			"do not stop the daemon before: the account would need a login", d.mendTokens),
		condition.Own("ledger_not_written", ctl.SeverityFailed, d.ledgerNotWritten,
			"what waits is not lost", d.mendLedger),
		condition.Own("ledger_on_reserve", ctl.SeverityFailed, d.ledgerOnReserve,
			"make room on the disk of the data directory; what comes when the reserve is used up waits in memory", nil),
		condition.Own("ledger_files_lost", ctl.SeverityFailed, d.ledgerFilesLost,
			"find out who removes or cuts files in the data directory; usage that was added up before is still counted", nil),
		condition.Own("connections_not_accepted", ctl.SeverityFailed, failing("connections cannot be accepted, and wait: ", func() error { return d.short.Err() }),
			"raise the limit of open files, or of the memory, that the error names: of a process that runs with prlimit --pid PID --nofile=NUMBER (crs status has "+
				"the PID), for good with LimitNOFILE= in the unit; it is over when nobody was kept waiting for ten seconds", nil),
		condition.Own("store_away", ctl.SeverityFailed, failing("the store cannot be used: ", func() error { return d.shared.health.get() }),
			"see that Redis runs and can be reached from here; usage is in the ledger of this node meanwhile, and is not lost", nil),
		condition.Own("usage_not_counted", ctl.SeverityWarning, failing("usage cannot be added up in the store: ", func() error { return d.ledger.Late() }),
			"usage waits in the ledger and is not lost; it is added up when the store takes it", func() string { return d.mendStore(d.ledger.Late()) }),
		condition.Own("audit_not_written", ctl.SeverityWarning, d.auditNotWritten,
			"what was changed is changed; who did it waits in memory and is written when the store takes it, and what this daemon cannot write before it ends is in its log", d.mendAudit),
		condition.Own("usage_withheld", ctl.SeverityWarning, d.usageWithheld,
			"compare crs usage with crs requests: nothing is counted twice, but what the store had not taken is not in usage; find out what removed the node's "+
				"name or its mark in Redis, and remove the file usage-withheld from the data directory when you have read this", nil),
		condition.Own("token_not_stored", ctl.SeverityWarning, d.tokensNotStored,
			"see that the store can be written; nothing is lost: this daemon goes on trying, and so does the next one", nil),
		condition.Own("token_locked_elsewhere", ctl.SeverityWarning, d.tokensLocked,
			"start that node again: it takes the lock over and puts what it has into the store; without it the lock ends an hour after it was taken, and crs account "+
				"login renews the account at once", nil),
		condition.Own("token_reserve_lost", ctl.SeverityWarning, failing("the reserve for fresh tokens cannot be used: ", func() error { return d.reserve.Intact() }),
			"it is made anew within seconds; if it is not, see that the data directory can be written and has room", nil),
		condition.Own("control_socket_lost", ctl.SeverityWarning, failing("commands do not reach this daemon: ", func() error { return d.control.Intact() }),
			"it is made anew within seconds when it was removed, or is a socket on which nobody listens; remove what else is in its place", nil),
		condition.Own("clock_set", ctl.SeverityWarning, d.clockSet,
			"nothing has to be done if the time is right now; limits of a minute are not concerned", nil),
		condition.Own("few_descriptors", ctl.SeverityWarning, d.fewDescriptors,
			"raise the limit of open files (LimitNOFILE= in the unit, ulimit -n before crs serve) or lower limits.connections, and restart the daemon; "+
				"one that was lowered while it runs is raised with prlimit --pid PID --nofile=NUMBER", nil),
		{Code: "model_without_price", Severity: ctl.SeverityWarning, Find: d.modelsWithoutPrice},
		condition.Own("ledger_damaged", ctl.SeverityWarning, d.ledgerDamaged,
			"see to the disk; what was added up before the damage is still counted", nil),
	}
}

// mostBudgets is of how many keys it is looked at whether their budgets are spent: with more of them that would take a while.
const mostBudgets = 1000

// viewConditions is everything that conditions are found in, at one moment.
func (d *Daemon) viewConditions() *condition.View {
	v := &condition.View{Now: d.opt.Now(), Accounts: d.pool.Statuses(), Waiting: d.pool.Waiting(), Keys: d.keys.Count(), KeyName: d.keys.NameOf}
	if v.Keys <= mostBudgets {
		for _, k := range d.keys.List() {
			v.Budgets = append(v.Budgets, condition.Budget{Key: k, Use: d.gate.Use(k.ID)})
		}
	}
	return v
}

func (d *Daemon) ledgerNotWritten() string {
	_, err := d.ledger.Health()
	lag := d.ledger.Lag()
	switch {
	case err != nil:
		return fmt.Sprintf("the ledger cannot be written: %s; %d bytes of usage wait in memory", err, lag.Unwritten)
	case lag.DiskFails:
		return fmt.Sprintf("the ledger cannot be written: the disk has not answered for %s; %d bytes of usage wait in memory", lag.Disk.Round(time.Second), lag.Unwritten)
	}
	return ""
}

func (d *Daemon) mendLedger() string {
	_, err := d.ledger.Health()
	if err == nil {
		return "see that the disk of the data directory answers: it is frozen, very busy or failing"
	}
	return store.Mend(err)
}

// mendStore is what to do about an error of the store. What Redis refuses, it says why.
func (d *Daemon) mendStore(err error) string {
	if d.shared.node != "" {
		return "see to it that Redis takes writes"
	}
	return store.Mend(err)
}

func (d *Daemon) ledgerOnReserve() string {
	left, err := d.ledger.Reserve()
	if err == nil {
		return ""
	}
	return fmt.Sprintf("the disk is full; the ledger is written into the room that it has reserved, of which %d bytes are left", left)
}

func (d *Daemon) ledgerDamaged() string {
	h := d.ledger.Harm()
	if h.Lines == 0 {
		return ""
	}
	return fmt.Sprintf("%d lines of the ledger could not be read and may be of finished requests; the end of %d requests is not known", h.Lines, h.Ends)
}

func (d *Daemon) ledgerFilesLost() string {
	h := d.ledger.Harm()
	var said []string
	for _, c := range []struct {
		segments []int64
		what     string
	}{{h.Gone, "removed, with their records"}, {h.Cut, "cut, with the records behind the cut"}, {h.Remade, "removed and written anew, with nothing lost"}} {
		if len(c.segments) > 0 {
			said = append(said, c.what+": "+segmentFiles(c.segments))
		}
	}
	if len(said) == 0 {
		return ""
	}
	return "files of the ledger were changed from outside since the daemon began: " + strings.Join(said, "; ")
}

// segmentFiles are the files of segments.
func segmentFiles(segments []int64) string {
	const most = 5
	var all []string
	for _, n := range slices.Compact(slices.Sorted(slices.Values(segments))) {
		if len(all) == most {
			all = append(all, "and more")
			break
		}
		all = append(all, fmt.Sprintf("%08d.log", n))
	}
	return strings.Join(all, ", ")
}

// storeUnsafe is what is wrong with the files of a store that keeps some.
func (d *Daemon) storeUnsafe() string {
	kept, ok := d.store.(interface{ Intact() error })
	if !ok {
		return ""
	}
	return failing("", kept.Intact)()
}

// failing is a condition's sentence that ends with what is wrong; "" while nothing is.
func failing(sentence string, wrong func() error) func() string {
	return func() string {
		if err := wrong(); err != nil {
			return sentence + err.Error()
		}
		return ""
	}
}
