package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"crs/ctl"
	"crs/daemon"
)

func TestPlatformFlagsAreForThePlatformsThatKnowThem(t *testing.T) {
	t.Parallel()
	built := daemon.Catalogue()
	var known []string
	for _, p := range built.Platforms {
		known = append(known, p.Name)
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("sk-x"), 0o600); err != nil {
		t.Fatal(err)
	}
	offered := map[string][]string{} // by which platforms, by the name of the option
	for i := range built.Platforms {
		for _, o := range built.Platforms[i].Options {
			offered[o.Name] = append(offered[o.Name], built.Platforms[i].Name)
		}
	}
	for option, platforms := range offered {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			n := new(notes)
			socket := fake(t, map[string]any{"POST /accounts": n.then("add", ctl.Account{Credential: "api-key"})})
			for _, p := range known {
				n.all = nil
				got := run(t, nil, "account", "add", p, "x", "--api-key-file", file, "--"+option, "value", "--socket", socket)
				if !slices.Contains(platforms, p) {
					if got.code != 2 || !strings.Contains(got.err, "hint: it is for: "+strings.Join(platforms, ", ")) || n.String() != "" {
						t.Errorf("%s: %+v", p, got)
					}
					continue
				}
				var sent ctl.NewAccount
				if err := json.Unmarshal([]byte(strings.TrimPrefix(n.String(), "add ")), &sent); err != nil || got.code != 0 || sent.Options[option] != "value" || len(sent.Options) != 1 {
					t.Errorf("%s: %+v; the daemon was sent %s", p, got, n)
				}
			}
		})
	}
}

func TestAnEditKeepsTheOptionsThatAreNotGiven(t *testing.T) {
	t.Parallel()
	n := new(notes)
	old := ctl.Account{Name: "cloud", Platform: "bedrock", Options: map[string]string{"region": "us-east-1", "geo": "us", "other": "x"}}
	socket := fake(t, map[string]any{"GET /accounts/cloud": old, "PATCH /accounts/cloud": n.then("edit", old)})
	for args, want := range map[string]map[string]string{
		"--region eu-west-1 --geo=": {"region": "eu-west-1", "other": "x"},
		"--priority 3":              nil,
	} {
		n.all = nil
		got := run(t, nil, append([]string{"account", "edit", "cloud", "--socket", socket}, strings.Fields(args)...)...)
		var sent struct{ Options map[string]string }
		if err := json.Unmarshal([]byte(strings.TrimPrefix(n.String(), "edit ")), &sent); err != nil || got.code != 0 || !reflect.DeepEqual(sent.Options, want) {
			t.Errorf("%s: %+v; the daemon was sent %s", args, got, n)
		}
	}
	if got := run(t, nil, "account", "edit", "cloud", "--deployment", "x", "--socket", socket); got.code != 2 || !strings.Contains(got.err, "it is for: azure-openai") {
		t.Errorf("%+v", got)
	}
}

func TestWhatCanBeImportedIsInTheHelp(t *testing.T) {
	t.Parallel()
	help := run(t, nil, "account", "import", "--help").out
	for _, p := range daemon.Catalogue().Platforms {
		if p.File != "" && (!strings.Contains(help, p.File) || !strings.Contains(help, "  "+p.Name+" ")) {
			t.Errorf("%s is not in\n%s", p.Name, help)
		}
	}
}

// TestAnEmptyNameOfAFileReplacesNothing: a script whose variable is not set is told.
func TestAnEmptyNameOfAFileReplacesNothing(t *testing.T) {
	t.Parallel()
	socket := fake(t, map[string]any{"GET /accounts/my key": ctl.Account{Name: "my key", Platform: "claude-console"}})
	got := run(t, nil, "account", "edit", "my key", "--api-key-file", "", "--socket", socket)
	if got.code != 2 || !strings.Contains(got.err, "the file's name is empty") || !strings.Contains(got.err, "crs account disable 'my key'") {
		t.Errorf("%+v", got)
	}
}
