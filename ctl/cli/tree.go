package cli

import (
	"github.com/spf13/cobra"

	"crs/ctl/cli/command"
)

// Tree is all the commands, for what is written about them.
func Tree(p command.Programs) *cobra.Command {
	a := &command.App{Programs: p}
	return rootOf(a)
}
