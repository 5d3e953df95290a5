package tui

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
	"crs/daemon"
	"crs/tui/draw"
)

// js writes something down whole, so that it can be compared.
func js(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// choose walks down a list to the n-th entry and takes it.
func (r *rig) choose(n int) {
	r.t.Helper()
	for range n {
		r.press("down")
	}
	r.press("enter")
}

// submit goes through all pages of the form on top.
func (r *rig) submit() {
	r.t.Helper()
	f, ok := r.m.dialog().(*form)
	if !ok {
		r.t.Fatalf("there is no form to submit:\n%s", draw.Bare(r.view()))
	}
	for fields, n := f.fields, 0; r.m.dialog() == dialog(f) && f.fields == fields; n++ {
		if n > 30 {
			r.t.Fatalf("the form does not end:\n%s", draw.Bare(r.view()))
		}
		r.press("enter")
	}
}

func TestAnAccountIsAddedWithAKeyThatIsNeverShown(t *testing.T) {
	in(t, func(r *rig) {
		r.press("2", "a")
		r.see("On which platform?", "a Claude subscription")
		r.choose(2) // claude-console
		r.see("Add an account: claude-console")
		r.press("enter")
		r.see("the name is missing")
		r.press("spare-key", "enter")
		r.see("It is shown as dots")
		r.paste("sk-ant-hush\n")
		r.see("•••••••••••")
		r.miss("hush")
		r.press("enter")
		r.see("claude-console options", "auto")
		r.press("right", "enter") // x-api-key
		r.see("All of this can stay as it is")
		r.press("ftp://x", "enter")
		r.see("an address begins with https://")
		for range len("ftp://x") {
			r.press("backspace")
		}
		r.press("https://api.example.com", "enter", "down", "8", "enter", "enter", "claude-*, other", "enter", "enter", "enter", "space", "enter")
		r.did("add claude-console spare-key")
		r.miss("hush", "Add an account")
		r.see("account spare-key is added; its state: ready", "spare-key")
		want := `{"platform":"claude-console","name":"spare-key","api_key":"sk-ant-hush","base_url":"https://api.example.com","max_concurrency":8,` +
			`"groups":["team"],"models":["claude-*","other"],"options":{"auth":"x-api-key"}}`
		if got := js(r.t, r.d.added[0]); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func TestWhatWasFilledInStaysWhenTheDaemonRefusesIt(t *testing.T) {
	in(t, func(r *rig) {
		r.press("3", "a", "alice", "enter", "enter", "enter")
		r.d.err = ctl.Errorf(ctl.Conflict, "another key is named %q already", "alice")
		r.submit()
		r.see(`another key is named "alice" already`, "Make a key")
		r.press("-2")
		r.see("alice-2")
		r.submit()
		r.did("create alice", "create alice-2")
		r.see("This is the key. It is shown this once")
	})
}

func TestANewKeyIsShownOnceAndCanBeCopied(t *testing.T) {
	in(t, func(r *rig) {
		r.press("3", "a", "night-shift", "enter", "team night", "enter", "30d", "enter", "enter")
		r.see("Limits (empty = none)")
		r.press("60", "enter", "enter", "2.50", "enter", "enter", "enter", "cost/month=$50 requests", "enter")
		r.see(`"requests" is not UNIT/WINDOW=N`)
		r.press("/5h=1.5k", "enter", "4", "enter", "enter", "45s", "enter")
		r.see("What it may use", "all accounts")
		r.press("right", "enter", "enter", "claude-sonnet-*", "enter", "enter", "enter", "enter")
		r.did("create night-shift")
		r.see("cr_the_secret_of_night-shift", "crs env night-shift")
		r.press("enter", "q") // keys too many do not end it
		r.see("cr_the_secret_of_night-shift")
		r.press("c")
		r.see("it is copied")
		if len(r.clip) != 1 || r.clip[0] != "cr_the_secret_of_night-shift" {
			t.Errorf("%q", r.clip)
		}
		r.press("esc")
		for _, screen := range []string{"1", "2", "3", "4", "5", "?"} {
			r.press(screen)
			r.miss("cr_the_secret")
		}
		r.press("esc", "3")
		r.see("night-shift")
		k := r.d.made[0]
		if k.ExpiresAt == nil || k.ExpiresAt.Sub(noon).Round(24*time.Hour) != 30*24*time.Hour {
			t.Errorf("it ends %v", k.ExpiresAt)
		}
		k.ExpiresAt = nil
		want := `{"name":"night-shift","tags":["team","night"],"rpm":60,"concurrency":4,"queue_wait_seconds":45,"daily_cost_usd":2.5,"rules":{"cost/month":50,"requests/5h":1500},` +
			`"allow_models":["claude-sonnet-*"],"account":"","group":"team"}`
		if got := js(r.t, k); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

func TestEditingAKeySendsWhatHasChanged(t *testing.T) {
	in(t, func(r *rig) {
		r.press("3", "j", "e")
		r.see("Edit key bob")
		r.press("enter", "enter", "enter") // tags, ends
		r.see("100000", "2.00")
		r.press("9")
		r.submit()
		r.did("edit key_bob")
		if got := js(r.t, r.d.edits[0]); got != `{"version":0,"rpm":9}` {
			t.Error(got)
		}
		r.see("key bob is changed")
	})
}

// TestALimitThatIsSaidNoMoreIsTakenAway, and one that stays as it is is not said again.
func TestALimitThatIsSaidNoMoreIsTakenAway(t *testing.T) {
	in(t, func(r *rig) {
		for i := range r.d.all {
			r.d.all[i].Limits.Rules = map[string]json.Number{"cost/month": "50", "requests/5h": "300", "images/day": "20"}
		}
		edit := func(text string, want ...string) {
			r.press("3", "e")
			r.press("enter", "enter", "enter", "enter", "enter", "enter", "enter", "enter") // to the other limits
			r.see("cost/month=50 images/day=20 requests/5h=300")
			for range len("cost/month=50 images/day=20 requests/5h=300") {
				r.press("backspace")
			}
			r.press(text)
			r.submit()
			var got []string
			for _, e := range r.d.edits {
				got = append(got, js(t, e.Rules))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q sent %v, not %v", text, got, want)
			}
		}
		edit("requests/5h=300, cost/month=50 images/day=20")
		r.see("key alice is as it was")
		first := `{"images/day":0,"requests/5h":400,"tokens/day":2000000}`
		edit("cost/month=50 requests/5h=400 tokens/day=2M", first)
		edit(" ", first, `{"cost/month":0,"images/day":0,"requests/5h":0}`)
	})
}

func TestARotatedKeyIsShownOnce(t *testing.T) {
	in(t, func(r *rig) {
		r.press("3", "r")
		r.see("Give key alice a new secret?")
		r.press("y")
		r.did("rotate key_alice")
		r.see("cr_rotated")
		r.press("esc", "5")
		r.miss("cr_rotated")
	})
}

func TestEditingAnAccountSendsWhatHasChanged(t *testing.T) {
	in(t, func(r *rig) {
		r.press("2", "jjjj", "e")
		r.see("Edit account work", "50", "8")
		r.press("enter", "backspace", "backspace", "7", "enter", "enter", "enter", "enter", "a=b c=d", "enter", "ask Eve", "enter")
		r.see("claude-console options", "key is sent as")
		r.press("right", "enter") // x-api-key
		r.see("Nothing keeps the present one")
		r.press("enter")
		r.did("edit acc_work")
		if got := js(r.t, r.d.accEdits[0]); got != `{"priority":7,"map":{"a":"b","c":"d"},"options":{"auth":"x-api-key"},"note":"ask Eve"}` {
			t.Error(got)
		}
	})
}

// TestAnEditThatChangesNothingSendsNothing, of an account or a key; what is emptied becomes what a new one has.
func TestAnEditThatChangesNothingSendsNothing(t *testing.T) {
	in(t, func(r *rig) {
		r.press("2", "jjjj", "e")
		r.see("Edit account work")
		r.submit()
		r.see("account work is as it was")
		r.press("3", "e")
		r.see("Edit key alice")
		r.submit()
		r.see("key alice is as it was")
		r.did()
		r.press("2", "kkkk", "e")
		r.see("Edit account max", "10")
		r.press("enter", "backspace", "backspace")
		r.submit()
		if got := js(r.t, r.d.accEdits[0]); got != `{"priority":50}` {
			t.Error(got)
		}
	})
}

func TestGroupsAreMadeJoinedAndDeleted(t *testing.T) {
	in(t, func(r *rig) {
		r.press("2", "n", "day", "enter", "enter")
		r.did("group day")
		r.see("group day is made")
		r.press("jjjj", "m") // work is in team
		r.see("Groups of work", "[x] team", "[ ] night")
		r.press("space", "down", "space", "enter")
		r.did("join night acc_work", "leave team acc_work", "account acc_work")
		r.press("N", "down", "enter")
		r.did("delete group night")
	})
}

const address = "https://claude.example/oauth/authorize?client_id=9d1c250a-e61b-44d9-88ed-5944d1962f5e&response_type=code&code=true&state=abc"

func TestALoginInTheBrowser(t *testing.T) {
	in(t, func(r *rig) {
		r.d.login = ctl.Login{ID: "login_1", URL: address, ExpiresAt: noon.Add(10 * time.Minute)}
		r.press("2", "a")
		r.choose(1) // claude
		r.see("that risk is yours", "log in in the browser", "import what its client saved")
		r.press("max2")
		r.submit()
		r.did("login claude max2")
		r.see("Log into max2", "client_id=9d1c250a")
		if len(r.clip) != 1 || r.clip[0] != address {
			t.Errorf("copied is %q", r.clip)
		}
		r.press("ctrl+y")
		if len(r.clip) != 2 {
			t.Error("it is not copied again")
		}
		r.press("enter")
		r.see("Nothing was pasted yet.")
		r.d.err = ctl.Errorf(ctl.BadRequest, "the code is another login's")
		r.paste("wrong#abc")
		r.see("wrong#abc")
		r.press("enter")
		r.did("finish login_1 wrong#abc")
		r.see("the code is another login's")
		r.miss("wrong#abc")
		r.paste("right#abc")
		r.press("enter")
		r.did("finish login_1 right#abc")
		r.miss("Log into")
		r.see("account max is added; its state: ready")
	})
}

func TestALoginOnAnotherDevice(t *testing.T) {
	in(t, func(r *rig) {
		r.d.login = ctl.Login{ID: "login_2", URL: "https://openai.example/codex/device", Device: &ctl.DeviceLogin{URL: "https://openai.example/codex/device", Code: "SIMO-1234", IntervalSeconds: 5}, ExpiresAt: noon.Add(10 * time.Minute)}
		account := ctl.LoggedIn{Account: ctl.Account{ID: "acc_plus", Name: "plus", State: "ready"}}
		r.d.polls = []ctl.LoginPoll{{IntervalSeconds: 5}, {IntervalSeconds: 10, Trouble: "the provider answers 500"}, {Done: true, Account: &account}}
		r.press("2", "a")
		r.choose(3) // openai
		r.press("plus", "enter", "down")
		r.submit()
		r.see("SIMO-1234", "https://openai.example/codex/device", "asked 0 times")
		r.pass(5100 * time.Millisecond)
		r.see("asked 1 time")
		r.pass(5 * time.Second)
		r.see("trouble, which may pass: the provider answers 500")
		r.pass(9 * time.Second)
		r.see("SIMO-1234")
		r.pass(time.Second)
		r.miss("SIMO-1234")
		r.see("account plus is added")
		r.did("login openai plus", "poll login_2", "poll login_2", "poll login_2")
	})
}

func TestALoginThatIsGivenUpIsCancelled(t *testing.T) {
	in(t, func(r *rig) {
		r.d.login = ctl.Login{ID: "login_3", URL: address, ExpiresAt: noon.Add(10 * time.Minute)}
		r.press("2", "jj", "l") // old needs one
		r.see("Log into old")
		r.press("enter")
		r.see("client_id")
		r.press("esc")
		r.miss("client_id")
		r.did("login claude old", "cancel login_3")
		if got := js(r.t, r.d.added[0]); got != `{"platform":"claude","name":"old"}` {
			t.Errorf("a renewal says more than the name: %s", got)
		}
		r.press("jj", "l") // work has a key
		r.see("has an API key and no login")
	})
}

func TestAnAccountIsImportedFromAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "credentials.json")
	if err := os.WriteFile(file, []byte(`{"hush":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	in(t, func(r *rig) {
		r.press("2", "a")
		r.choose(1)
		r.press("mine", "enter", "down", "down", "enter")
		r.see("~/.claude/.credentials.json")
		for range len("~/.claude/.credentials.json") {
			r.press("backspace")
		}
		r.press("/nowhere")
		r.submit()
		r.see("no such file")
		r.press("enter", "enter")
		for range len("/nowhere") {
			r.press("backspace")
		}
		r.press(file)
		r.submit()
		r.did("add claude mine")
		if got := string(r.d.added[0].File); got != `{"hush":1}` {
			t.Error(got)
		}
	})
}

// TestWhatTheDaemonKnowsCanBeAdded: a platform that is new here, and ways and options that are.
func TestWhatTheDaemonKnowsCanBeAdded(t *testing.T) {
	in(t, func(r *rig) {
		r.d.catalogue.Platforms = []ctl.Platform{{
			Name: "brand-new", Title: "something else", Ways: []ctl.Way{"by-post", ctl.ByKey},
			Options: []ctl.PlatformOption{{Name: "size", Label: "how large", Values: []string{"s", "l"}, Default: "s"}, {Name: "shade", Label: "shade", Values: []string{"red"}}},
		}}
		r.press("2", "a")
		r.see("brand-new", "something else")
		r.press("enter")
		r.see("Add an account: brand-new")
		if text := draw.Bare(r.view()); strings.Contains(text, "post") {
			t.Errorf("a way that is not known here is offered:\n%s", text)
		}
		r.press("mine", "enter", "sk-1", "enter")
		r.see("how large", "as it comes")
		r.press("right", "enter", "right", "enter")
		r.submit()
		r.did("add brand-new mine")
		if got := r.d.added[0].Options; len(got) != 2 || got["size"] != "l" || got["shade"] != "red" {
			t.Errorf("%v", got)
		}
	})
}

func TestADaemonThatTellsOfNoPlatformsHasThoseThatAreBuiltIn(t *testing.T) {
	in(t, func(r *rig) {
		r.d.failing = ctl.Errorf(ctl.NotFound, "there is no such call")
		r.m.b.catalogue = ctl.Catalogue{Platforms: []ctl.Platform{{Name: "built-in", Title: "of this program", Ways: []ctl.Way{ctl.ByKey}}}}
		r.press("2", "a")
		r.see("built-in", "of this program")
	})
}

func TestWords(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"0": short(0), "999": short(999), "1.0K": short(1000), "9.9K": short(9_940), "10K": short(9_960), "1.0M": short(999_600), "12M": short(12_345_678), "1.2G": short(1_234_567_890),
		"5B": bytes(5), "1,234,567": whole(1234567), "-1,234": whole(-1234), "123": whole(123), "59s": lasts(59 * time.Second), "9m59": lasts(599 * time.Second), "10m": lasts(630 * time.Second),
		"2h05": lasts(125 * time.Minute), "3d": lasts(75 * time.Hour), "0s": lasts(-time.Hour), "999ms": took(999), "": took(0), "1.5s": took(1500), "1m01": took(61_000), "$0": money(0), "<$0.01": money(1),
		"$1.23": money(1_230_000_000), "$12,346": money(12_345_678_000_000),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAClipGoesThroughWhatIsInBetween(t *testing.T) {
	t.Parallel()
	plain := clipping("hello", false, false)
	if plain != "\x1b]52;c;aGVsbG8=\x07" {
		t.Errorf("%q", plain)
	}
	if got := clipping("hello", true, true); !strings.HasPrefix(got, plain) || !strings.Contains(got, "\x1bPtmux;") {
		t.Errorf("%q", got)
	}
	if got := clipping("hello", false, true); !strings.HasPrefix(got, "\x1bP") {
		t.Errorf("%q", got)
	}
}

// TestEveryPlatformIsSeenToChooseFrom: each on a line of its own, on the smallest usual terminal.
func TestEveryPlatformIsSeenToChooseFrom(t *testing.T) {
	in(t, func(r *rig) {
		r.d.catalogue = daemon.Catalogue()
		r.send(tea.WindowSizeMsg{Width: 80, Height: 24})
		r.press("2", "a")
		for _, p := range r.d.catalogue.Platforms {
			r.see(p.Name + " ")
			r.see(p.Title)
		}
	})
}
