package remote

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/ctl/when"
)

func (a *app) topCommand() *cobra.Command {
	var every command.Span
	var count int
	cmd := &cobra.Command{
		Use: "top", Short: "Show the requests in flight, again and again", Args: command.Takes(),
		Long: "Shows the requests in flight every second until ctrl-C: on a terminal in place, into a pipe one table after the other. As JSON\n" +
			"it is one object a line. A request's bytes a second are those that its client was sent.",
		Example: "crs top\n  crs top -n 1\n  crs top -o json --every 5s",
		RunE: func(cmd *cobra.Command, _ []string) error {
			pause := cmp.Or(time.Duration(every), time.Second)
			if pause < ctl.WatchEvery || pause > time.Hour {
				return ctl.Errorf(ctl.BadRequest, "--every: one from %s to 1h is wanted", ctl.WatchEvery)
			}
			return a.top(cmd.Context(), pause, count)
		},
	}
	cmd.Flags().Var(&every, "every", "time between two tables (default 1s)")
	cmd.Flags().IntVarP(&count, "count", "n", 0, "end after `N` tables")
	return cmd
}

// news is what a watch tells.
type news struct {
	update *ctl.Update
	err    error
}

// top shows what a watch tells, as often as it was asked to.
func (a *app) top(ctx context.Context, every time.Duration, count int) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	told := make(chan news)
	go func() {
		for u, err := range a.Client().Watch(ctx, ctl.WatchQuery{}) {
			select {
			case told <- news{u, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	t := traffic{sent: map[string]int64{}}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for shown := 0; count == 0 || shown < count; {
		select {
		case n := <-told:
			if n.err != nil {
				return n.err
			}
			first := t.scene.At.IsZero()
			t.take(n.update)
			if !first {
				continue
			}
		case <-tick.C:
			if t.scene.At.IsZero() {
				continue
			}
		case <-ctx.Done():
			return nil
		}
		if err := a.showTraffic(t.look(a.IO.Now())); err != nil {
			return err
		}
		shown++
	}
	return nil
}

// traffic is what is shown of, with what is needed for rates.
type traffic struct {
	scene  ctl.Scene
	ended  int64
	sent   map[string]int64 // of each request, when it was looked at last
	looked time.Time
}

func (t *traffic) take(u *ctl.Update) {
	t.scene.Apply(u)
	t.ended += int64(len(u.Ended)) + u.Missed
}

// sighting is one look at the traffic, as JSON has it.
type sighting struct {
	At          time.Time `json:"at"`
	InFlight    int       `json:"in_flight"`
	Waiting     int       `json:"waiting"`
	RequestRate float64   `json:"requests_per_second"` // that ended
	ByteRate    float64   `json:"bytes_per_second"`
	Live        []moving  `json:"live"`
}

// moving is a request in flight.
type moving struct {
	ctl.Live
	Sent   int64      `json:"sent_bytes"`
	LastAt *time.Time `json:"last_byte_at,omitempty"`
	Rate   float64    `json:"bytes_per_second"`
}

// look takes the rates since the look before.
func (t *traffic) look(now time.Time) *sighting {
	seconds := now.Sub(t.looked).Seconds()
	if t.looked.IsZero() || seconds <= 0 {
		seconds = 0
	}
	s := &sighting{At: t.scene.At, InFlight: t.scene.Status.InFlight, Waiting: t.scene.Status.Waiting, Live: []moving{}}
	sent := make(map[string]int64, len(t.scene.Flights))
	for _, f := range t.scene.Flights {
		m := moving{Live: f.Live, Sent: f.Sent, LastAt: f.LastAt}
		if seconds > 0 {
			m.Rate = float64(f.Sent-t.sent[f.ID]) / seconds
		}
		s.ByteRate += m.Rate
		s.Live = append(s.Live, m)
		sent[f.ID] = f.Sent
	}
	slices.SortFunc(s.Live, func(x, y moving) int { return cmp.Compare(x.ID, y.ID) })
	if seconds > 0 {
		s.RequestRate = float64(t.ended) / seconds
	}
	t.sent, t.ended, t.looked = sent, 0, now
	return s
}

// home goes to the terminal's upper left corner and clears what is below.
const home = "\x1b[H\x1b[J"

func (a *app) showTraffic(s *sighting) error {
	if a.JSON {
		return a.printLine("the traffic", s)
	}
	rows := len(s.Live)
	if a.IO.Terminal && a.IO.Getenv("TERM") != "dumb" {
		_, _ = fmt.Fprint(a.IO.Out, home)
		if a.IO.Height != nil && a.IO.Height() > 0 {
			rows = min(rows, max(a.IO.Height()-5, 1)) // the rest is below the screen
		}
	}
	waiting := command.Only(s.Waiting > 0, fmt.Sprintf(" (%d waiting for an account)", s.Waiting))
	a.Say("%s  %d in flight%s, %.1f requests/s, %s/s", a.Moment(s.At), s.InFlight, waiting, s.RequestRate, humanize.Bytes(uint64(max(0, s.ByteRate))))
	a.trafficTable(s.Live[:rows])
	if more := len(s.Live) - rows; more > 0 {
		a.Say("and %d more", more)
	}
	a.Say("")
	return nil
}

func (a *app) trafficTable(all []moving) {
	if len(all) == 0 {
		return
	}
	now := a.IO.Now()
	rows := command.Rows(all, func(m *moving) []string {
		quiet := ""
		if m.LastAt != nil && now.Sub(*m.LastAt) >= 5*time.Second {
			quiet = when.Rough(now.Sub(*m.LastAt))
		}
		return []string{
			m.ID, m.Key, m.Account, m.Model, m.Phase, when.Rough(now.Sub(m.At)), command.Only(m.FirstByteMS > 0, command.Took(m.FirstByteMS)), humanize.Bytes(uint64(max(0, m.Sent))),
			humanize.Bytes(uint64(max(0, m.Rate))) + "/s", quiet, command.Bound(m.Attempts),
		}
	})
	a.Table([]command.Column{
		command.Left("REQUEST"), command.Left("KEY"), command.Left("ACCOUNT"), command.Left("MODEL"), command.Left("PHASE"), command.Right("FOR"), command.Right("FIRST"), command.Right("SENT"), command.Right("RATE"), command.Right("QUIET"), command.Right("FAILED"),
	}, rows, nil)
}
