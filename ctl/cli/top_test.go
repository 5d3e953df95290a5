package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"crs/ctl"
)

func TestTopTakesRatesBetweenTwoLooks(t *testing.T) {
	t.Parallel()
	tr := traffic{sent: map[string]int64{}}
	flight := ctl.Flight{N: 1, Sent: 1000, Live: ctl.Live{ID: "req_1", At: noon, Key: "alice", Phase: "streaming"}}
	tr.take(&ctl.Update{At: noon, All: true, Status: &ctl.Status{InFlight: 1, Waiting: 2}, Flights: []ctl.Flight{flight}, Ended: make([]ctl.Request, 3)})
	first := tr.look(noon)
	if first.InFlight != 1 || first.Waiting != 2 || first.RequestRate != 0 || first.ByteRate != 0 || len(first.Live) != 1 {
		t.Errorf("the first look: %+v", first)
	}
	tr.take(&ctl.Update{At: noon.Add(time.Second), Sent: []int64{1, 5000}, Ended: make([]ctl.Request, 4), Missed: 6})
	second := tr.look(noon.Add(2 * time.Second))
	if second.RequestRate != 5 || second.ByteRate != 2000 || second.Live[0].Rate != 2000 || second.Live[0].Sent != 5000 {
		t.Errorf("the second: %+v", second)
	}
}

func TestTopShowsATable(t *testing.T) {
	t.Parallel()
	a, out := printing()
	quiet := noon.Add(-7 * time.Second)
	s := &sighting{At: noon, InFlight: 3, Waiting: 1, RequestRate: 2.5, ByteRate: 1500, Live: []moving{
		{Live: ctl.Live{ID: "req_1", Key: "alice", Account: "work", Model: "m", Phase: "streaming", At: noon.Add(-90 * time.Second), FirstByteMS: 300}, Sent: 12_000, Rate: 1500},
		{Live: ctl.Live{ID: "req_2", Key: "bob", Model: "evil\x1b[2J", Phase: "picking", At: noon, Attempts: 2}, LastAt: &quiet},
	}}
	if err := a.showTraffic(s); err != nil {
		t.Fatal(err)
	}
	want := `12:00:00  3 in flight (1 waiting for an account), 2.5 requests/s, 1.5 kB/s
REQUEST  KEY    ACCOUNT  MODEL      PHASE        FOR  FIRST   SENT      RATE  QUIET  FAILED
req_1    alice  work     m          streaming  1m30s  300ms  12 kB  1.5 kB/s
req_2    bob             evil?[2J   picking       0s           0 B     0 B/s     7s       2

`
	if got := out.String(); strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	a.json = true
	out.Reset()
	if err := a.showTraffic(s); err != nil || strings.Count(out.String(), "\n") != 1 {
		t.Fatalf("%q, %v", out, err)
	}
	var back sighting
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.Live[1].ID != "req_2" || back.RequestRate != 2.5 {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestTopShowsWhatATerminalHasRoomFor(t *testing.T) {
	t.Parallel()
	a, out := printing()
	a.io.Terminal, a.io.Height = true, func() int { return 10 }
	if err := a.showTraffic(&sighting{At: noon, Live: make([]moving, 100)}); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if !strings.HasPrefix(text, home) || strings.Count(text, "\n") > 9 || !strings.Contains(text, "and 95 more") {
		t.Errorf("%q", text)
	}
}

func TestTopEndsAfterAsManyTablesAsWereWanted(t *testing.T) {
	t.Parallel()
	socket := fake(t, map[string]any{"GET /live": `{"at":"2026-11-23T12:00:00Z","all":true,"status":{"in_flight":7}}` + "\n"})
	got := run(t, nil, "top", "-n", "1", "-o", "json", "--socket", socket)
	if got.code != 0 || got.err != "" || !strings.HasPrefix(got.out, `{"at":"2026-11-23T12:00:00Z","in_flight":7,`) {
		t.Errorf("%+v", got)
	}
	got = run(t, nil, "top", "--socket", socket) // the daemon goes away
	if got.code != 3 || !strings.Contains(got.err, "gone away") {
		t.Errorf("%+v", got)
	}
	if got = run(t, nil, "top", "--every", "1ms", "--socket", socket); got.code != 2 {
		t.Errorf("%+v", got)
	}
}

func TestTheDashboardNeedsATerminal(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*IO, *Programs){
		"a pipe":          nil,
		"nobody there":    func(io *IO, _ *Programs) { io.Terminal = true },
		"a dumb terminal": func(io *IO, _ *Programs) { io.Terminal, io.Somebody, io.Environ = true, true, []string{"TERM=dumb"} },
	} {
		got := run(t, change, "tui")
		if got.code != 2 || !strings.Contains(got.err, "needs a terminal") || !strings.Contains(got.err, "crs top") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := run(t, func(io *IO, _ *Programs) { io.Terminal, io.Somebody = true, true }, "tui", "--socket", t.TempDir()+"/none"); got.code != 3 {
		t.Errorf("without a daemon: %+v", got)
	}
	if got := run(t, nil, "tui", "-o", "json"); got.code != 2 || !strings.Contains(got.err, "crs top -o json") {
		t.Errorf("%+v", got)
	}
}
