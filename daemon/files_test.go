package daemon_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crs/ctl"
	"crs/daemon"
	"crs/internal/config"
	"crs/internal/oauth"
	"crs/internal/rescue"
	"crs/internal/seal"
	"crs/lab/crstest"
)

// TestFilesThatVanishAreNoticed, and that they are back.
func TestFilesThatVanishAreNoticed(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	for _, c := range []struct{ file, code string }{{"seal.key", "data_files_lost"}, {"crs.lock", "data_files_lost"}, {"crs.db", "store_unsafe"}} {
		path := filepath.Join(b.Dir, c.file)
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		if !says(t, b, c.code) {
			t.Errorf("status does not say that %s is gone", c.file)
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
		if says(t, b, c.code) {
			t.Errorf("status says that %s is gone when it is back", c.file)
		}
	}
}

// says reports whether the status has a condition.
func says(t *testing.T, b *crstest.Box, code string) bool {
	t.Helper()
	s, err := b.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s.Has(code)
}

// TestAStoreThatWasRemovedIsRescued: nothing is acknowledged that would not last, and what the store held can be put in its place
// again.
func TestAStoreThatWasRemovedIsRescued(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("kept")
	if err := os.Remove(filepath.Join(b.Dir, "crs.db")); err != nil {
		t.Fatal(err)
	}
	_, err := b.CreateKey(t.Context(), ctl.NewKey{Name: "lost"})
	if err == nil || !strings.Contains(err.Error(), "crs.db was removed") {
		t.Errorf("a key was acknowledged that nothing keeps: %v", err)
	}
	if keys, err := b.Keys(t.Context()); err != nil || len(keys) != 1 {
		t.Errorf("%d keys, %v", len(keys), err)
	}
	if got := b.Post(key, crstest.Hello); got.Status != 200 {
		t.Errorf("clients are not served: %+v", got)
	}
	var rescued []string
	eventually(t, "what the store held is saved", func() bool {
		rescued, _ = filepath.Glob(filepath.Join(b.Dir, "crs.db.rescued-*[0-9]"))
		return len(rescued) == 1 && len(b.Log.Lines("what it held was saved")) == 1
	})
	b.Halt()
	for _, name := range []string{"crs.db-wal", "crs.db-shm"} {
		_ = os.Remove(filepath.Join(b.Dir, name))
	}
	if err := os.Rename(rescued[0], filepath.Join(b.Dir, "crs.db")); err != nil {
		t.Fatal(err)
	}
	b.Boot()
	if got := b.Post(key, crstest.Hello); got.Status != 200 {
		t.Errorf("the key that was acknowledged is gone: %+v", got)
	}
	eventually(t, "both requests are added up", func() bool {
		u, err := b.Usage(t.Context(), ctl.UsageQuery{Since: "all"})
		return err == nil && u.Total.Requests == 2
	})
}

// TestAKeyFileThatIsOverwrittenIsNoticed: status and doctor say so, no backup is made that nobody could read, and the key is saved.
func TestAKeyFileThatIsOverwrittenIsNoticed(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"another key": strings.Repeat("0123456789abcdef", 4) + "\n", "nothing": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := crstest.Start(t)
			b.Account("a")
			key := b.Key("k")
			path := filepath.Join(b.Dir, seal.KeyFile)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if !says(t, b, "data_files_lost") {
				t.Error("status does not say so")
			}
			file := filepath.Join(t.TempDir(), "backup")
			opt := daemon.BackupOptions{Source: config.Source{Environ: []string{"CRS_DATA=" + b.Dir}, UID: 1000}, File: file}
			err := daemon.Backup(t.Context(), opt)
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "nothing is backed up") {
				t.Errorf("a backup says %v", err)
			}
			if left, _ := filepath.Glob(file + "*"); len(left) > 0 {
				t.Errorf("a backup left %v", left)
			}
			eventually(t, "the key is saved", func() bool { return len(b.Log.Lines("the key was saved")) == 1 })
			if err := os.Rename(rescue.Newest(path), path); err != nil {
				t.Fatal(err)
			}
			if says(t, b, "data_files_lost") {
				t.Error("status says so when it is back")
			}
			if err := daemon.Backup(t.Context(), opt); err != nil {
				t.Error(err)
			}
			b.Halt()
			b.Boot()
			if got := b.Post(key, crstest.Hello); got.Status != 200 {
				t.Errorf("after a start: %+v", got)
			}
		})
	}
}

// TestALogThatIsCutIsNoticed: nothing is acknowledged any more that would not last, and what the store held can be put in its place.
func TestALogThatIsCutIsNoticed(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	key := b.Key("kept")
	db := filepath.Join(b.Dir, "crs.db")
	if err := os.Truncate(db+"-wal", 0); err != nil {
		t.Fatal(err)
	}
	if !says(t, b, "store_unsafe") {
		t.Error("status does not say so")
	}
	if _, err := b.CreateKey(t.Context(), ctl.NewKey{Name: "lost"}); err == nil || !strings.Contains(err.Error(), "crs.db-wal was cut") {
		t.Errorf("a key was acknowledged behind a hole: %v", err)
	}
	if got := b.Post(key, crstest.Hello); got.Status != 200 {
		t.Errorf("clients are not served: %+v", got)
	}
	eventually(t, "what the store held is saved", func() bool { return len(b.Log.Lines("what it held was saved")) == 1 })
	b.Halt()
	if err := b.TryBoot(); err == nil || !strings.Contains(err.Error(), "mv "+rescue.Newest(db)+" "+db) {
		t.Errorf("a start says %v", err)
	}
	_, _ = os.Remove(db+"-wal"), os.Remove(db+"-shm")
	if err := os.Rename(rescue.Newest(db), db); err != nil {
		t.Fatal(err)
	}
	b.Boot()
	if got := b.Post(key, crstest.Hello); got.Status != 200 {
		t.Errorf("the key that was acknowledged is gone: %+v", got)
	}
	eventually(t, "both requests are added up", func() bool {
		u, err := b.Usage(t.Context(), ctl.UsageQuery{Since: "all"})
		return err == nil && u.Total.Requests == 2
	})
}

// TestAControlSocketThatIsRemovedIsMadeAnew, and the daemon ends well when it is not.
func TestAControlSocketThatIsRemovedIsMadeAnew(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	path := b.Socket()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	eventually(t, "commands reach the daemon", func() bool {
		fresh := ctl.NewClient(path)
		defer fresh.Close()
		s, err := fresh.Status(t.Context())
		return err == nil && !s.Has("control_socket_lost")
	})
	if info, err := os.Lstat(path); err != nil || info.Mode() != fs.ModeSocket|0o660 {
		t.Errorf("%v, %v", info, err)
	}
	eventually(t, "it is said", func() bool { return len(b.Log.Lines("the control socket was made anew")) == 1 })
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	b.Halt() // which fails the test when it does not end well
}

// TestWhatIsInThePlaceOfTheSocketIsLogged, once: nobody can ask the daemon for it. When it is removed, commands reach the daemon again.
func TestWhatIsInThePlaceOfTheSocketIsLogged(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	path := b.Socket()
	if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is said", func() bool { return len(b.Log.Lines("commands do not reach this daemon")) > 0 })
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	eventually(t, "commands reach the daemon", func() bool {
		fresh := ctl.NewClient(path)
		defer fresh.Close()
		_, err := fresh.Status(t.Context())
		return err == nil
	})
	if said := b.Log.Lines("commands do not reach this daemon"); len(said) != 1 {
		t.Errorf("it was said %d times: %q", len(said), said)
	}
}

// TestAReserveForTokensIsMadeAnew, and what is in its place is moved away.
func TestAReserveForTokensIsMadeAnew(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	path := filepath.Join(b.Dir, oauth.ReserveFile)
	elsewhere := filepath.Join(t.TempDir(), "victim")
	if err := errors.Join(os.WriteFile(elsewhere, []byte("mine"), 0o600), os.Remove(path), os.Symlink(elsewhere, path)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is made anew", func() bool {
		info, err := os.Lstat(path)
		return err == nil && info.Mode().IsRegular() && !says(t, b, "token_reserve_lost") && len(b.Log.Lines("the reserve for tokens was changed")) == 1
	})
	if text, _ := os.ReadFile(elsewhere); string(text) != "mine" {
		t.Error("the link was followed")
	}
}

// TestALedgerThatCannotBeWrittenIsSaidEverywhere, and is not any more when it can be.
func TestALedgerThatCannotBeWrittenIsSaidEverywhere(t *testing.T) {
	t.Parallel()
	option, told := alerted(t)
	b := crstest.Start(t, option)
	b.Account("a")
	key := b.Key("k")
	if err := errors.Join(os.Rename(b.Ledger(), b.Ledger()+".away"), os.WriteFile(b.Ledger(), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if got := b.Post(key, crstest.Hello); got.Status != 200 {
			t.Errorf("%+v", got)
		}
	}
	says := func(want bool) func() bool {
		return func() bool {
			s, err := b.Status(t.Context())
			text, noMetrics := b.MetricsText(t.Context())
			gauge := map[bool]string{true: " 1", false: " 0"}[want]
			return err == nil && noMetrics == nil && s.Has("ledger_not_written") == want && (s.LedgerError != "") == want &&
				strings.Contains(text, `crs_condition{condition="ledger_not_written"}`+gauge)
		}
	}
	eventually(t, "status and metrics say so", says(true))
	if alert := <-told; !strings.Contains(alert, "The ledger cannot be written") {
		t.Errorf("told %s", alert)
	}
	if err := errors.Join(os.Remove(b.Ledger()), os.Rename(b.Ledger()+".away", b.Ledger())); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all is well again", says(false))
	if all, err := b.Requests(t.Context(), ctl.RequestQuery{}); err != nil || len(all) != 3 {
		t.Errorf("%d requests, %v", len(all), err)
	}
}
