// Command manual writes crs' manual pages, one for each command, to a directory: go run ./ctl/cli/manual DIR VERSION.
package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra/doc"

	"crs/ctl/cli"
	"crs/ctl/cli/command"
)

func main() {
	time.Local = time.UTC // for the pages' date
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: manual DIR VERSION")
	}
	dir, version := args[0], args[1]
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the directory of the manual: %w", err)
	}
	tree := cli.Tree(command.Programs{Version: version})
	tree.DisableAutoGenTag = true
	// It is dated by SOURCE_DATE_EPOCH, so that the same source gives the same pages.
	header := &doc.GenManHeader{Title: "CRS", Section: "1", Source: "crs " + version, Manual: "crs"}
	if err := doc.GenManTree(tree, header, dir); err != nil {
		return fmt.Errorf("write the manual: %w", err)
	}
	return nil
}
