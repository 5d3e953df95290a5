package remote

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/internal/secret"
)

func (a *app) accountAddCommand() *cobra.Command {
	var flags accountFlags
	var keyFile, credentials string
	cmd := &cobra.Command{
		Use: "add PLATFORM NAME [--api-key-file FILE]", Short: "Add an account that has an API key, or a file of credentials", Args: command.Takes("PLATFORM", "NAME"),
		Long: "Adds an account that has an API key. The key is read from a file, with - from standard input, or it is asked for; never from\n" +
			"the command line, which other users of the machine can see. A file of credentials for a service (" + a.whereThat(ctl.ByService) + ") is read\n" +
			"in the place of a key: --credentials-file FILE." + a.keyFiles(),
		Example:           a.examples("add", ctl.ByKey, ctl.ByService),
		ValidArgsFunction: command.Completions(a.platformsThat(ctl.ByKey, ctl.ByService)),
		RunE: func(cmd *cobra.Command, args []string) error {
			x := ctl.NewAccount{Platform: args[0], Name: args[1]}
			if cmd.Flags().Changed("credentials-file") {
				var err error
				if x.File, err = a.credentials(cmd, credentials, flags.proxyFile); err != nil {
					return err
				}
				return a.addAccount(cmd, &flags, x)
			}
			key, err := a.apiKey(cmd.Context(), args[0], keyFile, flags.proxyFile)
			if err != nil {
				return err
			}
			x.APIKey = key.Reveal()
			return a.addAccount(cmd, &flags, x)
		},
	}
	cmd.Flags().StringVar(&keyFile, "api-key-file", "", "`FILE` that has the API key; - for standard input")
	cmd.Flags().StringVar(&credentials, "credentials-file", "", "`FILE` of credentials for a service, in the place of an API key; - for standard input ("+a.whereThat(ctl.ByService)+")")
	flags.addTo(a, cmd, false)
	flags.addGroups(a, cmd)
	return cmd
}

// credentials reads a file of credentials for a service.
func (a *app) credentials(cmd *cobra.Command, file, proxyFile string) ([]byte, error) {
	switch {
	case cmd.Flags().Changed("api-key-file"):
		return nil, ctl.Errorf(ctl.BadRequest, "--credentials-file and --api-key-file do not go together: an account has one credential")
	case file == "":
		return nil, ctl.Errorf(ctl.BadRequest, "--credentials-file: the file's name is empty").WithHint("name a file, or - for standard input")
	case file == "-" && proxyFile == "-":
		return nil, ctl.Errorf(ctl.BadRequest, "the credentials and the proxy cannot both come from standard input")
	}
	return a.ReadFile("the credentials", file)
}

// keyFiles says what may be in a file besides a key alone.
func (a *app) keyFiles() string {
	return a.ofPlatforms(func(p *ctl.Platform) string {
		return command.Only(p.KeyHelp != "", fmt.Sprintf("\n\nFor %s the file has %s.", p.Name, p.KeyHelp))
	})
}

// apiKey reads the key from a file, or asks for it.
func (a *app) apiKey(ctx context.Context, platform, file, proxyFile string) (secret.String, error) {
	switch {
	case file == "-" && proxyFile == "-":
		return secret.String{}, ctl.Errorf(ctl.BadRequest, "the API key and the proxy cannot both come from standard input")
	case file != "":
		return a.readKey(platform, file)
	case a.IO.Somebody:
		return a.AskSecret(ctx, theKey)
	}
	return secret.String{}, ctl.Errorf(ctl.BadRequest, "the API key is missing").
		WithHint("name a file that has it: --api-key-file FILE, or - for standard input")
}

const theKey = "the API key"

// readKey reads an API key. Those of some platforms may be several lines.
func (a *app) readKey(platform, file string) (secret.String, error) {
	if p, _ := a.Programs.Catalogue.Platform(platform); !p.KeyLines {
		return a.ReadSecret(theKey, file)
	}
	text, err := a.ReadFile(theKey, file)
	if err == nil && strings.TrimSpace(string(text)) == "" {
		err = ctl.Errorf(ctl.BadRequest, "%s is empty", theKey)
	}
	return secret.New(string(text)), err
}

// TermsNote is said when a subscription is added.
const TermsNote = "note: a provider's terms may forbid sharing a subscription; that risk is yours"

func (a *app) accountImportCommand() *cobra.Command {
	var flags accountFlags
	var file string
	cmd := &cobra.Command{
		Use: "import PLATFORM NAME --file PATH", Short: "Add an account from what a client saved when it logged in", Args: command.Takes("PLATFORM", "NAME"),
		Long: "Adds an account from the file that a client saved when it logged in:\n\n" + a.savedFiles() +
			"\nFrom then on crs renews the tokens, so that the client that saved them may have to log in again.",
		Example:           a.examples("import", ctl.ByFile),
		ValidArgsFunction: command.Completions(a.platformsThat(ctl.ByFile)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" {
				return ctl.Errorf(ctl.BadRequest, "the file to import is missing").WithHint("name it: --file PATH, or - for standard input")
			}
			if file == "-" && flags.proxyFile == "-" {
				return ctl.Errorf(ctl.BadRequest, "the login and the proxy cannot both come from standard input")
			}
			saved, err := a.ReadFile("the saved login", file)
			if err != nil {
				return err
			}
			return a.addAccount(cmd, &flags, ctl.NewAccount{Platform: args[0], Name: args[1], File: saved})
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "`PATH` of the file; - for standard input")
	flags.addTo(a, cmd, false)
	flags.addGroups(a, cmd)
	return cmd
}

// savedFiles lists what can be imported.
func (a *app) savedFiles() string {
	return a.ofPlatforms(func(p *ctl.Platform) string {
		return command.Only(p.File != "", fmt.Sprintf("  %-8s %s\n", p.Name, p.File))
	})
}

// addAccount adds what flags say to an account that has its credential, and has the daemon take it.
func (a *app) addAccount(cmd *cobra.Command, flags *accountFlags, x ctl.NewAccount) error {
	if err := flags.fill(a, cmd, &x); err != nil {
		return err
	}
	added, err := a.Client().AddAccount(cmd.Context(), x)
	if err == nil {
		a.noteTerms(&added)
	}
	return command.Result(a.App, added, err, func(x ctl.Account) { a.sayAdded(&x, "is added") })
}

// noteTerms says whose risk a subscription is.
func (a *app) noteTerms(x *ctl.Account) {
	if x.Subscription() {
		_, _ = fmt.Fprintln(a.IO.Err, TermsNote)
	}
}

func (a *app) sayAdded(x *ctl.Account, did string) {
	a.Say("account %s %s; its state: %s", x.Name, did, x.State)
	a.Say("see whether it works: crs account test %s", ctl.ShellWord(x.Name))
}

func (a *app) accountEditCommand() *cobra.Command {
	var flags accountFlags
	var keyFile, credentials string
	cmd := &cobra.Command{
		Use: "edit NAME", Short: "Change an account", Args: command.Takes("NAME"), ValidArgsFunction: command.Completions(a.AccountNames),
		Long: "Changes what is given, and nothing else; an empty text or list takes the old one away. The groups of an account are changed\n" +
			"with crs group.",
		Example: "crs account edit work --priority 10 --max-concurrency 8\n" +
			"  crs account edit work --models 'claude-sonnet-*,claude-haiku-*'\n" +
			"  crs account edit work --proxy ''",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := command.ChangesSomething(cmd); err != nil {
				return err
			}
			old, err := a.Client().Account(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			edit := ctl.AccountEdit{Version: &old.Version} // lists are changed from what they were
			if err := flags.into(a, cmd, &edit, old.Platform, old.Options); err != nil {
				return err
			}
			if err := a.editKey(cmd, &edit, old.Platform, keyFile); err != nil {
				return err
			}
			if cmd.Flags().Changed("credentials-file") {
				file, err := a.credentials(cmd, credentials, flags.proxyFile)
				if err != nil {
					return err
				}
				edit.File = new(string(file))
			}
			x, err := a.Client().EditAccount(cmd.Context(), args[0], edit)
			return command.Result(a.App, x, err, a.accountFacts)
		},
	}
	cmd.Flags().StringVar(&keyFile, "api-key-file", "", "`FILE` that has a new API key; - for standard input")
	cmd.Flags().StringVar(&credentials, "credentials-file", "", "new `FILE` of credentials for a service; - for standard input ("+a.whereThat(ctl.ByService)+")")
	flags.addTo(a, cmd, true)
	return cmd
}

// editKey adds a new API key, if one was given.
func (a *app) editKey(cmd *cobra.Command, edit *ctl.AccountEdit, platform, keyFile string) error {
	switch {
	case !cmd.Flags().Changed("api-key-file"):
		return nil
	case keyFile == "":
		return ctl.Errorf(ctl.BadRequest, "--api-key-file: the file's name is empty").WithHint("an account cannot be without its key; take it out of use with: crs account disable %s", ctl.ShellWord(cmd.Flags().Arg(0)))
	}
	key, err := a.readKey(platform, keyFile)
	if err != nil {
		return err
	}
	edit.APIKey = new(key.Reveal())
	return nil
}
