package command

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"crs/ctl"
)

// Completer gives the words that can stand in one place. What goes wrong gives none: a shell has nowhere to show it.
type Completer func(ctx context.Context) []string

// Completions is for ValidArgsFunction: one completer for each argument.
func Completions(places ...Completer) cobra.CompletionFunc {
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

// Complete has a flag's values completed. It fails only for a flag that the command has not, which a test would find.
func Complete(cmd *cobra.Command, flag string, words Completer) { complete(cmd, flag, words, 0) }

// CompleteBeginnings has a flag's values completed that go on behind what is completed.
func CompleteBeginnings(cmd *cobra.Command, flag string, words Completer) {
	complete(cmd, flag, words, cobra.ShellCompDirectiveNoSpace)
}

func complete(cmd *cobra.Command, flag string, words Completer, also cobra.ShellCompDirective) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		all, directive := Completions(words)(cmd, nil, toComplete)
		return all, directive | also
	})
}

// CompleteNoFiles keeps a shell from offering files where a command says nothing else.
func CompleteNoFiles(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil && !cmd.HasSubCommands() {
		cmd.ValidArgsFunction = Completions()
	}
	for _, c := range cmd.Commands() {
		CompleteNoFiles(c)
	}
}

// Files is for ValidArgsFunction where a file is wanted.
func Files(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// Fixed completes words that are always the same.
func Fixed(words ...string) Completer {
	return func(context.Context) []string { return words }
}

// AccountNames completes accounts.
func (a *App) AccountNames(ctx context.Context) []string {
	all, _ := a.Client().Accounts(ctx)
	return Each(all, func(x *ctl.Account) string { return x.Name + "\t" + x.Platform + ", " + x.State })
}

// GroupNames completes groups.
func (a *App) GroupNames(ctx context.Context) []string {
	all, _ := a.Client().Groups(ctx)
	return Each(all, func(x *ctl.Group) string { return x.Name + "\t" + Plural(len(x.Accounts), "account") })
}

// KeyNames completes keys.
func (a *App) KeyNames(ctx context.Context) []string {
	all, _ := a.Client().Keys(ctx)
	return Each(all, func(x *ctl.Key) string { return x.Name + "\t" + x.State })
}

// ModelNames completes the models that have prices.
func (a *App) ModelNames(ctx context.Context) []string {
	all, _ := a.Client().Prices(ctx)
	return Each(all.Models, func(x *ctl.Price) string { return x.Model })
}
