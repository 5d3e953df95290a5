package local

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"crs/ctl"
	"crs/ctl/cli/command"
	"crs/internal/release"
)

func (a *app) updateCommand() *cobra.Command {
	var u update
	cmd := &cobra.Command{
		Use: "update", Short: "Update crs to the newest release, without a request noticing", Args: command.Takes(),
		Long: "Fetches the newest release, verifies its signature and checksum, and has it read the configuration of the running daemon. Then\n" +
			"the daemon hands over to it: no connection is refused, and streams run to their end in the old process. When the new version\n" +
			"does not come to serve, the old one serves on and nothing is changed. The old binary is kept beside the new one.",
		Example: "crs update --check\n  sudo crs update\n  sudo crs update --to 1.4.2\n  sudo crs update --from ./dist",
		RunE: func(cmd *cobra.Command, _ []string) error {
			u.app = a
			out, err := u.run(cmd.Context())
			return command.Result(a.App, out, err, u.tell)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&u.check, "check", false, "only say whether there is another version")
	flags.StringVar(&u.from, "from", "", "read releases from this `URL|DIR`")
	flags.StringVar(&u.to, "to", "", "take this `VERSION`, also an older one")
	return cmd
}

// update is one run of crs update.
type update struct {
	app      *app
	check    bool
	from, to string

	daemon  *ctl.Status // nil when none runs
	current string      // the version of what runs
	target  string      // the binary that is replaced
}

// updated is what came of it, as JSON.
type updated struct {
	Current   string `json:"current"`
	Offered   string `json:"offered"`
	Available bool   `json:"available"`
	Updated   bool   `json:"updated"`
	Binary    string `json:"binary"`
	Previous  string `json:"previous,omitempty"`
	PID       int    `json:"pid,omitempty"` // of the daemon that serves now
	InFlight  int    `json:"in_flight"`     // requests that run to their end in the old process
	Notes     string `json:"notes,omitempty"`
}

func (u *update) run(ctx context.Context) (*updated, error) {
	if err := u.look(ctx); err != nil {
		return nil, err
	}
	rel, err := u.find(ctx)
	if err != nil {
		return nil, err
	}
	out := &updated{Current: u.current, Offered: rel.Version, Binary: u.target, Notes: rel.Notes}
	out.Available = release.Newer(rel.Version, out.Current)
	if u.to != "" {
		out.Available = !release.Same(rel.Version, out.Current)
	}
	if u.check {
		return out, nil
	}
	binary, err := rel.For(runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return nil, ctl.Errorf(ctl.Failed, "%s", err)
	}
	b := binaryAt(u.target)
	if !out.Available {
		out.Updated, err = b.finish(binary) // what an update that was killed left
		return out, err
	}
	if err := u.fetch(ctx, rel, binary, b); err != nil {
		return nil, err
	}
	return out, u.install(ctx, b, out)
}

// look finds the daemon, and the binary that is to be replaced.
func (u *update) look(ctx context.Context) error {
	if runtime.GOOS == "windows" {
		return ctl.Errorf(ctl.Failed, "crs does not update itself on Windows").WithHint("stop the service, put the new crs.exe in the place of the old one, and start it")
	}
	s, err := u.app.Client().Status(ctx)
	switch {
	case err == nil:
		u.daemon, u.current, u.target = &s, s.Version, s.Executable
	case ctl.CodeOf(err) == ctl.NotRunning:
		u.current = u.app.Programs.Version
	default:
		return err
	}
	if u.target != "" {
		return nil
	}
	if u.target, err = os.Executable(); err != nil {
		return ctl.Errorf(ctl.Failed, "find out where crs is: %s", err)
	}
	return nil
}

// find gives the release that is wanted, verified.
func (u *update) find(ctx context.Context) (*release.Release, error) {
	p := &u.app.Programs
	from := cmp.Or(u.from, p.ReleaseFrom)
	if from == "" {
		return nil, ctl.Errorf(ctl.BadRequest, "this crs was built without knowing where its releases are").WithHint("name a directory or an https URL: crs update --from …")
	}
	var key release.Key
	if p.ReleaseKey != "" {
		var err error
		if key, err = release.ParseKey(p.ReleaseKey); err != nil {
			return nil, ctl.Errorf(ctl.Failed, "%s", err)
		}
	}
	dir, err := release.Open(from, key, nil)
	if err != nil {
		return nil, ctl.Errorf(ctl.BadRequest, "--from: %s", err)
	}
	var rel *release.Release
	if u.to != "" {
		rel, err = dir.Version(ctx, u.to)
	} else {
		rel, err = dir.Newest(ctx)
	}
	return rel, unreleased(err)
}

// unreleased says what to do about a release that cannot be taken.
func unreleased(err error) error {
	var none *release.NoRelease
	switch {
	case err == nil:
		return nil
	case errors.As(err, &none):
		return ctl.Errorf(ctl.NotFound, "%s", err)
	case errors.Is(err, release.ErrNoKey):
		return ctl.Errorf(ctl.Failed, "%s", err).WithHint("build it with: make build RELEASE_KEY=… ; or verify and install the new version yourself")
	case errors.Is(err, release.ErrSignature), errors.Is(err, release.ErrChecksum):
		return ctl.Errorf(ctl.Failed, "%s", err).WithHint("nothing was changed; do not install it by hand either, before you know why")
	}
	return ctl.Errorf(ctl.Failed, "%s", err).WithHint("nothing was changed")
}

// fetch puts the new binary beside the old one, and has it read the configuration.
func (u *update) fetch(ctx context.Context, rel *release.Release, what release.Artefact, b binary) error {
	err := b.fetch(ctx, rel, what, u.app.Progress("crs "+rel.Version, what.Size))
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return ctl.Errorf(ctl.NotPermitted, "you may not replace %s", u.target).WithHint("try: sudo crs update")
	case errors.Is(err, syscall.ENOSPC):
		return ctl.Errorf(ctl.Failed, "there is no room for the new version beside %s", u.target).WithHint("nothing was changed; it takes %d MB", what.Size>>20+1)
	case err != nil:
		return unreleased(err)
	}
	if u.daemon != nil {
		_, err = u.app.Client().Restart(ctx, ctl.Restart{Binary: b.next(), CheckOnly: true})
	} else {
		err = readsConfiguration(ctx, b.next())
	}
	if err == nil {
		err = b.nextSays(ctx, rel.Version)
	}
	if err != nil {
		return errors.Join(err, b.drop())
	}
	return nil
}

// install hands a running daemon over to the new binary, and only then puts that in the place of the old one: whatever ends
// this in between, what is in place has served.
func (u *update) install(ctx context.Context, b binary, out *updated) error {
	if u.daemon != nil {
		done, err := u.app.Client().Restart(ctx, ctl.Restart{Binary: b.next()})
		if err != nil {
			return errors.Join(err, b.drop())
		}
		out.PID, out.InFlight = done.PID, done.InFlight
	}
	switch err := b.replace(); {
	case err != nil && u.daemon == nil:
		return errors.Join(ctl.Errorf(ctl.Failed, "%s", err), b.drop())
	case err != nil:
		return ctl.Errorf(ctl.Failed, "the new version serves, but is not in its place: %s", err).
			WithHint("put it there before the next start: mv %s %s", b.next(), b.path)
	}
	out.Updated, out.Previous = true, b.previous()
	if u.daemon == nil {
		return nil
	}
	return u.gate(ctx, b, out)
}

// gateTime is how long a new daemon is looked at when it is in its place.
const gateTime = 3 * time.Second

// gate puts the old binary back when the new daemon does not stay.
func (u *update) gate(ctx context.Context, b binary, out *updated) error {
	var last error
	for end := time.Now().Add(gateTime); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		s, err := u.app.Client().Status(ctx)
		if ctx.Err() != nil {
			return nil // it was healthy until somebody lost patience
		}
		if last = err; err != nil || s.PID == out.PID {
			continue
		}
		last = ctl.Errorf(ctl.Failed, "it ended after a while, and process %d of version %s serves", s.PID, s.Version)
		break
	}
	if last == nil {
		return nil
	}
	if err := b.restore(); err != nil {
		return ctl.Errorf(ctl.Failed, "the new version did not stay: %s; and the old one could not be put back: %s", last, err)
	}
	return ctl.Errorf(ctl.Failed, "the new version did not stay: %s; the old one is in its place again", last).WithHint("see whether it serves: crs status")
}

func (u *update) tell(out *updated) {
	a := u.app
	switch {
	case out.Updated && u.daemon != nil && out.PID != 0:
		a.Say("crs %s serves now, as process %d", out.Offered, out.PID)
		if out.InFlight > 0 {
			a.Say("  %d requests run to their end in the old process", out.InFlight)
		}
		a.Say("  %s is kept as %s", out.Current, out.Previous)
	case out.Updated && out.Previous != "":
		a.Say("%s is crs %s now; %s is kept as %s", out.Binary, out.Offered, out.Current, out.Previous)
	case out.Updated:
		a.Say("%s is crs %s now, which an earlier update had not come to", out.Binary, out.Offered)
	case out.Available:
		a.Say("crs %s is there; this is %s", out.Offered, out.Current)
		a.Say("  take it: crs update")
	default:
		a.Say("crs %s is up to date", out.Current)
	}
}
