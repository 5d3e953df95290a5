package remote

import (
	"context"
	"net"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/internal/secret"
)

// relayURL is where a client on the same machine finds what listens on an address.
func relayURL(listen string, tls bool) string {
	scheme := "http" + command.Only(tls, "s") + "://"
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return scheme + listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + net.JoinHostPort(host, port)
}

// Settings is what a client is to be told, as JSON.
type Settings struct {
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
		Use: "env KEY_NAME --client CLIENT", Short: "Print what to paste into a client", Args: command.Takes("KEY_NAME"), ValidArgsFunction: command.Completions(a.KeyNames),
		Long:    "Prints what a client has to be told. crs keeps only a key's hash, so that cr_… stands for the key unless a file has it.",
		Example: a.envExamples(),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.findProgram(cmd.Context(), name)
			if err != nil {
				return err
			}
			k, err := a.Client().Key(cmd.Context(), args[0])
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
			return a.printEnv(&c, name, &k, url, key)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&name, "client", "", "the `CLIENT`: "+strings.Join(programNames(&a.Programs.Catalogue), ", "))
	flags.StringVar(&url, "url", "", "`URL` at which the client finds the relay, without a path; the address it listens on if none is given")
	flags.StringVar(&keyFile, "key-file", "", "`FILE` that has the key; - for standard input")
	command.Complete(cmd, "client", func(ctx context.Context) []string { c := a.catalogue(ctx); return programNames(&c) })
	return cmd
}

// envExamples has one for each of the first clients.
func (a *app) envExamples() string {
	more := []string{"", " --key-file alice.key --url https://relay.example.com", " -o json"}
	var lines []string
	for i, p := range a.Programs.Catalogue.Clients[:min(len(more), len(a.Programs.Catalogue.Clients))] {
		lines = append(lines, "crs env alice --client "+p.Name+more[i])
	}
	return strings.Join(lines, "\n  ")
}

// urlOr is the URL that was given, or that of what the daemon listens on.
func (a *app) urlOr(ctx context.Context, given string) (string, error) {
	if given != "" {
		return checkedURL(given)
	}
	s, err := a.Client().Status(ctx)
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
	key, err := a.ReadSecret("the key", file)
	if err == nil && !strings.HasPrefix(key.Reveal(), strings.TrimSuffix(k.Hint, "…")) {
		err = ctl.Errorf(ctl.BadRequest, "this is not key %s, which begins with %s", k.Name, k.Hint)
	}
	return key, err
}

const placeholder = "cr_…"

func (a *app) printEnv(c *ctl.Program, name string, k *ctl.Key, url string, key secret.String) error {
	text := placeholder
	if !key.Empty() {
		text = key.Reveal()
	}
	told := c.Filled(url, text)
	s := Settings{Client: name, Key: k.Name, URL: url, Env: map[string]string{}, Unset: append([]string{}, c.Unset...), Files: []settingsFile{}}
	for _, v := range told.Variables {
		s.Env[v.Name] = v.Value
	}
	if told.File != nil {
		s.Files = append(s.Files, settingsFile{told.File.Path, told.File.Content})
	}
	return a.Show(s, func() {
		a.Say("# %s with key %s.", c.Title, k.Name)
		a.sayOfKey(k, !key.Empty())
		a.sayProgram(&told)
	})
}

// sayProgram is what is pasted.
func (a *app) sayProgram(p *ctl.Program) {
	if p.File != nil {
		a.Say("# %s %s:\n\n%s", p.File.Merge, p.File.Path, p.File.Content)
	}
	if p.Note != "" {
		a.Say("# %s", p.Note)
	}
	a.Say("# Paste this into the shell that starts it%s.", p.Elsewhere)
	for _, v := range p.Variables {
		a.Say("export %s=%s", v.Name, v.Value)
	}
	if len(p.Unset) > 0 {
		a.Say("unset %s", strings.Join(p.Unset, " "))
	}
}

// sayFirst is what the first client there is has to be told.
func (a *app) sayFirst(url, key string) {
	for _, p := range a.Programs.Catalogue.Clients[:min(1, len(a.Programs.Catalogue.Clients))] {
		a.Say("for %s:\n", p.Title)
		told := p.Filled(url, key)
		for _, v := range told.Variables {
			a.Say("  export %s=%s", v.Name, v.Value)
		}
	}
}

func programNames(c *ctl.Catalogue) []string {
	return command.Each(c.Clients, func(p *ctl.Program) string { return p.Name })
}

// findProgram gives the client of a name.
func (a *app) findProgram(ctx context.Context, name string) (ctl.Program, error) {
	c := a.catalogue(ctx)
	p, ok := c.Program(name)
	all := programNames(&c)
	switch {
	case ok:
		return p, nil
	case name == "":
		return p, ctl.Errorf(ctl.BadRequest, "the client is missing").WithHint("name it: --client %s", strings.Join(all, "|"))
	}
	return p, ctl.Errorf(ctl.BadRequest, "crs does not know how client %q is set up", name).WithHint("it knows: %s; see docs/clients.md for others", strings.Join(all, ", "))
}

// sayOfKey says what is to be known of a key before it is pasted.
func (a *app) sayOfKey(k *ctl.Key, whole bool) {
	if !whole {
		a.Say("# crs keeps only the key's hash: put the key (%s) where %s stands.", k.Hint, placeholder)
	}
	if k.State != "active" {
		a.Say("# This key is %s now: requests with it are refused.", k.State)
	}
	if len(k.Limits.Permissions) > 0 {
		a.Say("# This key may use accounts of these only: %s.", strings.Join(k.Limits.Permissions, ", "))
	}
}
