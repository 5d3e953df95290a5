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
