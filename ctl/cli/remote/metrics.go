package remote

import (
	"fmt"

	"github.com/spf13/cobra"

	"crs/ctl/cli/command"
)

func (a *app) metricsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "metrics", Short: "Print the daemon's metrics, as Prometheus reads them", Args: command.Takes(),
		Long: "Prints everything that the daemon counts, in Prometheus' text format. Prometheus itself reads it from the TCP address that\n" +
			"metrics.listen sets. Without crs: curl --unix-socket /run/crs/crs.sock http://crs/v1/metrics",
		Example: "crs metrics\n  crs metrics -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.JSON {
				all, err := a.Client().Metrics(cmd.Context())
				return command.Result(a.App, all, err, nil)
			}
			text, err := a.Client().MetricsText(cmd.Context())
			if err != nil {
				return err
			}
			if _, err := fmt.Fprint(a.IO.Out, text); err != nil {
				return fmt.Errorf("print the metrics: %w", err)
			}
			return nil
		},
	}
}
