package cli

import (
	"context"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/internal/secret"
)

// variable is one of an environment.
type variable struct{ name, value string }

// claudeCode is what Claude Code wants to be told. It adds the path of a request to the URL.
func claudeCode(url, key string) []variable {
	return []variable{{"ANTHROPIC_BASE_URL", url + "/api/"}, {"ANTHROPIC_AUTH_TOKEN", key}}
}

// relayURL is where a client on the same machine finds what listens on an address.
func relayURL(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "http://" + listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// settings is what a client is to be told, as JSON.
type settings struct {
	Client string            `json:"client"`
	Key    string            `json:"key"` // its name
	Env    map[string]string `json:"env"`
	Unset  []string          `json:"unset"`
}

func (a *app) envCommand() *cobra.Command {
	var client, url, keyFile string
	cmd := &cobra.Command{
		Use: "env KEY_NAME --client CLIENT", Short: "Print what to paste into a client", Args: takes("KEY_NAME"), ValidArgsFunction: completions(a.keyNames),
		Long: "Prints what a client has to be told. crs keeps only a key's hash, so that cr_… stands for the key unless a file has it.",
		Example: "crs env alice --client claude-code\n" +
			"  crs env alice --client claude-code --key-file alice.key --url https://relay.example.com",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := served(client); err != nil {
				return err
			}
			k, err := a.client().Key(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			key, err := a.keyFrom(keyFile, &k)
			if err != nil {
				return err
			}
			if url, err = a.urlOr(cmd.Context(), url); err != nil {
				return err
			}
			return a.printEnv(&k, url, key)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&client, "client", "", "the `CLIENT`: claude-code")
	flags.StringVar(&url, "url", "", "`URL` at which the client finds the relay, without a path; the address it listens on if none is given")
	flags.StringVar(&keyFile, "key-file", "", "`FILE` that has the key; - for standard input")
	complete(cmd, "client", fixed("claude-code"))
	return cmd
}

// urlOr is the URL that was given, or that of what the daemon listens on.
func (a *app) urlOr(ctx context.Context, given string) (string, error) {
	if given != "" {
		return strings.TrimSuffix(given, "/"), nil
	}
	s, err := a.client().Status(ctx)
	return relayURL(s.Listen), err
}

// served checks that a client is one whose requests this version relays.
func served(client string) error {
	switch client {
	case "claude-code":
		return nil
	case "":
		return ctl.Errorf(ctl.BadRequest, "the client is missing").WithHint("name it: --client claude-code")
	}
	return ctl.Errorf(ctl.BadRequest, "client %q is not served by this version", client).WithHint("these are: claude-code")
}

// keyFrom reads the key from a file; empty without one.
func (a *app) keyFrom(file string, k *ctl.Key) (secret.String, error) {
	if file == "" {
		return secret.String{}, nil
	}
	key, err := a.readSecret("the key", file)
	if err == nil && !strings.HasPrefix(key.Reveal(), strings.TrimSuffix(k.Hint, "…")) {
		err = ctl.Errorf(ctl.BadRequest, "this is not key %s, which begins with %s", k.Name, k.Hint)
	}
	return key, err
}

const placeholder = "cr_…"

func (a *app) printEnv(k *ctl.Key, url string, key secret.String) error {
	text := placeholder
	if !key.Empty() {
		text = key.Reveal()
	}
	vars := claudeCode(url, text)
	s := settings{Client: "claude-code", Key: k.Name, Env: map[string]string{}, Unset: []string{"ANTHROPIC_API_KEY"}}
	for _, v := range vars {
		s.Env[v.name] = v.value
	}
	return a.show(s, func() {
		a.say("# Claude Code with key %s. Paste this into a shell, or put the values under \"env\" in ~/.claude/settings.json.", k.Name)
		if key.Empty() {
			a.say("# crs keeps only the key's hash: put the key (%s) where %s stands.", k.Hint, placeholder)
		}
		if k.State != "active" {
			a.say("# This key is %s now: requests with it are refused.", k.State)
		}
		for _, v := range vars {
			a.say("export %s=%s", v.name, v.value)
		}
		a.say("unset ANTHROPIC_API_KEY")
	})
}
