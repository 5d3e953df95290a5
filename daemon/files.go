package daemon

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"crs/ctl"
)

// locks are the files that keep a second daemon away, as they were taken.
type locks map[string]os.FileInfo

func (d *Daemon) rememberLocks() {
	d.locked = locks{}
	for _, path := range []string{filepath.Join(d.cfg.Data, ctl.DataLock), d.control.LockPath()} {
		if info, err := os.Stat(path); err == nil { // when it is gone already, there is nothing to compare with
			d.locked[path] = info
		}
	}
}

// lost is the path of a lock that is not there any more.
func (l locks) lost() string {
	for path, taken := range l {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(info, taken) {
			return path
		}
	}
	return ""
}

// dataFilesLost is what is wrong with the files of the data directory, besides the store and the ledger, that a daemon cannot do
// without: the key that secrets are sealed with, and the locks.
func (d *Daemon) dataFilesLost() string {
	if err := d.sealing.Intact(); err != nil {
		return err.Error() + ", while the daemon runs; without it secrets in the store cannot be read after the next start"
	}
	if path := d.locked.lost(); path != "" {
		return path + ", which keeps a second daemon away, was removed or replaced while the daemon runs"
	}
	return ""
}

// noticed is what was found the last time.
type noticed struct{ store, data, reserve, socket, room string }

// notice says in the log what somebody did to the files of the data directory, once, saves what only this process holds, and makes
// anew what can be. It gives what it found, to be given the next time.
func (d *Daemon) notice(ctx context.Context, before noticed) noticed {
	if d.upgrade.Load() != nil { // the files are another process's now
		return before
	}
	found := noticed{d.storeUnsafe(), d.dataFilesLost(), d.mendReserve(), d.mendSocket(before.socket), d.keepRoom(before.room)}
	if found == before {
		return found
	}
	d.alerts.Poke()
	if found.data != before.data && found.data != "" {
		d.rescueKey(found.data)
	}
	if found.store != before.store && found.store != "" {
		d.rescueStore(ctx, found.store)
	}
	if found == (noticed{}) {
		d.log.Info("the files of the data directory are in their place again")
	}
	return found
}

// rescueKey saves the key unless the key file has it.
func (d *Daemon) rescueKey(what string) {
	if d.sealing.Intact() == nil {
		d.log.Error("a file of the data directory is gone", "what", what)
		return
	}
	path, err := d.sealing.Rescue(d.opt.Now())
	if err != nil {
		d.log.Error("the key that secrets are sealed with is only in this process's memory, and could not be saved", "why", what, "error", err)
		return
	}
	d.log.Error("the key file is not what it was; the key was saved: put that in its place", "why", what, "saved_to", path)
}

func (d *Daemon) rescueStore(ctx context.Context, why string) {
	from, ok := d.store.(interface {
		Rescue(context.Context) (string, error)
	})
	if !ok {
		return
	}
	path, err := from.Rescue(ctx)
	if err != nil {
		d.log.Error("nothing more is written to the store, and what it held could not be saved: restore a backup (crs restore FILE); what was changed since is lost",
			"why", why, "error", err)
		return
	}
	d.log.Error("nothing more is written to the store; what it held was saved: stop the daemon, put that in the place of crs.db, remove crs.db-wal and crs.db-shm, and start it",
		"why", why, "saved_to", path)
}

// mendReserve makes the reserve for tokens whole again, and says what keeps it from that.
func (d *Daemon) mendReserve() string {
	found, err := d.reserve.Mend()
	if err != nil {
		return err.Error()
	}
	if found != nil {
		d.log.Warn("the reserve for tokens was changed while the daemon runs; it was made anew, and nothing is lost", "what", found)
	}
	return ""
}

// keepRoom takes the room that the store needs to be started on a disk that is full, and says what keeps it from that, once.
func (d *Daemon) keepRoom(before string) string {
	from, ok := d.store.(interface{ KeepRoom() error })
	if !ok {
		return ""
	}
	err := from.KeepRoom()
	if err == nil {
		return ""
	}
	if before == "" {
		d.log.Warn("should the disk be full at the next start, the store may not open", "error", err)
	}
	return err.Error()
}

// mendSocket listens at the control socket's path again when it is lost, and says what keeps it from that: also in the log, once, for
// nobody can ask for the status then.
func (d *Daemon) mendSocket(before string) (why string) {
	found, err := d.control.Mend()
	if found != nil {
		d.log.Warn("the control socket was made anew", "why", found)
	}
	if err == nil {
		return ""
	}
	if why = err.Error(); why != before {
		d.log.Error("commands do not reach this daemon; remove what is in the place of its socket, which it makes anew then", "error", err)
	}
	return why
}
