package checkup

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"crs/ctl"
)

// bits are the modes of Unix; other systems have none that say anything.
func bits() bool { return runtime.GOOS != "windows" }

// socketCheck: whoever may open the control socket operates the daemon.
func socketCheck(path string) ctl.Check {
	c := ctl.Check{Name: "socket", Subject: path, State: ctl.OK}
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		c.State, c.Detail = ctl.Bad, "the control socket cannot be found: "+reason(err)
		c.Hint = "somebody removed it from under the daemon, which makes it anew within seconds; if it does not, restart it"
	case info.Mode().Type() != fs.ModeSocket:
		c.State, c.Detail = ctl.Bad, "what is there is no socket"
		c.Hint = "somebody put it there from under the daemon; remove it, and the daemon makes its own anew within seconds"
	case bits() && info.Mode().Perm()&0o007 != 0:
		c.State, c.Detail = ctl.Bad, fmt.Sprintf("everybody on this machine may use the control socket (mode %#o)", info.Mode().Perm())
		c.Hint = "chmod 660 " + ctl.ShellWord(path)
	default:
		c.Detail = fmt.Sprintf("only its owner and its group may use the control socket (mode %#o)", info.Mode().Perm())
	}
	return c
}

// keyFileCheck: the key file opens every credential in the store. The daemon looked at it when it started; this is now.
func keyFileCheck(path string, wrong func() error) ctl.Check {
	c := ctl.Check{Name: "key-file", Subject: path, State: ctl.OK}
	info, err := os.Stat(path)
	switch harm := wrong(); {
	case err != nil:
		c.State, c.Detail = ctl.Bad, "the key file cannot be found: "+reason(err)
		c.Hint = keyHint
	case bits() && info.Mode().Perm()&^0o600 != 0:
		c.State, c.Detail = ctl.Bad, fmt.Sprintf("others than its owner may use the key file (mode %#o)", info.Mode().Perm())
		c.Hint = "chmod 600 " + ctl.ShellWord(path)
	case harm != nil:
		c.State, c.Detail, c.Hint = ctl.Bad, harm.Error(), keyHint
	default:
		c.Detail = fmt.Sprintf("only its owner may read the key that secrets are sealed with (mode %#o)", info.Mode().Perm())
	}
	return c
}

// keyHint: the daemon has saved the key when it noticed.
const keyHint = "without it no credential in the store can be read after the next start; the daemon has saved its key beside it, as seal.key.rescued-…: " +
	"put that in its place now, or restore it from a backup"

// dataCheck: the ledger in the data directory says who asked for what and when.
func dataCheck(dir string) ctl.Check {
	c := ctl.Check{Name: "data", Subject: dir, State: ctl.OK}
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		c.State, c.Detail = ctl.Bad, "the data directory cannot be found: "+reason(err)
		c.Hint = "somebody removed it from under the daemon; restore it from a backup, then restart the daemon"
	case bits() && info.Mode().Perm()&0o027 != 0:
		c.State, c.Detail = ctl.Warning, fmt.Sprintf("others than its owner and its group may look into the data directory (mode %#o)", info.Mode().Perm())
		c.Hint = "chmod 700 " + ctl.ShellWord(dir)
	case bits() && info.Mode().Perm()&0o050 != 0:
		c.Detail = fmt.Sprintf("only its owner and its group may look into the data directory, and only its owner into what is in it (mode %#o)", info.Mode().Perm())
	default:
		c.Detail = fmt.Sprintf("only its owner may look into the data directory (mode %#o)", info.Mode().Perm())
	}
	return c
}

// reason leaves the path out, which is told beside it.
func reason(err error) string {
	if e, ok := err.(*fs.PathError); ok {
		return e.Err.Error()
	}
	return err.Error()
}
