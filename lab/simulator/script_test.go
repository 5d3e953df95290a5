package simulator

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"crs/lab/simulator/provider"
)

// draw takes n steps for inference requests of an account.
func draw(s *Script, account string, n int) []string {
	var names []string
	for range n {
		names = append(names, s.next(account, "/v1/messages", true).Name)
	}
	return names
}

func TestAScriptAnswersInOrderThenOK(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, script, account, want string }{
		{"nothing", "", "a", "ok ok"},
		{"only comments", " # nothing\n;; # here\n", "a", "ok ok"},
		{"a list", "529*2,ok,500", "a", "529 529 ok 500 ok ok"},
		{"spaces", " 529 * 2 , ok ,\t500 ", "a", "529 529 ok 500 ok"},
		{"a loop", "loop:529,ok*2", "a", "529 ok ok 529 ok ok 529"},
		{"a credential", "sk-a=529*2,ok; sk-b=500", "sk-b", "500 ok"},
		{"another credential", "sk-a=529*2,ok; sk-b=500", "sk-c", "ok ok"},
		{"all others", "sk-a=529;503", "sk-c", "503 ok"},
		{"lines", "sk-a=529 # overloaded\nsk-b=loop:500\r\n\n503", "sk-b", "500 500"},
		{"a list over lines", "529, # first\n  500,\n\n 503", "a", "529 500 503 ok"},
		{"a padded credential", "c2s=== 529", "c2s==", "529 ok"},
		{"a path", "/v1/messages=529; 500", "a", "529 ok"},
		{"a credential before a path", "/v1/messages=529; a=500", "a", "500 ok"},
		{"arguments", `429( 5h , reset = 30m ),ok(text="a, \"b\") # ; c",gap=1ms)`, "a", `429( 5h , reset = 30m ) ok(text="a, \"b\") # ; c",gap=1ms) ok`},
		{"no arguments", "cut()", "a", "cut() ok"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := Parse(c.script)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(draw(s, c.account, len(c.want)), " ")
			if !strings.HasPrefix(got+" ", c.want+" ") {
				t.Errorf("drew %s, want %s", got, c.want)
			}
		})
	}
}

func TestEveryCredentialHasItsOwnPlaceInTheDefaultEntry(t *testing.T) {
	t.Parallel()
	s, err := Parse("529,500;b=503")
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(draw(s, "a", 1), draw(s, "b", 2), draw(s, "c", 3), draw(s, "a", 2))
	if want := "[529] [503 ok] [529 500 ok] [500 ok]"; got != want {
		t.Errorf("drew %s, want %s", got, want)
	}
}

func TestOnlyAPathEntryIsForWhatIsNoInference(t *testing.T) {
	t.Parallel()
	s, err := Parse("529*9; a=529*9; /v1/models=500")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.next("a", "/v1/oauth/token", false).Name; got != "ok" {
		t.Errorf("the token endpoint draws %s", got)
	}
	for _, want := range []string{"500", "ok"} {
		if got := s.next("a", "/v1/models", false).Name; got != want {
			t.Errorf("the models draw %s, want %s", got, want)
		}
	}
}

func TestStepsTakeTheirArguments(t *testing.T) {
	t.Parallel()
	given := func(n int64) provider.Figure { return provider.Figure{N: n, Given: true} }
	none := provider.NotGiven
	cases := []struct {
		script string
		want   provider.Step
	}{
		{"ok", provider.Step{After: none}},
		{"ok(events=50,gap=20ms,text=a b,size=64KB,thinking,tool,5h=0.97,7d=0.5)", provider.Step{After: none, Shape: provider.Shape{
			Events: 50, Gap: 20 * time.Millisecond, Say: "a b", Size: 64 << 10, Thinking: true, Tool: true, FiveHour: 0.97, SevenDay: 0.5}}},
		{"ok(input=1,output=2,cache_read=3,cache_write=4,cache_write_1h=0,reasoning=5)", provider.Step{After: none, Shape: provider.Shape{
			Bill: [6]provider.Figure{given(1), given(2), given(3), given(4), given(0), given(5)}}}},
		{"429(5h,reset=30m,retry=5s)", provider.Step{After: none, Verb: provider.DoStatus, Status: 429, Word: "5h", ResetIn: 30 * time.Minute, RetryIn: 5 * time.Second}},
		{"429(7d_oi)", provider.Step{After: none, Verb: provider.DoStatus, Status: 429, Word: "7d_oi"}},
		{"529", provider.Step{After: none, Verb: provider.DoStatus, Status: 529}},
		{"slow(2s,thinking)", provider.Step{After: none, Verb: provider.DoSlow, Wait: 2 * time.Second, Shape: provider.Shape{Thinking: true}}},
		{"slow", provider.Step{After: none, Verb: provider.DoSlow, Wait: time.Second}},
		{"stall", provider.Step{After: none, Verb: provider.DoStall, Wait: forever}},
		{"stall(after=0,for=3s)", provider.Step{After: 0, Verb: provider.DoStall, Wait: 3 * time.Second}},
		{"cut(after=7)", provider.Step{After: 7, Verb: provider.DoCut}},
		{"reset", provider.Step{After: none, Verb: provider.DoReset}},
		{"reset(after=2,events=9)", provider.Step{After: 2, Verb: provider.DoReset, Shape: provider.Shape{Events: 9}}},
		{"drip", provider.Step{After: none, Verb: provider.DoDrip, Wait: 20 * time.Millisecond}},
		{"drip(5ms)", provider.Step{After: none, Verb: provider.DoDrip, Wait: 5 * time.Millisecond}},
		{"error", provider.Step{After: none, Verb: provider.DoError, Word: "overloaded_error"}},
		{"error(rate_limit_error,after=2)", provider.Step{After: 2, Verb: provider.DoError, Word: "rate_limit_error"}},
		{"error(event,slow_down)", provider.Step{After: none, Verb: provider.DoError, Word: "slow_down", Form: "event"}},
		{"huge", provider.Step{After: none, Shape: provider.Shape{Size: 1 << 20, Events: 1}}},
		{"huge(4MB)", provider.Step{After: none, Shape: provider.Shape{Size: 4 << 20, Events: 1}}},
		{"gzip(silent)", provider.Step{After: none, Verb: provider.DoGzip, Word: "silent"}},
		{"crlf(events=3)", provider.Step{After: none, Verb: provider.DoCRLF, Shape: provider.Shape{Events: 3}}},
		{"split", provider.Step{After: none, Verb: provider.DoSplit, Wait: 200 * time.Microsecond}},
		{"garbage(html)", provider.Step{After: none, Verb: provider.DoGarbage, Word: "html"}},
		{"refuse", provider.Step{After: none, Verb: provider.DoRefuse}},
		{"nolength", provider.Step{After: none, Verb: provider.DoNoLength}},
		{"empty", provider.Step{After: none, Verb: provider.DoEmpty}},
		{"badcrc(after=2)", provider.Step{After: 2, Verb: provider.DoBadCRC}},
	}
	for _, c := range cases {
		t.Run(c.script, func(t *testing.T) {
			t.Parallel()
			s, err := Parse(c.script)
			if err != nil {
				t.Fatal(err)
			}
			c.want.Name = c.script
			if got := s.next("a", "", true); !reflect.DeepEqual(*got, c.want) {
				t.Errorf("%+v\nwant %+v", *got, c.want)
			}
		})
	}
}

func TestAWrongScriptIsRefusedWithThePlaceAndTheReason(t *testing.T) {
	t.Parallel()
	cases := []struct{ script, where, why string }{
		{"foo", "line 1, column 1", `unknown step "foo"; known steps: ok slow stall cut reset refuse drip error huge gzip crlf split garbage nolength empty badcrc 400 401 402 403 404 408 409 413 422 424 429 499 500 503 504 529 random`},
		{"ok,529*2,fooo", "line 1, column 10", `unknown step "fooo"`},
		{"ok\n# c\nsk-a = ok, 530", "line 3, column 12", `unknown step "530"`},
		{"ok,", "line 1, column 4", "expected a step"},
		{"sk-a=", "line 1, column 6", "expected a step"},
		{"=ok", "line 1, column 1", `expected a credential or a path before "="`},
		{"ok ok", "line 1, column 4", `expected "," and a step, or ";" and an entry, not "o"`},
		{"ok)", "line 1, column 3", `not ")"`},
		{"ok*0", "line 1, column 4", "expected how often after *"},
		{"ok*x", "line 1, column 4", "expected how often after *"},
		{"ok*99999999999999999999", "line 1, column 4", "expected how often after *"},
		{"ok;529", "line 1, column 4", "a second entry for all other credentials"},
		{"a=ok\na=ok", "line 2, column 1", `a second entry for "a"`},
		{"ok(", "line 1, column 4", `expected ")"`},
		{"ok(events=5", "line 1, column 12", `expected ")"`},
		{"ok(events=5\n)", "line 1, column 12", `expected ")" before the end of the line`},
		{"ok(events=5,)", "line 1, column 13", "expected an argument"},
		{"ok(events=)", "line 1, column 4", `"" is not a number`},
		{"ok(events=-1)", "line 1, column 4", `"-1" is not a number`},
		{"ok(gap=5)", "line 1, column 4", `"5" is not a duration`},
		{"ok(gap=-5s)", "line 1, column 4", `"-5s" is not a duration`},
		{"huge(4GB)", "line 1, column 6", `"4GB" is not a size`},
		{"huge(99999MB)", "line 1, column 6", `"99999MB" is not a size`},
		{"ok(5h=much)", "line 1, column 4", `"much" is not a share`},
		{"ok(5h=NaN)", "line 1, column 4", `"NaN" is not a share`},
		{"ok(input=x)", "line 1, column 4", `"x" is not a number`},
		{`ok(text="a`, "line 1, column 9", "expected a quoted text"},
		{`ok(text="a"b)`, "line 1, column 12", `expected "," or ")"`},
		{"ok(color=red)", "line 1, column 4", "ok does not take color=; it takes 5h= 7d= events= gap= size= text= thinking tool input= output= cache_read= cache_write= cache_write_1h= reasoning="},
		{"cut(3)", "line 1, column 5", `cut does not take "3"; it takes after= 5h=`},
		{"429(9h)", "line 1, column 5", `429 does not take "9h"; it takes 5h 7d 7d_oi opus sonnet unified bare extra spend`},
		{"529(events=3)", "line 1, column 5", "529 does not take events=; it takes reset= retry="},
		{"refuse(after=1)", "line 1, column 8", "refuse does not take after=; it takes nothing"},
		{"random", "line 1, column 1", "random takes a seed"},
		{"random(ok=3)", "line 1, column 1", "random takes a seed"},
		{"random(x)", "line 1, column 8", `"x" is not a seed`},
		{"random(1,529)", "line 1, column 10", "random takes weights of steps"},
		{"random(1,foo=3)", "line 1, column 10", `"foo" is not a step that random can draw`},
		{"random(1,random(2)=3)", "line 1, column 10", `is not a step that random can draw`},
		{"random(1,ok=101)", "line 1, column 1", "ok= is a share of 100"},
		{"random(1,529=0,ok=0)", "line 1, column 1", "every weight in random is 0"},
		{"random(1),ok", "line 1, column 11", "a step after random without *N is never reached"},
	}
	for _, c := range cases {
		t.Run(c.script, func(t *testing.T) {
			t.Parallel()
			s, err := Parse(c.script)
			if err == nil || s != nil {
				t.Fatalf("gave %v, %v", s, err)
			}
			if got := err.Error(); !strings.HasPrefix(got, "script, "+c.where+": ") || !strings.Contains(got, c.why) {
				t.Errorf("said %q, want %s: …%s", got, c.where, c.why)
			}
		})
	}
}

func TestRandomIsTheSameForTheSameSeedAndCredential(t *testing.T) {
	t.Parallel()
	drawn := func(script, account string, others ...string) []string {
		s, err := Parse(script)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for range 200 {
			got = append(got, draw(s, account, 1)...)
			for _, o := range others {
				draw(s, o, 3)
			}
		}
		return got
	}
	first := drawn("random(7)", "sk-a")
	if again := drawn("random(7)", "sk-a", "sk-b", "sk-c"); !slices.Equal(first, again) {
		t.Errorf("with other credentials around\n%v\nwant\n%v", again, first)
	}
	if other := drawn("random(7)", "sk-b"); slices.Equal(first, other) {
		t.Error("another credential draws the same")
	}
	if other := drawn("random(8)", "sk-a"); slices.Equal(first, other) {
		t.Error("another seed draws the same")
	}
}

func TestRandomWeighsItsSteps(t *testing.T) {
	t.Parallel()
	const n = 4000
	cases := []struct {
		script string
		min    map[string]int
		kinds  int
	}{
		{"random(1)", map[string]int{"ok": n * 45 / 100, "529": n / 100, "cut(after=0)": n / 100}, 23},
		{"random(1,ok=90)", map[string]int{"ok": n * 87 / 100}, 23},
		{"random(1,ok=0)", map[string]int{"cut": n * 3 / 100}, 22},
		{"random(1,ok=100)", map[string]int{"ok": n}, 1},
		{"random(1,ok=1,429(5h,reset=1m)=2,cut(after=3)=1)", map[string]int{"ok": n / 5, "429(5h,reset=1m)": n * 45 / 100, "cut(after=3)": n / 5}, 3},
		{"random(1,529=50)", map[string]int{"ok": n * 45 / 100, "529": n * 45 / 100}, 2},
	}
	for _, c := range cases {
		t.Run(c.script, func(t *testing.T) {
			t.Parallel()
			s, err := Parse(c.script)
			if err != nil {
				t.Fatal(err)
			}
			counts := map[string]int{}
			for _, name := range draw(s, "a", n) {
				counts[name]++
			}
			for name, least := range c.min {
				if counts[name] < least {
					t.Errorf("%s came %d times of %d, want %d or more", name, counts[name], n, least)
				}
			}
			if len(counts) != c.kinds {
				t.Errorf("%d kinds of steps, want %d: %v", len(counts), c.kinds, counts)
			}
		})
	}
}

func TestRandomCanHaveAnEnd(t *testing.T) {
	t.Parallel()
	s, err := Parse("loop:500,random(3,529=1,ok=0)*2")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(draw(s, "a", 7), " "); got != "500 529 529 500 529 529 500" {
		t.Errorf("drew %s", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"529*2,ok", "sk-a=429(5h,reset=30m); sk-b=ok", "loop:ok*9,reset", "/v1/oauth/token=500*2", "random(7,ok=3,cut(after=1)=1)",
		`ok(text="a, \"b\"",gap=1ms,5h=0.5)`, "# c\n;a==ok", "huge(4MB),stall(after=3,for=3s)", "ok(((", "=", "a=\n", `ok("`, "*", "random(1)*2,ok",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		s, err := Parse(expr)
		if err != nil {
			if s != nil || !strings.HasPrefix(err.Error(), "script, line ") {
				t.Errorf("%v, %v", s, err)
			}
			return
		}
		again, err := Parse(expr)
		if err != nil {
			t.Fatal(err)
		}
		for name := range s.programs {
			first, second := draw(s, name, 20), draw(again, name, 20)
			if !slices.Equal(first, second) {
				t.Errorf("%q drew %v, then %v", name, first, second)
			}
			for _, step := range first {
				if !strings.Contains(expr, step) && step != "ok" && !strings.Contains(expr, "random") {
					t.Errorf("drew %q", step)
				}
			}
		}
	})
}
