//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/release"
)

// shop has builds of crs, and a release directory that offers them.
type shop struct {
	t      *testing.T
	signer *release.Signer
	dir    string // the release directory
	built  string // a directory with a binary for each version
}

// theShop builds two versions, once.
var theShop = sync.OnceValues(func() (*shop, error) {
	s := new(shop)
	var err error
	if s.signer, err = release.NewSigner(); err != nil {
		return nil, err
	}
	if s.built, err = filepath.Abs("../bin/e2e"); err != nil {
		return nil, err
	}
	for _, version := range []string{"1.0.0", "1.1.0"} {
		cmd := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-o", filepath.Join(s.built, version),
			"-ldflags", "-s -w -X main.version="+version+" -X main.releaseKey="+s.signer.PublicText(), "./cmd/crs")
		cmd.Dir, cmd.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, errors.New(string(out))
		}
	}
	return s, nil
})

// open gives a shop whose release directory is the test's own.
func open(t *testing.T) *shop {
	t.Helper()
	s, err := theShop()
	if err != nil {
		t.Fatal(err)
	}
	return &shop{t: t, signer: s.signer, built: s.built, dir: t.TempDir()}
}

// offer publishes a program as a version.
func (s *shop) offer(version, program string) {
	s.t.Helper()
	text, err := os.ReadFile(program)
	if err != nil {
		s.t.Fatal(err)
	}
	name := filepath.Join(s.dir, "crs-"+runtime.GOOS+"-"+runtime.GOARCH)
	if err := os.WriteFile(name, text, 0o755); err != nil {
		s.t.Fatal(err)
	}
	a, err := release.Describe(name, release.Binary, runtime.GOOS, runtime.GOARCH)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := release.Write(s.dir, release.Manifest{Version: version, Artefacts: []release.Artefact{a}}, s.signer); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) build(version string) string { return filepath.Join(s.built, version) }

// installed has the relay run a copy of a version that can be replaced.
func (s *shop) installed(version string) *relay {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "crs")
	text, err := os.ReadFile(s.build(version))
	if err == nil {
		err = os.WriteFile(path, text, 0o755)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Setenv("CRS_TEST_BIN", path)
	return start(s.t)
}

// update runs crs update and gives what it printed, and its exit code.
func (s *shop) update(r *relay, args ...string) (out string, code int) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), binary(s.t), append([]string{"update", "--from", s.dir}, args...)...)
	cmd.Env = append(os.Environ(), "CRS_SOCKET="+r.Socket())
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		s.t.Fatal(err)
	}
	return said.String(), cmd.ProcessState.ExitCode()
}

func versionOf(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), path, "--version").Output()
	if err != nil {
		t.Errorf("%s does not run: %v", path, err)
	}
	return strings.TrimPrefix(strings.TrimSpace(string(out)), "crs ")
}

// TestAnUpdateIsNotNoticed: as a restart, and afterwards the new version is in place and the old one is kept.
func TestAnUpdateIsNotNoticed(t *testing.T) {
	s := open(t)
	r := s.installed("1.0.0")
	s.offer("1.1.0", s.build("1.1.0"))
	if out, code := s.update(r, "--check", "-o", "json"); code != 0 || !strings.Contains(out, `"available": true`) {
		t.Errorf("--check: %d %s", code, out)
	}
	w := busy(t, r)
	before, err := r.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out, code := s.update(r)
	t.Log(out)
	if code != 0 || !strings.Contains(out, "crs 1.1.0 serves now") || !strings.Contains(out, "200 requests run to their end") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if after, err := r.Status(t.Context()); err != nil || after.Version != "1.1.0" || after.PID == before.PID {
		t.Errorf("after the update: %+v, %v", after, err)
	}
	w.end(before.PID)
	if now, old := versionOf(t, binary(t)), versionOf(t, binary(t)+".previous"); now != "1.1.0" || old != "1.0.0" {
		t.Errorf("installed is %s, kept is %s", now, old)
	}
	if out, code := s.update(r); code != 0 || !strings.Contains(out, "up to date") {
		t.Errorf("again: %d %s", code, out)
	}
}

// TestABadReleaseChangesNothing: whatever is wrong with a release, the old version serves on and stays in place.
func TestABadReleaseChangesNothing(t *testing.T) {
	t.Setenv("CRS_TIMEOUTS_TAKEOVER", "1500ms")
	s := open(t)
	r := s.installed("1.0.0")
	before, err := r.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	good := s.build("1.1.0")
	for _, c := range []struct {
		name  string
		spoil func()
		args  []string
		want  string
		code  int
	}{
		{name: "another checksum", want: "SHA-256", code: 1, spoil: func() { s.offer("1.1.0", good); s.alter("crs-"+runtime.GOOS+"-"+runtime.GOARCH, 5000) }},
		{name: "an altered manifest", want: "signature", code: 1, spoil: func() { s.offer("1.1.0", good); s.alter(release.ManifestFile, 30) }},
		{name: "no signature", want: "signature", code: 1, spoil: func() { s.offer("1.1.0", good); _ = os.Remove(filepath.Join(s.dir, release.SignatureFile)) }},
		{name: "another platform", want: "has no binary for", code: 1, spoil: func() { s.elsewhere(good) }},
		{name: "another version is wanted", want: "no release 2.0.0", code: 4, args: []string{"--to", "2.0.0"}, spoil: func() { s.offer("1.1.0", good) }},
		{name: "it crashes at once", want: "exit code 3", code: 1, spoil: func() { s.offer("1.1.0", program(t, r, "exit 3")) }},
		{name: "it never gets healthy", want: "within 1.5s", code: 1, spoil: func() { s.offer("1.1.0", program(t, r, "exec sleep 1000")) }},
		{name: "it dies when it serves", want: "it served, and then", code: 1, spoil: func() { s.offer("1.1.0", program(t, r, dies(t, r, "0.3"))) }},
		{name: "it does not take the configuration", want: "configuration", code: 1, spoil: func() { s.offer("1.1.0", refuses(t, r)) }},
		{name: "it is another version", want: "is version 1.1.0, and the binary that it is", code: 1, spoil: func() { s.offer("1.1.0", s.build("1.0.0")) }},
		{name: "it says no version", want: "does not say which version", code: 1, spoil: func() { s.offer("1.1.0", silent(t, r)) }},
		{name: "a version that is none", want: "not a version such as 1.2.3", code: 1, args: []string{"--to", "latest"}, spoil: func() { s.offer("1.1.0", good) }},
		{name: "it is no program", want: "new version", code: 1, spoil: func() { s.offer("1.1.0", filepath.Join(r.dir, "log")) }},
		{name: "it dies a while after", want: "did not stay", code: 1, spoil: func() { s.offer("1.1.0", program(t, r, dies(t, r, "2"))) }},
	} {
		c.spoil()
		out, code := s.update(r, c.args...)
		if code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit code %d: %s", c.name, code, out)
		}
		if now, err := r.Status(t.Context()); err != nil || now.PID != before.PID || versionOf(t, binary(t)) != "1.0.0" {
			t.Errorf("%s: process %d serves: %v", c.name, now.PID, err)
		}
		if left, err := filepath.Glob(binary(t) + ".next*"); err != nil || len(left) > 0 {
			t.Errorf("%s: it left %v", c.name, left)
		}
	}
}

// alter changes a byte of a file of the release.
func (s *shop) alter(name string, at int) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	text, err := os.ReadFile(path)
	if err == nil {
		text[at] ^= 1
		err = os.WriteFile(path, text, 0o755)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) elsewhere(program string) {
	s.t.Helper()
	s.offer("1.1.0", program)
	a, err := release.Describe(program, release.Binary, "plan9", "mips")
	if err == nil {
		err = release.Write(s.dir, release.Manifest{Version: "1.1.0", Artefacts: []release.Artefact{a}}, s.signer)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// silent is a program that reads the configuration, and does not say which version it is.
func silent(t *testing.T, r *relay) string {
	t.Helper()
	path := filepath.Join(r.dir, "silent")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nexit 0\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func refuses(t *testing.T, r *relay) string {
	t.Helper()
	path := filepath.Join(r.dir, "refuses")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho 'error: limits.body_max is not a setting any more' >&2\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAKillDuringAnUpdateLeavesAWorkingCrs kills the updater, the daemon or both, at fifty random moments of an update.
// Each time there is a whole crs in its place afterwards, which serves, and which can be updated.
func TestAKillDuringAnUpdateLeavesAWorkingCrs(t *testing.T) {
	s := open(t)
	r := s.installed("1.0.0")
	r.account("a")
	s.offer("1.1.0", s.build("1.1.0"))
	rnd := rand.New(rand.NewPCG(6, 11))
	ended := map[string]int{}
	for round := range 50 {
		cmd := exec.CommandContext(t.Context(), binary(t), "update", "--from", s.dir, "--to", other(t))
		cmd.Env = append(os.Environ(), "CRS_SOCKET="+r.Socket())
		if err := cmd.Start(); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		time.Sleep(moment(rnd))
		what := []string{"the updater", "the daemon", "everything"}[rnd.IntN(3)]
		if what != "the daemon" {
			_ = cmd.Process.Kill()
		}
		if what != "the updater" {
			r.killAll()
		}
		_ = cmd.Process.Kill() // it would wait for a daemon that is not there
		_ = cmd.Wait()
		ended[what]++
		version := versionOf(t, binary(t))
		if version != "1.0.0" && version != "1.1.0" {
			t.Fatalf("round %d, killed %s: what is installed is %q", round, what, version)
		}
		if what != "the updater" {
			r.serve()
		}
		r.until("the daemon answers", func() bool { _, err := r.Status(t.Context()); return err == nil })
		if list, err := r.Accounts(t.Context()); err != nil || len(list) != 1 {
			t.Fatalf("round %d: %d accounts: %v", round, len(list), err)
		}
		s.offerOther(t)
	}
	if out, code := s.update(r, "--to", other(t)); code != 0 {
		t.Errorf("an update that nobody kills: %d %s", code, out)
	}
	t.Logf("killed: %v", ended)
}

// moment is one of the first part of an update, until the new version serves, or of the second, in which it is installed.
func moment(rnd *rand.Rand) time.Duration {
	if rnd.IntN(10) < 7 {
		return time.Duration(rnd.Int64N(int64(600 * time.Millisecond)))
	}
	return time.Second + time.Duration(rnd.Int64N(int64(900*time.Millisecond)))
}

// other is the version that is not installed.
func other(t *testing.T) string {
	t.Helper()
	if versionOf(t, binary(t)) == "1.0.0" {
		return "1.1.0"
	}
	return "1.0.0"
}

// offerOther publishes the version that is not installed.
func (s *shop) offerOther(t *testing.T) {
	t.Helper()
	v := other(t)
	s.offer(v, s.build(v))
}

// killAll ends every process of the daemon, as a power cut does.
func (r *relay) killAll() {
	r.t.Helper()
	_ = syscall.Kill(-r.process.Process.Pid, syscall.SIGKILL)
	_ = r.process.Wait()
	r.until("the socket is free", func() bool {
		_, err := r.Status(context.Background())
		return ctl.CodeOf(err) == ctl.NotRunning
	})
}
