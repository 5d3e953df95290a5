package local

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/internal/config"
)

func (a *app) configCommand() *cobra.Command {
	return a.Noun("config", "The configuration: where it is, what it says, whether it is right", []*cobra.Command{
		a.configPathCommand(), a.configShowCommand(), a.configCheckCommand(),
	})
}

// places are where things are, as JSON.
type places struct {
	Config string `json:"config"`
	Data   string `json:"data"`
	Socket string `json:"socket"`
}

func (a *app) configPathCommand() *cobra.Command {
	return &cobra.Command{
		Use: "path", Short: "Print where the configuration file, the data and the socket are", Args: command.Takes(),
		Example: "crs config path\n  CRS_DATA=/srv/crs crs config path",
		RunE: func(*cobra.Command, []string) error {
			p, err := a.places()
			return command.Result(a.App, p, err, func(p places) {
				a.Facts(command.Fact{"config", p.Config}, command.Fact{"data", p.Data}, command.Fact{"socket", p.Socket})
			})
		},
	}
}

// places are known even when the file has mistakes: somebody wants to find it then.
func (a *app) places() (places, error) {
	if loaded, err := config.Load(a.Source(said("socket", a.Socket))); err == nil {
		return places{loaded.File, loaded.Config.Data, loaded.Config.Socket}, nil
	}
	p, err := config.DefaultPaths(a.IO.Getenv, a.IO.UID, absolute(a.IO.Getenv("CRS_DATA")))
	if err != nil {
		return places{}, err
	}
	return places{cmp.Or(absolute(a.IO.Getenv("CRS_CONFIG")), p.Config), p.Data, a.Client().Socket()}, nil
}

// said is a flag that sets a key of the configuration, unless it says nothing.
func said(key, value string) map[string]string {
	if value == "" {
		return nil
	}
	return map[string]string{key: value}
}

// absolute resolves a path that may be relative to the working directory.
func absolute(path string) string {
	if whole, err := filepath.Abs(path); err == nil && path != "" {
		return whole
	}
	return path
}

// configuration is what is in force, or would be, as JSON.
type configuration struct {
	Source   string        `json:"source"` // daemon, or files when none runs
	Socket   string        `json:"socket,omitempty"`
	Settings []ctl.Setting `json:"settings"`
	Warnings []string      `json:"warnings"` // about what crs serve would use; a daemon that runs has said its own in its log
}

func (a *app) configShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Show every setting, and where it comes from", Args: command.Takes(),
		Long:    "Shows every setting of the daemon, and where it comes from. When none runs, shows what crs serve would use.",
		Example: "crs config show\n  crs config show -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c := configuration{Source: "daemon", Socket: a.Client().Socket(), Warnings: []string{}}
			var err error
			c.Settings, err = a.Client().Config(cmd.Context())
			if ctl.CodeOf(err) == ctl.NotRunning {
				c.Source, c.Socket = "files", ""
				err = c.fromFiles(a.Source(nil))
			}
			if err != nil {
				return err
			}
			a.warn(c.Warnings)
			return a.Show(c, func() { a.configTable(&c) })
		},
	}
}

// fromFiles finds what a daemon would be started with.
func (c *configuration) fromFiles(source config.Source) error {
	loaded, err := config.Load(source)
	if err != nil {
		return mistaken(ctl.Failed, err)
	}
	for _, e := range loaded.Entries() {
		c.Settings = append(c.Settings, ctl.Setting{Key: e.Key, Value: e.Value, Origin: e.Origin, Doc: e.Doc})
	}
	c.Warnings = append(c.Warnings, loaded.Warnings...)
	return nil
}

// warn says on standard error what is no mistake, but may be one.
func (a *app) warn(warnings []string) {
	for _, w := range warnings {
		_, _ = fmt.Fprintf(a.IO.Err, "warning: %s\n", w)
	}
}

func (a *app) configTable(c *configuration) {
	if c.Source == "daemon" {
		a.Say("the daemon on %s runs with:\n", c.Socket)
	} else {
		a.Say("no daemon runs; crs serve would use:\n")
	}
	rows := command.Rows(c.Settings, func(s *ctl.Setting) []string { return []string{s.Key, s.Value, s.Origin} })
	a.Table([]command.Column{command.Left("KEY"), command.Left("VALUE"), command.Left("FROM")}, rows, nil)
}

func (a *app) configCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check [FILE]", Short: "Look for mistakes in the configuration", Args: cobra.MaximumNArgs(1), ValidArgsFunction: command.Files,
		Long: "Reads the configuration as crs serve would, environment included, and prints every mistake. FILE is read instead of the\n" +
			"file that would be found.",
		Example: "crs config check\n  crs config check config.toml",
		RunE: func(_ *cobra.Command, args []string) error {
			source := a.Source(nil)
			if len(args) > 0 {
				source.File = args[0]
			}
			loaded, err := config.Load(source)
			if err == nil && a.Programs.CheckProviders != nil {
				err = a.Programs.CheckProviders(loaded.Config.Providers)
			}
			if err != nil {
				return mistaken(ctl.Failed, err)
			}
			a.warn(loaded.Warnings)
			warnings := append([]string{}, loaded.Warnings...)
			return a.Show(map[string]any{"ok": true, "file": loaded.File, "read": loaded.FileRead, "warnings": warnings}, func() {
				if loaded.FileRead {
					a.Say("%s is right", loaded.File)
				} else {
					a.Say("there is no %s; the defaults and the environment are right", loaded.File)
				}
			})
		},
	}
}

// mistaken says what is wrong with a configuration, each mistake on a line of its own.
func mistaken(code ctl.Code, err error) error {
	e := ctl.Errorf(code, "%s", err)
	if mistakes := strings.Split(err.Error(), "\n"); len(mistakes) > 1 {
		e.Message = fmt.Sprintf("the configuration has %d mistakes:\n  %s", len(mistakes), strings.Join(mistakes, "\n  "))
	}
	if strings.HasPrefix(err.Error(), "socket = ") {
		return e.WithHint("a socket's address holds no more; name a shorter path, for the daemon and its clients alike: --socket PATH, or CRS_SOCKET")
	}
	return e.WithHint("see where it is: crs config path")
}
