package daemon_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/daemon"
	"crs/daemon/control"
	"crs/internal/config"
	"crs/internal/store"
	"crs/lab/crstest"
)

// start starts a daemon in dir, with flags by their keys.
func start(t *testing.T, dir string, flags map[string]string) (*daemon.Daemon, error) {
	t.Helper()
	all := map[string]string{"listen": "127.0.0.1:0"}
	for k, v := range flags {
		all[k] = v
	}
	return daemon.Start(t.Context(), daemon.Options{
		Source: config.Source{Environ: []string{"CRS_DATA=" + dir}, UID: 1000, Flags: all}, Version: "test", Log: io.Discard,
	})
}

func TestASecondDaemonIsRefusedAndTheFirstUnharmed(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k")
	_, err := start(t, b.Dir, nil)
	var dir *daemon.InUse
	if !errors.As(err, &dir) || !strings.Contains(err.Error(), b.Dir) {
		t.Errorf("on the same directory: %v", err)
	}
	other := t.TempDir()
	_, err = start(t, other, map[string]string{"socket": b.Socket()})
	var socket *control.InUse
	if !errors.As(err, &socket) || !strings.Contains(err.Error(), b.Socket()) {
		t.Errorf("on the same socket: %v", err)
	}
	if _, err := os.Stat(filepath.Join(other, "crs.db")); err == nil {
		t.Error("the refused daemon made a store")
	}
	_, err = start(t, t.TempDir(), map[string]string{"listen": strings.TrimPrefix(b.URL, "http://")})
	if err == nil || !strings.Contains(err.Error(), "listen for clients on") {
		t.Errorf("on the same port: %v", err)
	}
	if got := b.Post(key, crstest.Hello); got.Status != 200 {
		t.Errorf("the first one: %d %s", got.Status, got.Body)
	}
	if _, err := b.Status(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestASocketThatADeadDaemonLeftIsReplaced(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Halt()
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: b.Socket(), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false)
	_ = ln.Close() // as a kill would leave it
	b.Boot()
	if _, err := b.Status(t.Context()); err != nil {
		t.Error(err)
	}
	b.Halt()
	if _, err := os.Stat(b.Socket()); err == nil {
		t.Error("a daemon that ended well left its socket")
	}
	if _, err := b.Status(t.Context()); ctl.CodeOf(err) != ctl.NotRunning {
		t.Errorf("%v", err)
	}
}

func TestADaemonThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		harm  func(t *testing.T, b *crstest.Box)
		says  string
		store bool // it is about the store, which must be left as it is
	}{
		"the store is gone":       {func(t *testing.T, b *crstest.Box) { remove(t, b, "crs.db") }, "crs.db is gone", true},
		"the store is no store":   {func(t *testing.T, b *crstest.Box) { write(t, b, "crs.db", strings.Repeat("not a database", 999)) }, "not a database", true},
		"the key file is gone":    {func(t *testing.T, b *crstest.Box) { remove(t, b, "seal.key") }, "seal.key", false},
		"another key file":        {func(t *testing.T, b *crstest.Box) { write(t, b, "seal.key", strings.Repeat("ab", 32)+"\n") }, "seal.key", false},
		"the key file is open":    {func(t *testing.T, b *crstest.Box) { _ = os.Chmod(filepath.Join(b.Dir, "seal.key"), 0o644) }, "chmod 600", false},
		"a configuration unknown": {func(t *testing.T, b *crstest.Box) { write(t, b, "config.toml", "[limits]\nbody_bugdet = \"1MiB\"\n") }, `did you mean "limits.body_budget"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.Account("a")
			b.Halt()
			c.harm(t, b)
			before, _ := os.ReadFile(filepath.Join(b.Dir, "crs.db"))
			_, err := start(t, b.Dir, nil)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), crstest.Secret("a")) {
				t.Fatalf("%v", err)
			}
			if errors.Is(err, store.ErrDamaged) != c.store {
				t.Errorf("%v", err)
			}
			if after, _ := os.ReadFile(filepath.Join(b.Dir, "crs.db")); !bytes.Equal(before, after) {
				t.Error("the store was changed")
			}
			if _, err := os.Stat(b.Socket()); err == nil {
				t.Error("the socket is still there")
			}
		})
	}
}

func remove(t *testing.T, b *crstest.Box, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(b.Dir, name)); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, b *crstest.Box, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(b.Dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestATornLedgerIsMendedAndSaidSo(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("k")
	for range 3 {
		b.Post(key, crstest.Hello)
	}
	b.Idle()
	b.Halt()
	path := filepath.Join(b.Ledger(), "00000001.log")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	lines[1][30] ^= 1
	if err := os.WriteFile(path, append(bytes.Join(lines, nil), "0badc0de c {\"id\":\"req_torn"...), 0o600); err != nil {
		t.Fatal(err)
	}
	b.Boot()
	if len(b.Log.Lines("damaged lines", "lines=1")) != 1 || len(b.Log.Lines("torn line", "saved_to=")) != 1 {
		t.Error("it was not said so once")
	}
	u, err := b.Usage(t.Context(), ctl.UsageQuery{})
	if err != nil || u.Total.Requests != 3 {
		t.Errorf("%+v, %v", u.Total, err)
	}
	if got := b.Post(key, crstest.Hello); got.Status != 200 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}

func TestReloadTakesOverWhatCanChangeAndABadFileNothing(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "crs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, "config.toml")
	set := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set("[limits]\nbody_max = \"1KiB\"\n")
	log := new(crstest.Log)
	d, err := daemon.Start(t.Context(), daemon.Options{
		Source:  config.Source{Environ: []string{"CRS_DATA=" + dir}, UID: 1000, Flags: map[string]string{"listen": "127.0.0.1:0"}},
		Version: "test", Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- d.Run(ctx) }()
	client := ctl.NewClient(d.Socket())
	defer client.Close()
	value := func(key string) string {
		t.Helper()
		all, err := client.Config(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			if s.Key == key {
				return s.Value
			}
		}
		return ""
	}
	if got := value("limits.body_max"); got != "1KiB" {
		t.Errorf("at first: %s", got)
	}
	set("[limits]\nbody_max = \"2KiB\"\n[log]\nlevel = \"debug\"\n")
	d.Reload()
	if got := value("limits.body_max"); got != "2KiB" || len(log.Lines("configuration reloaded")) != 1 {
		t.Errorf("after a reload: %s", got)
	}
	set("[limits]\nbody_max = \"lots\"\n")
	d.Reload()
	if got := value("limits.body_max"); got != "2KiB" || len(log.Lines("was not reloaded", "limits.body_max")) != 1 {
		t.Errorf("after a bad file: %s\n%s", got, log)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestTokensAreKeptFreshInTheBackgroundEvenOfAnAccountThatRests(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Subscription("max", 20*time.Minute)
	if _, err := b.DisableAccount(t.Context(), "max"); err != nil {
		t.Fatal(err)
	}
	before, err := b.Client.Account(t.Context(), "max")
	if err != nil {
		t.Fatal(err)
	}
	b.Halt()
	b.Clock.Advance(18 * time.Minute)
	b.Boot() // the first look is at the start
	b.Until("the token is fresh", func(ctl.Status) bool {
		a, err := b.Client.Account(t.Context(), "max")
		return err == nil && a.TokenExpiresAt.After(*before.TokenExpiresAt)
	})
}
