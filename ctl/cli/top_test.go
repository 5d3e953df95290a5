package cli

import (
	"strings"
	"testing"

	"crs/ctl/cli/command"
)

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
	for name, change := range map[string]func(*command.IO, *command.Programs){
		"a pipe":       nil,
		"nobody there": func(io *command.IO, _ *command.Programs) { io.Terminal = true },
		"a dumb terminal": func(io *command.IO, _ *command.Programs) {
			io.Terminal, io.Somebody, io.Environ = true, true, []string{"TERM=dumb"}
		},
	} {
		got := run(t, change, "tui")
		if got.code != 2 || !strings.Contains(got.err, "needs a terminal") || !strings.Contains(got.err, "crs top") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := run(t, func(io *command.IO, _ *command.Programs) { io.Terminal, io.Somebody = true, true }, "tui", "--socket", t.TempDir()+"/none"); got.code != 3 {
		t.Errorf("without a daemon: %+v", got)
	}
	if got := run(t, nil, "tui", "-o", "json"); got.code != 2 || !strings.Contains(got.err, "crs top -o json") {
		t.Errorf("%+v", got)
	}
}
