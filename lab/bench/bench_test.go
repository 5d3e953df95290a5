package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"crs/lab/bench/canned"
	"crs/lab/bench/load"
	"crs/lab/bench/process"
)

// TestMain lets this binary be the parts that the benchmark starts of itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "upstream" || os.Args[1] == "proxy") {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
			panic(err)
		}
		return
	}
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil { // or every part takes a second to end
		panic(err)
	}
	m.Run()
}

// newStage is one with an upstream and without a relay.
func newStage(t *testing.T) *stage {
	t.Helper()
	if err := process.RaiseFiles(256); err != nil {
		t.Skip(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := source()
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{
		opt: &options{rounds: 1, duration: 200 * time.Millisecond}, self: self, dir: t.TempDir(), source: text, progress: io.Discard,
		wants: map[canned.Answer]load.Want{},
	}
	upstream, err := process.Start(t.Context(), s.dir, "upstream", self, "upstream")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(upstream.Stop)
	if s.upstream, err = upstream.Line(); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheBareProxyIsMeasuredInEveryMode(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	whole := row{name: "whole", subjects: []string{bare, nginx}, measure: repeat(shortAnswer, prompt{size: promptSmall})}
	streamed := row{name: "streamed", subjects: []string{bareReader, bareWriter}, measure: repeat(burst, prompt{size: promptSmall, stream: true})}
	for _, r := range []row{whole, streamed} {
		samples, err := s.row(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range r.subjects {
			want := s.opt.rounds
			if name == nginx { // the stage has none
				want = 0
			}
			if len(samples[name]) != want {
				t.Errorf("%s was measured %d times, not %d", name, len(samples[name]), want)
			}
			for _, got := range samples[name] {
				if v := got[cpuPerRequest]; v < 1 || v > 100_000 {
					t.Errorf("%s takes %g %s", name, v, cpuPerRequest)
				}
			}
		}
	}
}

func TestAnUpstreamThatFailsFailsTheMeasurement(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	r := row{name: "failing", subjects: []string{bare}, measure: repeat(canned.Answer{Bytes: 1 << 10, Fails: 20}, prompt{size: promptSmall})}
	_, err := s.row(t.Context(), r)
	if err == nil || !strings.Contains(err.Error(), "529") {
		t.Errorf("the error is %v", err)
	}
}

func TestAnAnswerThatCannotBeIsToldOf(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	if _, err := s.expect(t.Context(), canned.Answer{Bytes: -7}, prompt{size: promptSmall}); err == nil || !strings.Contains(err.Error(), "Bytes:-7") {
		t.Errorf("the error is %v", err)
	}
}

func TestNothingIsLeftBehindWhenARunIsInterrupted(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	ctx, stop := context.WithCancel(t.Context())
	messages, tell := io.Pipe()
	go func() {
		buf := make([]byte, 1)
		_, _ = messages.Read(buf) // the first measurement is done
		stop()
		_, _ = io.Copy(io.Discard, messages)
	}()
	o := &options{only: []string{"json-4k"}, rounds: 1000, duration: 200 * time.Millisecond, crs: "/bin/true"}
	if _, err := measure(ctx, o, tell); err == nil {
		t.Error("an interrupted run gave results")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("it left %v (%v)", left, err)
	}
}
