//go:build e2e

package e2e

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"crs/lab/freeport"
)

// TestABackupUnderLoadIsWhole: a backup that is made while 200 streams and others run is restored elsewhere, and what had
// settled before it is all there.
func TestABackupUnderLoadIsWhole(t *testing.T) {
	r := start(t)
	w := busy(t, r)
	r.until("something has settled", func() bool { return w.short.Load() > 100 })
	settled := w.short.Load()
	time.Sleep(200 * time.Millisecond) // the ledger's commit
	file := filepath.Join(t.TempDir(), "backup")
	r.backup(t.Context(), file)
	other := r.elsewhere(file)
	book := ledger(t, other)
	interrupted := 0
	for _, rec := range book {
		if rec.Source == "partial" {
			interrupted++
		}
	}
	if int64(len(book)) < settled+streams || interrupted < streams {
		t.Errorf("%d requests had settled and %d streams ran; the restored ledger has %d, %d of them interrupted", settled, streams, len(book), interrupted)
	}
	sums(t, other, book)
	w.end(0)
}

// backup runs crs backup, and gives how long that took.
func (r *relay) backup(ctx context.Context, file string) time.Duration {
	r.t.Helper()
	began := time.Now()
	cmd := exec.CommandContext(ctx, binary(r.t), "backup", "--force", file)
	cmd.Env = append(os.Environ(), "CRS_DATA="+r.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("crs backup: %v\n%s", err, out)
	}
	return time.Since(began)
}

// elsewhere restores a backup into a directory of its own, and serves it.
func (r *relay) elsewhere(file string) *relay {
	r.t.Helper()
	dir, err := os.MkdirTemp("", "crs")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	cmd := exec.CommandContext(r.t.Context(), binary(r.t), "restore", file)
	cmd.Env = append(os.Environ(), "CRS_DATA="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("crs restore: %v\n%s", err, out)
	}
	other := &relay{t: r.t, dir: dir, addr: freeport.For(r.t), sim: r.sim}
	r.t.Cleanup(other.end)
	other.serve()
	return other
}

// TestAKillDuringABackupLosesNothing kills a backup at fifty random moments: the daemon serves on, and under the backup's
// name there is the one that was there before, or a whole new one.
func TestAKillDuringABackupLosesNothing(t *testing.T) {
	r := start(t)
	r.account("a")
	file := filepath.Join(t.TempDir(), "backup")
	took := r.backup(t.Context(), file)
	rnd := rand.New(rand.NewPCG(5, 26))
	replaced, before := 0, modified(t, file)
	for round := range 50 {
		cmd := exec.CommandContext(t.Context(), binary(t), "backup", "--force", file)
		cmd.Env = append(os.Environ(), "CRS_DATA="+r.dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rnd.Int64N(int64(took))))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if now := modified(t, file); !now.Equal(before) {
			before, replaced = now, replaced+1
		}
		if out, err := r.restores(file); err != nil {
			t.Fatalf("round %d: what is there under the backup's name cannot be restored: %v\n%s", round, err, out)
		}
		if list, err := r.Accounts(t.Context()); err != nil || len(list) != 1 {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	r.backup(t.Context(), file)
	if left, err := filepath.Glob(file + ".*"); err != nil || len(left) > 0 {
		t.Errorf("a backup left what those before it had left: %v, %v", left, err)
	}
	if list, err := r.elsewhere(file).Accounts(t.Context()); err != nil || len(list) != 1 || list[0].Name != "a" {
		t.Errorf("restored: %+v, %v", list, err)
	}
	t.Logf("%d of 50 backups were whole before the kill", replaced)
}

func modified(t *testing.T, file string) time.Time {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}

func (r *relay) restores(file string) ([]byte, error) {
	cmd := exec.CommandContext(r.t.Context(), binary(r.t), "restore", file)
	cmd.Env = append(os.Environ(), "CRS_DATA="+r.t.TempDir())
	return cmd.CombinedOutput()
}

// TestAKillDuringARestoreIsMadeUpFor kills a restore at random moments: the next start serves what was there, or what was
// restored, and never something in between.
func TestAKillDuringARestoreIsMadeUpFor(t *testing.T) {
	r := start(t)
	r.account("a")
	file := filepath.Join(t.TempDir(), "backup")
	took := r.backup(t.Context(), file) // a restore takes about as long
	r.account("b")
	r.end()
	rnd := rand.New(rand.NewPCG(7, 26))
	outcomes := map[int]int{}
	for round := range 12 {
		cmd := exec.CommandContext(t.Context(), binary(t), "restore", "--force", file)
		cmd.Env = append(os.Environ(), "CRS_DATA="+r.dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rnd.Int64N(int64(took))))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		r.serve()
		list, err := r.Accounts(t.Context())
		if err != nil || len(list) == 0 || len(list) > 2 {
			t.Fatalf("round %d: %d accounts: %v", round, len(list), err)
		}
		outcomes[len(list)]++
		if len(list) == 1 {
			r.account("b")
		}
		r.end()
	}
	t.Logf("restored %d times, not yet %d times", outcomes[1], outcomes[2])
}

// end stops the daemon, once.
func (r *relay) end() {
	if r.process == nil {
		return
	}
	_ = r.process.Process.Signal(os.Interrupt)
	_ = r.process.Wait()
	r.process = nil
}
