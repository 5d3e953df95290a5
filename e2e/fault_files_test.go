//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"

	"crs/ctl"
)

// fileFaults are what somebody, or a disk, does to the files of the data directory.
func fileFaults() []fault {
	return []fault{
		{name: "keys are made while the disk is full", stores: "local", run: changesOnFullDisk, env: noReserve},
		{name: "a segment of the ledger is removed", run: segmentRemoved},
		{name: "crs.db is removed", stores: "local", run: storeRemoved},
		{name: "a restart when the store and its key are gone", run: restartWithoutFiles},
		{name: "the write-ahead log is cut before a start", stores: "local", run: logCut},
		{name: "a line that was added up is damaged before a start", run: func(g *ground) { lineDamaged(g, true) }},
		{name: "a line that was not added up is damaged before a start", run: func(g *ground) { lineDamaged(g, false) }},
	}
}

// changesOnFullDisk: what was acknowledged is there after a kill -9, and what was refused is not.
func changesOnFullDisk(g *ground) {
	g.busy()
	g.more(20)
	g.fill()
	g.says("ledger_not_written")
	var made, refused []string
	for i := range 30 {
		name := fmt.Sprint("key-", i)
		if _, err := g.CreateKey(g.t.Context(), ctl.NewKey{Name: name}); err == nil {
			made = append(made, name)
		} else {
			refused = append(refused, name)
			if !strings.Contains(err.Error(), "cannot be written") {
				g.t.Errorf("refused with: %v", err)
			}
		}
	}
	if len(refused) == 0 {
		g.t.Error("every key was made on a full disk")
	}
	g.hasKeys(made, refused)
	g.free()
	g.wellAgain()
	g.killAtRest()
	g.serve()
	g.hasKeys(made, refused)
	if _, err := g.CreateKey(g.t.Context(), ctl.NewKey{Name: refused[0]}); err != nil {
		g.t.Errorf("what was refused cannot be made later: %v", err)
	}
}

// hasKeys checks which keys there are.
func (g *ground) hasKeys(made, refused []string) {
	g.t.Helper()
	for _, name := range made {
		if _, err := g.Key(g.t.Context(), name); err != nil {
			g.t.Errorf("%s was acknowledged: %v", name, err)
		}
	}
	for _, name := range refused {
		if _, err := g.Key(g.t.Context(), name); ctl.CodeOf(err) != ctl.NotFound {
			g.t.Errorf("%s was refused: %v", name, err)
		}
	}
}

func segmentRemoved(g *ground) {
	g.busy()
	g.more(30)
	if err := os.Remove(filepath.Join(g.dir, "ledger", "00000001.log")); err != nil {
		g.t.Fatal(err)
	}
	g.says("ledger_files_lost")
	g.more(20)
	g.killAtRest()
	g.serve()
	g.some(5)
}

// restartWithoutFiles: a new process would begin with an empty store.
func restartWithoutFiles(g *ground) {
	g.busy()
	g.more(20)
	away := filepath.Join(g.dir, "away") // on the same disk, so that they stay the same files
	if err := os.Mkdir(away, 0o700); err != nil {
		g.t.Fatal(err)
	}
	g.move(g.dir, away)
	g.says("data_files_lost")
	before := g.pid()
	if _, err := g.Restart(g.t.Context(), ctl.Restart{}); err == nil || !strings.Contains(err.Error(), "nothing is handed over") {
		g.t.Errorf("a restart without the store and its key: %v", err)
	}
	if now := g.pid(); now != before {
		g.t.Errorf("process %d answers, not %d", now, before)
	}
	g.more(20)
	g.move(away, g.dir)
	g.wellAgain()
	g.restarted()
	g.more(20)
}

// move moves the store and its key.
func (g *ground) move(from, to string) {
	g.t.Helper()
	moved := 0
	for _, name := range []string{"seal.key", "crs.db", "crs.db-wal", "crs.db-shm", "crs.db-count", "store.json"} {
		if os.Rename(filepath.Join(from, name), filepath.Join(to, name)) == nil {
			moved++
		}
	}
	if moved == 0 {
		g.t.Fatalf("nothing to be moved in %s", from)
	}
}

// storeRemoved: nothing is acknowledged any more that would not last; what was is put back by what the log tells.
func storeRemoved(g *ground) {
	g.busy()
	g.more(20)
	db := filepath.Join(g.dir, "crs.db")
	if err := os.Remove(db); err != nil {
		g.t.Fatal(err)
	}
	g.says("store_unsafe")
	if _, err := g.CreateKey(g.t.Context(), ctl.NewKey{Name: "lost"}); err == nil {
		g.t.Error("a key was acknowledged that nothing keeps")
	}
	g.more(20)
	var rescued []string
	g.until("what the store held is saved", func() bool {
		rescued, _ = filepath.Glob(db + ".rescued-*[0-9]")
		text, _ := os.ReadFile(g.log.Name())
		return len(rescued) == 1 && bytes.Contains(text, []byte("what it held was saved"))
	})
	g.quiet()
	g.halt()
	_, _ = os.Remove(db+"-wal"), os.Remove(db+"-shm")
	if err := os.Rename(rescued[0], db); err != nil {
		g.t.Fatal(err)
	}
	g.serve()
	g.some(5)
}

// halt stops the daemon.
func (g *ground) halt() {
	g.t.Helper()
	if err := g.process.Process.Signal(syscall.SIGTERM); err != nil {
		g.t.Fatal(err)
	}
	if err := g.process.Wait(); err != nil {
		g.t.Errorf("it did not end well: %v", err)
	}
}

func logCut(g *ground) {
	g.some(10)
	for i := range 10 {
		g.crs("key", "create", fmt.Sprint("key-", i))
	}
	g.killAtRest()
	wal := filepath.Join(g.dir, "crs.db-wal")
	whole, err := os.ReadFile(wal)
	if err != nil {
		g.t.Fatal(err)
	}
	if err := os.Truncate(wal, int64(len(whole)/2)); err != nil {
		g.t.Fatal(err)
	}
	cmd := exec.Command(binary(g.t), "serve", "--listen", g.addr, "--data", g.dir)
	cmd.Env = append(os.Environ(), g.simulated()...)
	said, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(said), "acknowledged") || !strings.Contains(string(said), "crs restore FILE") {
		g.t.Errorf("it started, or did not say why not: %v\n%s", err, said)
	}
	if err := os.WriteFile(wal, whole, 0o600); err != nil { // restored
		g.t.Fatal(err)
	}
	_ = os.Remove(filepath.Join(g.dir, "crs.db-shm"))
	g.serve()
	for i := range 10 {
		if _, err := g.Key(g.t.Context(), fmt.Sprint("key-", i)); err != nil {
			g.t.Error(err)
		}
	}
}

// lineDamaged: only the request whose end is unreadable loses its figures, and that is said; it is counted again only if it was
// not counted before, and without them.
func lineDamaged(g *ground, counted bool) {
	heal := func() {}
	if !counted {
		heal = g.storeFails("OOM")
	}
	g.some(10)
	before, sum := g.book(), g.addedUp()
	g.killAtRest()
	heal()
	hurt := g.damage(g.answered[5].id)
	lost := before[hurt][0].InputTokens + before[hurt][0].OutputTokens
	g.serve()
	g.says("the end of 1 requests is not known")
	g.forgone = amount{1, lost}
	if counted {
		g.counted = g.forgone
	} else {
		sum.tokens -= lost
	}
	if after := g.addedUp(); after != sum {
		g.t.Errorf("added up are %s, not %s", after, sum)
	}
	g.differsIn(hurt, before)
	g.some(5)
}

// damage flips a bit in the line that closes a request.
func (g *ground) damage(id string) string {
	g.t.Helper()
	path := filepath.Join(g.dir, "ledger", "00000001.log")
	text, err := os.ReadFile(path)
	if err != nil {
		g.t.Fatal(err)
	}
	at := bytes.Index(text, []byte(` c {"id":"`+id+`"`))
	if at < 0 || bytes.IndexByte(text[at:at+200], '\n') >= 0 {
		g.t.Fatalf("the end of %s is not in %s", id, path)
	}
	text[at+199] ^= 1
	if err := os.WriteFile(path, text, 0o600); err != nil {
		g.t.Fatal(err)
	}
	return id
}

// differsIn checks that the ledger has what it had, but for one request, of which it says that its end cannot be read.
func (g *ground) differsIn(hurt string, before map[string][]ctl.Request) {
	g.t.Helper()
	after := g.book()
	for id, recs := range before {
		if id != hurt && !reflect.DeepEqual(after[id], recs) {
			g.t.Errorf("%s was %+v, and is %+v", id, recs, after[id])
		}
	}
	if recs := after[hurt]; len(after) != len(before) || len(recs) != 1 || !strings.Contains(recs[0].Error, "cannot be read") {
		g.t.Errorf("%d requests were there, and %d are; of the one whose line is damaged it says %+v", len(before), len(after), recs)
	}
}
