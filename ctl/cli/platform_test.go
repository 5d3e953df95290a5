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
	known := names(built.Platforms, nil, func(p *ctl.Platform) string { return p.Name })
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("sk-x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range platformFlags(&built) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			n := new(notes)
			socket := fake(t, map[string]any{"POST /accounts": n.then("add", ctl.Account{Credential: "api-key"})})
			for _, p := range known {
				n.all = nil
				got := run(t, nil, "account", "add", p, "x", "--api-key-file", file, "--"+f.name, "value", "--socket", socket)
				if !slices.Contains(f.platforms(), p) {
					if got.code != 2 || !strings.Contains(got.err, "hint: it is for: "+strings.Join(f.platforms(), ", ")) || n.String() != "" {
						t.Errorf("%s: %+v", p, got)
					}
					continue
				}
				var sent ctl.NewAccount
				if err := json.Unmarshal([]byte(strings.TrimPrefix(n.String(), "add ")), &sent); err != nil || got.code != 0 || sent.Options[f.name] != "value" || len(sent.Options) != 1 {
					t.Errorf("%s: %+v; the daemon was sent %s", p, got, n)
				}
			}
			for _, p := range f.platforms() {
				if !slices.Contains(known, p) {
					t.Errorf("platform %s is not in the list", p)
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

func TestOnlyKeysOfAWSMayHaveSeveralLines(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, []byte("aws_access_key_id = AKIA\naws_secret_access_key = x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, _ := printing()
	if key, err := a.readKey("bedrock", file); err != nil || strings.Count(key.Reveal(), "\n") != 2 {
		t.Errorf("%v", err)
	}
	if _, err := a.readKey("gemini-api", file); ctl.CodeOf(err) != ctl.BadRequest {
		t.Errorf("%v", err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := a.readKey("bedrock", empty); ctl.CodeOf(err) != ctl.BadRequest {
		t.Errorf("%v", err)
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
