package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"crs/ctl"
)

// log is requests with these ids.
func log(ids ...string) []ctl.Request {
	all := make([]ctl.Request, len(ids))
	for i, id := range ids {
		all[i] = ctl.Request{ID: id, Key: "k", At: noon}
	}
	return all
}

func TestFollowingEndsWithTheDaemon(t *testing.T) {
	t.Parallel()
	line := func(id string) string {
		b, err := json.Marshal(log(id)[0])
		if err != nil {
			t.Fatal(err)
		}
		return string(b) + "\n"
	}
	socket := fake(t, map[string]any{"GET /requests/follow": line("1") + line("2")})
	got := run(t, nil, "requests", "-f", "--socket", socket)
	if got.code != 3 || got.err != "error: the daemon has gone away\n" || strings.Count(got.out, "\n") != 3 {
		t.Errorf("%+v", got)
	}
}

func TestFollowedLinesKeepTheirColumns(t *testing.T) {
	t.Parallel()
	a, out := printing()
	a.requestHead()
	if err := a.requestLine(&ctl.Request{ID: "req_01k9w3x4y5z6a7b8c9d0e1f2g3", Key: "alice", At: noon, Model: "claude-opus-4-8", Account: "work", Status: 200}); err != nil {
		t.Fatal(err)
	}
	head, line, _ := strings.Cut(out.String(), "\n")
	for _, pair := range [][2]string{{"REQUEST", "req_"}, {"KEY", "alice"}, {"MODEL", "claude"}, {"ACCOUNT", "work"}} {
		if strings.Index(head, pair[0]) != strings.Index(line, pair[1]) {
			t.Errorf("%s is not over %s:\n%s", pair[0], pair[1], out)
		}
	}
}
