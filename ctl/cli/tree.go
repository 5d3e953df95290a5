package cli

import "github.com/spf13/cobra"

// Tree is all the commands, for what is written about them.
func Tree(p Programs) *cobra.Command {
	a := &app{programs: p}
	return a.root()
}
