package local

import (
	"cmp"
	"runtime"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
)

// version is what runs, as JSON.
type version struct {
	Version string `json:"version"`
	// Daemon is the version of the daemon that runs; empty when none does.
	Daemon   string `json:"daemon_version,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of crs, and of the daemon if one runs", Args: command.Takes(),
		Example: "crs version",
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := version{Version: a.Programs.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
			s, err := a.Client().Status(cmd.Context())
			v.Daemon = s.Version
			return a.Show(v, func() {
				a.Facts(command.Fact{"crs", v.Version}, command.Fact{"daemon", daemonVersion(&s, err)}, command.Fact{"built with", v.Go + " for " + v.Platform})
			})
		},
	}
}

// daemonVersion says why there is none, if there is none.
func daemonVersion(s *ctl.Status, err error) string {
	switch {
	case ctl.CodeOf(err) == ctl.NotRunning:
		return "not running"
	case err != nil:
		return err.Error()
	}
	return cmp.Or(s.Version, "unknown")
}
