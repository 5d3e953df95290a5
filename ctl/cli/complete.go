package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"crs/ctl"
)

// completer gives the words that can stand in one place. What goes wrong gives none: a shell has nowhere to show it.
type completer func(ctx context.Context) []string

// completions is for ValidArgsFunction: one completer for each argument.
func completions(places ...completer) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= len(places) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		// Whoever pressed tab does not wait for long.
		ctx, stop := context.WithTimeout(cmd.Context(), time.Second)
		defer stop()
		return places[len(args)](ctx), cobra.ShellCompDirectiveNoFileComp
	}
}

// complete has a flag's values completed. It fails only for a flag that the command has not, which a test would find.
func complete(cmd *cobra.Command, flag string, words completer) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		return completions(words)(cmd, nil, toComplete)
	})
}

// completeBeginnings has a flag's values completed that go on behind what is completed.
func completeBeginnings(cmd *cobra.Command, flag string, words completer) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		all, directive := completions(words)(cmd, nil, toComplete)
		return all, directive | cobra.ShellCompDirectiveNoSpace
	})
}

// completeNoFiles keeps a shell from offering files where a command says nothing else.
func completeNoFiles(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil && !cmd.HasSubCommands() {
		cmd.ValidArgsFunction = completions()
	}
	for _, c := range cmd.Commands() {
		completeNoFiles(c)
	}
}

// files is for ValidArgsFunction where a file is wanted.
func files(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

func fixed(words ...string) completer {
	return func(context.Context) []string { return words }
}

func (a *app) accountNames(ctx context.Context) []string {
	all, err := a.client().Accounts(ctx)
	return names(all, err, func(x *ctl.Account) string { return x.Name + "\t" + x.Platform + ", " + x.State })
}

func (a *app) groupNames(ctx context.Context) []string {
	all, err := a.client().Groups(ctx)
	return names(all, err, func(x *ctl.Group) string { return x.Name + "\t" + plural(len(x.Accounts), "account") })
}

func (a *app) keyNames(ctx context.Context) []string {
	all, err := a.client().Keys(ctx)
	return names(all, err, func(x *ctl.Key) string { return x.Name + "\t" + x.State })
}

func (a *app) modelNames(ctx context.Context) []string {
	all, err := a.client().Prices(ctx)
	return names(all.Models, err, func(x *ctl.Price) string { return x.Model })
}

func names[T any](all []T, err error, name func(*T) string) []string {
	if err != nil {
		return nil
	}
	found := make([]string, len(all))
	for i := range all {
		found[i] = name(&all[i])
	}
	return found
}
