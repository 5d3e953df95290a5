package local

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"crs/ctl/cli/command"
)

func (a *app) mockCommand() *cobra.Command {
	var listen, script string
	cmd := &cobra.Command{
		Use: "mock", Short: "Run simulated providers, with faults on demand", Args: command.Takes(),
		Long: "Runs simulated providers until it is interrupted. They answer as the real ones do, and fail as a script says: steps with\n" +
			"commas between them, one for each request, and then ok for ever; loop: begins again instead. Some steps:\n\n" +
			"  529*2,ok                   two overload errors, then success\n" +
			"  429(5h,reset=30m)          a spent quota\n" +
			"  stall(after=3,for=3s)      a stream that falls silent\n" +
			"  cut(after=3) reset refuse  connections that break\n" +
			"  error(overloaded_error)    an error inside a stream\n" +
			"  ok(text=\"…\",gap=50ms)      an answer as you like it\n\n" +
			"sk-a=STEPS is for one credential, and semicolons separate such entries. Point a daemon at it with\n" +
			"CRS_PROVIDERS_CLAUDE_API_URL.",
		Example: "crs mock --listen 127.0.0.1:4000\n  crs mock --script 'loop:ok*9,529'\n  crs mock --script faults.txt",
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := readScript(script)
			if err != nil {
				return err
			}
			return a.Programs.Mock(cmd.Context(), command.MockOptions{Listen: listen, Script: text}, a.IO.Out)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "`ADDRESS` and port (default a free port of 127.0.0.1)")
	cmd.Flags().StringVar(&script, "script", "", "`FILE|EXPR` that says how requests are answered")
	return cmd
}

// readScript gives the content of the file that a script names, or the script itself when there is no such file.
func readScript(script string) (string, error) {
	if info, err := os.Stat(script); err != nil || info.IsDir() {
		return script, nil
	}
	text, err := os.ReadFile(script)
	if err != nil {
		return "", fmt.Errorf("read the script: %w", err)
	}
	return string(text), nil
}
