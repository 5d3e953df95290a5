package daemon_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/daemon"
	"crs/internal/config"
	"crs/lab/crstest"
	"crs/lab/redistest"
)

func copyStore(t *testing.T, from, to string, change ...func(*daemon.CopyOptions)) (ctl.StoreCopy, error) {
	t.Helper()
	opt := daemon.CopyOptions{Source: config.Source{Environ: []string{"CRS_DATA=" + t.TempDir()}, UID: 1000}, From: from, To: to}
	for _, c := range change {
		c(&opt)
	}
	return daemon.CopyStore(t.Context(), opt)
}

func dry(o *daemon.CopyOptions)   { o.DryRun = true }
func force(o *daemon.CopyOptions) { o.Force = true }

// TestAStoreMovesToRedisAndBack has a daemon serve on its directory, then on Redis, then on its directory again: nothing is
// lost, and nothing is counted twice.
func TestAStoreMovesToRedisAndBack(t *testing.T) {
	t.Parallel()
	server, url := redistest.Start(t), ""
	b := crstest.Start(t, crstest.Config(func(c *config.Config) { c.Redis.URL = url }))
	b.Account("up")
	key := b.Key("me")
	serve := func(n int) {
		for range n {
			if got := b.Post(key, crstest.Hello); got.Status != 200 {
				t.Fatalf("%d %s", got.Status, got.Body)
			}
		}
	}
	counted := func(want int64) {
		t.Helper()
		eventually(t, "every request is counted and listed", func() bool {
			u, err := b.Usage(t.Context(), ctl.UsageQuery{})
			return err == nil && u.Total.Requests == want && int64(answered(b)) == want
		})
	}
	serve(3)
	if _, err := copyStore(t, b.Dir, server.URL()); code(err) != ctl.Conflict || !strings.Contains(err.Error(), "another crs daemon uses") {
		t.Errorf("while a daemon runs: %v", err)
	}
	b.Halt()

	planned, err := copyStore(t, b.Dir, server.URL(), dry)
	if err != nil || planned.Verified || server.Do(t, "DBSIZE") != int64(0) {
		t.Errorf("a dry run: %+v, %v, %v keys", planned, err, server.Do(t, "DBSIZE"))
	}
	done, err := copyStore(t, b.Dir, server.URL())
	if err != nil || !done.Verified || len(done.Parts) != 8 || done.Parts[0].Count != 2 || done.Parts[7].Count != 2 || done.Parts[0] != planned.Parts[0] {
		t.Fatalf("%+v, %v", done, err)
	}
	url = server.URL()
	b.Boot()
	serve(4)
	counted(7)
	b.Halt()

	if _, err := copyStore(t, url, b.Dir); code(err) != ctl.Conflict || !strings.Contains(err.Error(), "is not empty: it holds 2 documents") {
		t.Errorf("onto what is there: %v", err)
	}
	back, err := copyStore(t, url, b.Dir, force)
	if err != nil || !back.Verified || back.Replaced == 0 {
		t.Fatalf("%+v, %v", back, err)
	}
	url = ""
	b.Boot()
	serve(2)
	counted(9)
}

func TestACopyIntoANewDirectorySaysWhatIsStillToDo(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := crstest.Start(t, crstest.Redis(server.URL()))
	b.Account("up")
	b.Halt()
	dir := filepath.Join(t.TempDir(), "new")
	if _, err := copyStore(t, server.URL(), dir, dry); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Error("a dry run made the directory")
	}
	done, err := copyStore(t, server.URL(), dir)
	if err != nil || !done.Verified || len(done.Notes) != 1 || !strings.Contains(done.Notes[0], filepath.Join(dir, "seal.key")) {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestCopiesThatCannotBe(t *testing.T) {
	t.Parallel()
	server, empty := redistest.Start(t), t.TempDir()
	for name, c := range map[string]struct {
		from, to string
		code     ctl.Code
		words    string
	}{
		"an empty directory": {empty, server.URL(), ctl.NotFound, "holds no store"},
		"an empty Redis":     {server.URL(), empty, ctl.NotFound, "holds no store"},
		"onto itself":        {empty, empty + "/.", ctl.BadRequest, "onto itself"},
		"no such scheme":     {"http://h", empty, "", "must begin with redis://"},
		"nobody there":       {"redis://127.0.0.1:1", empty, "", "away"},
	} {
		if _, err := copyStore(t, c.from, c.to); err == nil || code(err) != c.code || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := server.Do(t, "DBSIZE"); n != int64(0) {
		t.Errorf("after all that there are %v keys", n)
	}
}

func TestACopyThatIsInterruptedIsNoCopy(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := crstest.Start(t)
	b.Account("up")
	b.Halt()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	_, err := daemon.CopyStore(ctx, daemon.CopyOptions{
		Source: config.Source{Environ: []string{"CRS_DATA=" + t.TempDir()}, UID: 1000}, From: b.Dir, To: server.URL(),
		Progress: func(int64) { stop() },
	})
	if err == nil {
		t.Error("it says that it is done")
	}
	if done, err := copyStore(t, b.Dir, server.URL(), force); err != nil || !done.Verified {
		t.Errorf("again: %+v, %v", done, err)
	}
}
