package local

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/internal/config"
)

func (a *app) serveCommand() *cobra.Command {
	var file, log string
	cmd := &cobra.Command{
		Use: "serve", Short: "Run the daemon in the foreground", Args: command.Takes(),
		Long: "Runs the daemon until it is interrupted; answers in flight may finish then. It logs to standard error. Everything it keeps is\n" +
			"in one data directory, and everything else that can be set is in the configuration: see crs config show.",
		Example: "crs serve\n  crs serve --data /srv/crs --listen 127.0.0.1:3000\n  crs serve --redis redis://10.0.0.5:6379/0",
		RunE: func(cmd *cobra.Command, _ []string) error {
			flags := map[string]string{}
			for name, key := range map[string]string{"listen": "listen", "data": "data", "socket": "socket", "redis": "redis.url"} {
				if flag := cmd.Flag(name); flag.Changed {
					flags[key] = flag.Value.String()
				}
			}
			source := a.Source(flags)
			source.File = file
			if _, err := config.Load(source); err != nil {
				return mistaken(ctl.BadRequest, err)
			}
			return a.logTo(log, func(w io.Writer) error {
				return a.Programs.Serve(cmd.Context(), command.ServeOptions{Source: source, Version: a.Programs.Version, Log: w})
			})
		},
	}
	flags := cmd.Flags()
	flags.String("listen", "", "`ADDRESS` and port for clients (default 127.0.0.1:3000)")
	flags.String("data", "", "`DIR` of everything that is kept; config.toml and crs.sock are there too then")
	flags.String("redis", "", "`URL` of a Redis to share with other nodes; without it, everything is in the data directory")
	flags.StringVar(&file, "config", "", "configuration `FILE`")
	flags.StringVar(&log, "log-file", "", "log to `FILE`, as services do whose system keeps no log of them")
	_ = flags.MarkHidden("log-file")
	return cmd
}

// logTo has run log to a file, why it ended included, or to standard error when there is none.
func (a *app) logTo(path string, run func(io.Writer) error) error {
	if path == "" {
		return run(a.IO.Err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return command.WrongPath(ctl.Failed, fmt.Errorf("open the log: %w", err))
	}
	defer func() { _ = f.Close() }()
	err = run(f)
	if err != nil {
		_, _ = fmt.Fprintf(f, "error: %s\n", command.Lines(err.Error()))
	}
	return err
}
