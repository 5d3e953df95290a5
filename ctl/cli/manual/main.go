// Command manual writes crs' manual pages, one for each command, to a directory: go run ./ctl/cli/manual DIR VERSION.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra/doc"

	"crs/ctl/cli"
	"crs/ctl/cli/command"
)

func main() {
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
	date, err := dated()
	if err != nil {
		return err
	}
	tree := cli.Tree(command.Programs{Version: version})
	tree.DisableAutoGenTag = true
	header := &doc.GenManHeader{Title: "CRS", Section: "1", Source: "crs " + version, Manual: "crs", Date: &date}
	if err := doc.GenManTree(tree, header, dir); err != nil {
		return fmt.Errorf("write the manual: %w", err)
	}
	return nil
}

// dated is when the release was made, so that the same source gives the same pages.
func dated() (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return time.Now().UTC(), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("read SOURCE_DATE_EPOCH: %w", err)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
