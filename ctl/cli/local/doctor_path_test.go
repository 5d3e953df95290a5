package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crs/ctl"
)

func TestWhichProgramIsRunByName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put := func(name, text string) string {
		t.Helper()
		sub := filepath.Join(dir, name)
		if err := os.Mkdir(sub, 0o700); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(sub, "crs")
		if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		return file
	}
	own := put("own", "\x7fELF")
	node := put("node", "#!/bin/bash\n# manages claude-relay-service\n")
	other := put("other", "\x7fELF, older")
	script := put("script", "#!/bin/sh\n")
	link := filepath.Join(dir, "link")
	if err := os.Mkdir(link, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(own, filepath.Join(link, "crs")); err != nil {
		t.Fatal(err)
	}
	path := func(files ...string) string {
		for i := range files {
			files[i] = filepath.Dir(files[i])
		}
		return strings.Join(files, string(filepath.ListSeparator))
	}
	for name, c := range map[string]struct {
		path  string
		state ctl.State
		says  string
	}{
		"own":              {path(own, other), ctl.OK, "typing crs runs " + own},
		"own by a link":    {path(link+"/crs", other), ctl.OK, "typing crs runs " + link + "/crs"},
		"none":             {path(dir + "/empty/crs"), ctl.Skipped, "no crs"},
		"another first":    {path(other, own), ctl.Warning, "another version, not " + own},
		"a script first":   {path(script, own), ctl.Warning, "runs this script"},
		"the Node relay":   {path(node, own), ctl.Bad, "the Node relay"},
		"behind ours":      {path(own, node), ctl.Warning, "the Node relay"},
		"behind another's": {path(other, node), ctl.Warning, "the Node relay"},
	} {
		if got := judgePath(c.path, own); got.State != c.state || !strings.Contains(got.Detail, c.says) || (c.state == ctl.Bad || c.state == ctl.Warning) && got.Hint == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
