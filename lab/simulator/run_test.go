package simulator_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"crs/lab/simulator"
)

func TestRunTellsWhereItIsAndServesUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- simulator.Run(ctx, simulator.Options{}, w) }()
	lines := bufio.NewScanner(r)
	var told []string
	for len(told) < 3 && lines.Scan() {
		told = append(told, lines.Text())
	}
	url := told[0][strings.Index(told[0], "http://"):]
	if !strings.Contains(told[1], "curl -s "+url+"/v1/messages ") || !strings.Contains(told[2], "curl -s "+url+"/_sim/script ") {
		t.Errorf("told %q", told)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("it ended with %v", err)
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); err == nil {
		t.Error("it still listens")
	}
}

func TestItDoesNotStartWithAWrongScriptOrAddress(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]simulator.Options{
		`start the simulator: script, line 1, column 1: unknown step "nix"`: {Script: "nix"},
		"start the simulator: listen tcp":                                   {Listen: "256.0.0.1:1"},
	} {
		s, err := simulator.Start(o)
		if err == nil || s != nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", o, err, want)
		}
		if err := simulator.Run(context.Background(), o, io.Discard); err == nil {
			t.Errorf("%+v: Run did not complain", o)
		}
	}
}

func TestTheURLCanBeDialledWhenItListensEverywhere(t *testing.T) {
	t.Parallel()
	s := startWith(t, simulator.Options{Listen: ":0"})
	if !strings.HasPrefix(s.URL(), "http://127.0.0.1:") {
		t.Fatalf("URL %s", s.URL())
	}
	if a := s.post("sk-a", ask); a.status != 200 {
		t.Errorf("%d %v", a.status, a.err)
	}
}
