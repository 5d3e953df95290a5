package daemon

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"crs/ctl"
	"crs/daemon/alert"
	"crs/internal/store"
)

// condition is something about the daemon itself that somebody has to know or mend. It is in status, doctor, the metrics and
// alerts.
type condition struct {
	code, severity string
	// what gives a sentence, without its full stop; "" when all is well.
	what func(*Daemon) string
	hint string
	// mend, if not nil, says what to do about the error behind it, before the hint.
	mend func(*Daemon) string
}

// conditions are all of them, the worst first.
func conditions() []condition {
	return []condition{
		{"store_unsafe", ctl.SeverityFailed, (*Daemon).storeUnsafe,
			"nothing is written to the store until its file is back; stop the daemon, put crs.db back (what it held is saved beside it as crs.db.rescued-… where the disk let it be; " +
				"else crs restore FILE), remove crs.db-wal and crs.db-shm, and start it", nil},
		{"data_files_lost", ctl.SeverityFailed, (*Daemon).dataFilesLost,
			"put the file back before this daemon ends: the key is saved beside the key file as seal.key.rescued-… where the disk let it be (mv that to seal.key); " +
				"when it is a lock, start no second daemon on this directory, and restart this one (crs stop, crs start)", nil},
		{"token_only_in_memory", ctl.SeverityFailed, (*Daemon).tokensInMemory,
			"do not stop the daemon before: the account would need a login", (*Daemon).mendTokens},
		{"ledger_not_written", ctl.SeverityFailed, (*Daemon).ledgerNotWritten,
			"what waits is not lost", (*Daemon).mendLedger},
		{"ledger_on_reserve", ctl.SeverityFailed, (*Daemon).ledgerOnReserve,
			"make room on the disk of the data directory; what comes when the reserve is used up waits in memory", nil},
		{"ledger_files_lost", ctl.SeverityFailed, (*Daemon).ledgerFilesLost,
			"find out who removes or cuts files in the data directory; usage that was added up before is still counted", nil},
		{"connections_not_accepted", ctl.SeverityFailed, (*Daemon).notAccepted,
			"raise the limit of open files, or of the memory, that the error names: of a process that runs with prlimit --pid PID --nofile=NUMBER (crs status has " +
				"the PID), for good with LimitNOFILE= in the unit; it is over when nobody was kept waiting for ten seconds", nil},
		{"store_away", ctl.SeverityFailed, (*Daemon).storeAway,
			"see that Redis runs and can be reached from here; usage is in the ledger of this node meanwhile, and is not lost", nil},
		{"usage_not_counted", ctl.SeverityWarning, (*Daemon).usageNotCounted,
			"usage waits in the ledger and is not lost; it is added up when the store takes it", nil},
		{"usage_withheld", ctl.SeverityWarning, (*Daemon).usageWithheld,
			"compare crs usage with crs requests: nothing is counted twice, but what the store had not taken is not in usage; find out what removed the node's " +
				"name or its mark in Redis, and remove the file usage-withheld from the data directory when you have read this", nil},
		{"token_not_stored", ctl.SeverityWarning, (*Daemon).tokensNotStored,
			"see that the store can be written; nothing is lost: this daemon goes on trying, and so does the next one", nil},
		{"token_locked_elsewhere", ctl.SeverityWarning, (*Daemon).tokensLocked,
			"start that node again: it takes the lock over and puts what it has into the store; without it the lock ends an hour after it was taken, and crs account " +
				"login renews the account at once", nil},
		{"token_reserve_lost", ctl.SeverityWarning, (*Daemon).reserveLost,
			"it is made anew within seconds; if it is not, see that the data directory can be written and has room", nil},
		{"control_socket_lost", ctl.SeverityWarning, (*Daemon).socketLost,
			"it is made anew within seconds when it was removed, or is a socket on which nobody listens; remove what else is in its place", nil},
		{"clock_set", ctl.SeverityWarning, (*Daemon).clockSet,
			"nothing has to be done if the time is right now; limits of a minute are not concerned", nil},
		{"few_descriptors", ctl.SeverityWarning, (*Daemon).fewDescriptors,
			"raise the limit of open files (LimitNOFILE= in the unit, ulimit -n before crs serve) or lower limits.connections, and restart the daemon; " +
				"one that was lowered while it runs is raised with prlimit --pid PID --nofile=NUMBER", nil},
		{"ledger_damaged", ctl.SeverityWarning, (*Daemon).ledgerDamaged,
			"see to the disk; what was added up before the damage is still counted", nil},
	}
}

// since is when each condition was first seen.
type since struct {
	mu sync.Mutex // guards at
	at map[string]time.Time
}

// of gives when a condition that is seen now began, and forgets it when it is over.
func (s *since) of(code string, on bool, now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !on {
		delete(s.at, code)
		return time.Time{}
	}
	if s.at == nil {
		s.at = map[string]time.Time{}
	}
	if _, known := s.at[code]; !known {
		s.at[code] = now.UTC()
	}
	return s.at[code]
}

// conditionsNow are those that hold.
func (d *Daemon) conditionsNow() []ctl.Condition {
	all := []ctl.Condition{}
	for _, c := range conditions() {
		sentence := c.what(d)
		began := d.since.of(c.code, sentence != "", d.opt.Now())
		if sentence != "" {
			all = append(all, ctl.Condition{Code: c.code, Severity: c.severity, Sentence: sentence, Hint: c.remedy(d), Since: began})
		}
	}
	return all
}

func (c *condition) remedy(d *Daemon) string {
	if c.mend == nil {
		return c.hint
	}
	return c.mend(d) + "; " + c.hint
}

// conditionsByCode tells of each whether it holds.
func (d *Daemon) conditionsByCode() map[string]bool {
	all := map[string]bool{}
	for _, c := range conditions() {
		all[c.code] = false
	}
	for _, c := range d.conditionsNow() {
		all[c.Code] = true
	}
	return all
}

// conditionTroubles are the conditions as alerts.
func (d *Daemon) conditionTroubles() []alert.Trouble {
	var all []alert.Trouble
	for _, c := range d.conditionsNow() {
		all = append(all, alert.Trouble{Key: "condition " + c.Code, What: capital(c.Sentence), Mend: capital(c.Hint)})
	}
	return all
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

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

func (d *Daemon) ledgerOnReserve() string {
	left, err := d.ledger.Reserve()
	if err == nil {
		return ""
	}
	return fmt.Sprintf("the disk is full; the ledger is written into the room that it has reserved, of which %d bytes are left", left)
}

func (d *Daemon) usageNotCounted() string {
	if err := d.ledger.Late(); err != nil {
		return "usage cannot be added up in the store: " + err.Error()
	}
	return ""
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
	}{{h.Gone, "were removed, with the records in them"}, {h.Cut, "were cut, with the records behind the cut"}, {h.Remade, "were removed and written anew; nothing of them is lost"}} {
		if len(c.segments) > 0 {
			said = append(said, fmt.Sprintf("%s %s", segmentFiles(c.segments), c.what))
		}
	}
	if len(said) == 0 {
		return ""
	}
	return "files of the ledger were changed while the daemon runs: " + strings.Join(said, "; ")
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

func (d *Daemon) storeAway() string {
	if err := d.shared.health.get(); err != nil {
		return "the store cannot be used: " + err.Error()
	}
	return ""
}

// storeUnsafe is what is wrong with the files of a store that keeps some.
func (d *Daemon) storeUnsafe() string {
	kept, ok := d.store.(interface{ Intact() error })
	if !ok {
		return ""
	}
	if err := kept.Intact(); err != nil {
		return err.Error()
	}
	return ""
}
