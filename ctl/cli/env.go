package cli

import (
	"context"
	"net"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/internal/secret"
)

// relayURL is where a client on the same machine finds what listens on an address.
func relayURL(listen string, tls bool) string {
	scheme := "http://"
	if tls {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return scheme + listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + net.JoinHostPort(host, port)
}

// settings is what a client is to be told, as JSON.
type settings struct {
	Client string            `json:"client"`
	Key    string            `json:"key"` // its name
	URL    string            `json:"url"` // of the relay, without a path
	Env    map[string]string `json:"env"`
	Unset  []string          `json:"unset"`
	Files  []settingsFile    `json:"files"`
}

// settingsFile is what a file is to hold, next to what it holds already.
type settingsFile struct {
	Path    string `json:"path"`
	Content string `json:"content"`
}

func (a *app) envCommand() *cobra.Command {
	var name, url, keyFile string
	cmd := &cobra.Command{
		Use: "env KEY_NAME --client CLIENT", Short: "Print what to paste into a client", Args: takes("KEY_NAME"), ValidArgsFunction: completions(a.keyNames),
		Long: "Prints what a client has to be told. crs keeps only a key's hash, so that cr_… stands for the key unless a file has it.",
		Example: "crs env alice --client claude-code\n" +
			"  crs env alice --client codex --key-file alice.key --url https://relay.example.com\n" +
			"  crs env alice --client gemini -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := findClient(name)
			if err != nil {
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
			return a.printEnv(c, &k, url, key)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&name, "client", "", "the `CLIENT`: "+strings.Join(clientNames(), ", "))
	flags.StringVar(&url, "url", "", "`URL` at which the client finds the relay, without a path; the address it listens on if none is given")
	flags.StringVar(&keyFile, "key-file", "", "`FILE` that has the key; - for standard input")
	complete(cmd, "client", fixed(clientNames()...))
	return cmd
}

// urlOr is the URL that was given, or that of what the daemon listens on.
func (a *app) urlOr(ctx context.Context, given string) (string, error) {
	if given != "" {
		return checkedURL(given)
	}
	s, err := a.client().Status(ctx)
	return relayURL(s.Listen, s.TLS), err
}

// checkedURL is a URL that can stand in a client's settings and have a path put after it.
func checkedURL(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(text, "\"'`$\\ ") {
		return "", ctl.Errorf(ctl.BadRequest, "--url: %q is not a URL such as https://relay.example.com", text)
	}
	return strings.TrimRight(text, "/"), nil
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

func (a *app) printEnv(c *client, k *ctl.Key, url string, key secret.String) error {
	text := placeholder
	if !key.Empty() {
		text = key.Reveal()
	}
	vars := c.env(url, text)
	s := settings{Client: c.name, Key: k.Name, URL: url, Env: map[string]string{}, Unset: list(c.unset), Files: []settingsFile{}}
	for _, v := range vars {
		s.Env[v.name] = v.value
	}
	if c.path != "" {
		s.Files = append(s.Files, settingsFile{c.path, c.text(url)})
	}
	return a.show(s, func() {
		a.say("# %s with key %s.", c.title, k.Name)
		a.sayOfKey(k, !key.Empty())
		for _, f := range s.Files {
			a.say("# %s %s:\n\n%s", c.merge, f.Path, f.Content)
		}
		if c.note != "" {
			a.say("# %s", c.note)
		}
		a.say("# Paste this into the shell that starts it%s.", c.or)
		for _, v := range vars {
			a.say("export %s=%s", v.name, v.value)
		}
		if len(c.unset) > 0 {
			a.say("unset %s", strings.Join(c.unset, " "))
		}
	})
}

// sayOfKey says what is to be known of a key before it is pasted.
func (a *app) sayOfKey(k *ctl.Key, whole bool) {
	if !whole {
		a.say("# crs keeps only the key's hash: put the key (%s) where %s stands.", k.Hint, placeholder)
	}
	if k.State != "active" {
		a.say("# This key is %s now: requests with it are refused.", k.State)
	}
	if len(k.Limits.Permissions) > 0 {
		a.say("# This key may use accounts of these only: %s.", strings.Join(k.Limits.Permissions, ", "))
	}
}

// list is never null in JSON.
func list(items []string) []string {
	if items == nil {
		return []string{}
	}
	return items
}
