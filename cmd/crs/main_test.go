package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain has the test binary play crs when a script calls it by that name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"crs": main})
}

// TestScripts drives the real binary. Each script has a data directory of its own in $CRS_DATA, whose name leaves room for a
// socket's path; the commands that scripts have besides testscript's own are in script_test.go.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			dir, err := os.MkdirTemp("", "crs")
			if err != nil {
				return err
			}
			env.Defer(func() { _ = os.RemoveAll(dir) })
			env.Vars = slices.DeleteFunc(env.Vars, func(v string) bool { return strings.HasPrefix(v, "CRS_") })
			env.Setenv("CRS_DATA", dir)
			env.Setenv("TMPDIR", dir) // demonstrations are made there, and have sockets too
			env.Setenv("CRS_LIMITS_CONNECTIONS", "100")
			env.Setenv("GORACE", "atexit_sleep_ms=0") // or every crs under the race detector ends a second late
			return nil
		},
		Cmds: scriptCommands(),
	})
}
