package local

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"

	"crs/ctl"
)

// pathCheck finds out which program people run when they type crs: the service that this one replaces has a script of that
// name.
func pathCheck(path string) ctl.Check {
	own, err := os.Executable()
	if err != nil {
		return ctl.Check{Name: "path", State: ctl.Skipped, Detail: "where this crs is cannot be told"}
	}
	return judgePath(path, own)
}

func judgePath(path, own string) ctl.Check {
	c := ctl.Check{Name: "path", State: ctl.OK}
	all := namesakes(path)
	for i, file := range all {
		if sameFile(file, own) {
			continue
		}
		what := whatIs(file)
		switch {
		case what == nodeRelay:
			c.State, c.Subject, c.Detail = ctl.Bad, file, "this is the command of claude-relay-service, the Node relay"
			c.Hint = "crs migrate node-relay takes its keys over; then stop it and remove its command: " + ctl.ShellWord(file) + " stop; sudo rm " + ctl.ShellWord(file)
			if i > 0 {
				c.State = ctl.Warning // it is not what people get
			}
			return c
		case i == 0 && c.State == ctl.OK:
			c.State, c.Subject, c.Detail = ctl.Warning, file, "typing crs runs this "+what+", not "+own
			c.Hint = "remove it, or put the directory of the crs that you want first in the PATH"
		}
	}
	switch {
	case c.State != ctl.OK:
	case len(all) == 0:
		c.State, c.Detail = ctl.Skipped, "no crs is in the PATH"
	default:
		c.Detail = "typing crs runs " + all[0]
	}
	return c
}

// namesakes are the programs named crs in the PATH, in the order in which a shell looks.
func namesakes(path string) []string {
	var all []string
	for _, dir := range filepath.SplitList(path) {
		for _, name := range []string{"crs", "crs.exe"} {
			file := filepath.Join(dir, name)
			if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && (info.Mode().Perm()&0o111 != 0 || filepath.Ext(name) == ".exe") {
				all = append(all, file)
			}
		}
	}
	return all
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

const nodeRelay = "Node relay"

// whatIs looks into a program.
func whatIs(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return "program"
	}
	defer func() { _ = f.Close() }()
	text, _ := io.ReadAll(io.LimitReader(f, 256<<10))
	switch {
	case !bytes.HasPrefix(text, []byte("#!")):
		return "program, perhaps another version"
	case bytes.Contains(text, []byte("claude-relay-service")):
		return nodeRelay
	case strings.Contains(strings.SplitN(string(text), "\n", 2)[0], "node"):
		return "Node script"
	}
	return "script"
}
