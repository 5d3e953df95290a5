// Command bench measures what crs costs: processor time, memory and latency, against a bare fasthttp proxy and, where it is
// installed, nginx. `make bench` runs it; docs/performance.md says what it measures, and what came of it.
//
//	go run ./lab/bench [-only LIST] [-skip LIST] [-rounds N] [-seconds S] [-crs PATH] [-former PATH] [-json FILE] [-write PAGE]
//
// It starts itself again for its parts: `bench upstream` is the provider, `bench proxy` the bare proxy.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"crs/lab/bench/canned"
	"crs/lab/bench/yardstick"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run is the program: one of its parts, or the whole.
func run(ctx context.Context, args []string, out, progress io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "upstream":
			return runUpstream(ctx, out)
		case "nodes":
			return runNodes(ctx, args[1:], out, progress)
		case "proxy":
			return runProxy(ctx, args[1:], out)
		}
	}
	o, err := parse(args, progress)
	if err != nil {
		return err
	}
	results, err := measure(ctx, o, progress)
	if err != nil {
		return err
	}
	return publish(&report{
		Machine: machineOf(ctx), Rounds: o.rounds, Seconds: o.duration.Seconds(), Keys: o.keys, Accounts: o.accounts, Results: results,
	}, o, out)
}

// options are what the command line says.
type options struct {
	only, skip []string
	rounds     int
	duration   time.Duration // of one measurement
	crs        string        // the binary; "" builds it
	former     string        // another one to measure beside it; "" for none
	json, page string
	keys       int
	accounts   int
}

func parse(args []string, messages io.Writer) (*options, error) {
	var o options
	var only, skip string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(messages)
	flags.StringVar(&only, "only", "", "comma-separated rows to measure; all when empty: "+strings.Join(rowNames(), " "))
	flags.StringVar(&skip, "skip", "", "comma-separated rows to leave out")
	flags.IntVar(&o.rounds, "rounds", 5, "how often everything is measured")
	seconds := flags.Float64("seconds", 3, "how long one measurement takes")
	flags.StringVar(&o.crs, "crs", "", "the crs to measure; built from this checkout when empty")
	flags.StringVar(&o.former, "former", "", "another crs, such as the one before a change: measured in turn with the first, and held against it")
	flags.StringVar(&o.json, "json", "", "file that the results are written to as JSON")
	flags.StringVar(&o.page, "write", "", "page whose table is replaced by this run's, such as docs/performance.md")
	flags.IntVar(&o.keys, "keys", 100_000, "keys where there are to be many")
	flags.IntVar(&o.accounts, "accounts", 1000, "accounts where there are to be many")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	o.only, o.skip, o.duration = list(only), list(skip), time.Duration(*seconds*float64(time.Second))
	return &o, o.check(flags.Args())
}

func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

func (o *options) check(rest []string) error {
	known := rowNames()
	for _, name := range slices.Concat(o.only, o.skip) {
		if !slices.Contains(known, name) {
			return fmt.Errorf("there is no row %q; the rows are %s", name, strings.Join(known, " "))
		}
	}
	switch {
	case len(rest) > 0:
		return fmt.Errorf("what is %q for? the flags are all there is", rest[0])
	case o.rounds < 1, o.duration < 100*time.Millisecond, o.keys < 1, o.accounts < 1:
		return fmt.Errorf("-rounds, -keys and -accounts begin at 1, and -seconds at 0.1")
	case o.page != "" && o.former != "":
		return fmt.Errorf("-write is for a run of one crs: a page does not say what a change has brought")
	case o.page != "" && len(o.only)+len(o.skip) > 0:
		return fmt.Errorf("-write is for a run of every row: a page with half a table would say less than it seems to")
	}
	return nil
}

// runUpstream is the provider that everything is sent to.
func runUpstream(ctx context.Context, out io.Writer) error {
	server, err := canned.Start()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, server.Addr()); err != nil {
		return err
	}
	<-ctx.Done()
	return server.Close()
}

func runProxy(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench proxy", flag.ContinueOnError)
	mode := flags.String("mode", string(yardstick.JSON), "json, stream-reader or stream-writer")
	upstream := flags.String("upstream", "", "address of the upstream")
	pools := flags.Int("pools", 1, "how many pools of connections requests take in turn")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return yardstick.Serve(ctx, yardstick.Mode(*mode), *upstream, *pools, out)
}
