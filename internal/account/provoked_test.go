package account_test

import (
	"fmt"
	"testing"
	"time"

	"crs/internal/account"
)

func model(name, family string) func(*account.Want) {
	return func(w *account.Want) { w.Model, w.Family = name, family }
}

func by(key string) func(*account.Want) { return func(w *account.Want) { w.Key = key } }

func lacks() account.Outcome {
	return account.Outcome{Result: account.Unsupported, Evidence: "404 no such model"}
}

func TestAMissingModelHidesNothingButThatModelForMinutes(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		serve(t, p, want(model("claude-sonnet-99", "sonnet")), lacks())
		n := none(t, p, want(model("claude-sonnet-99", "sonnet"), by("another")))
		if !n.Lacking() || n.Counts[account.LacksModel] != 1 {
			t.Errorf("%v", n)
		}
		served(t, p, want(model("claude-sonnet-4-5", "sonnet")))
		if s := status(t, p, "a"); s.State != account.Ready || len(s.Rests) != 1 || s.Rests[0].About() != "claude-sonnet-99" {
			t.Errorf("%+v", s)
		}
		time.Sleep(11 * time.Minute)
		served(t, p, want(model("claude-sonnet-99", "sonnet")))
	}, acc("a"))
}

// TestAServiceThatOneModelLacksIsAskedForOthers, however the model is called.
func TestAServiceThatOneModelLacksIsAskedForOthers(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		serve(t, p, want(model("old", "old")), account.Outcome{Result: account.Unsupported, Service: messages})
		served(t, p, want())
		if n := none(t, p, want(model("old", "old"))); !n.Lacking() {
			t.Errorf("%v", n)
		}
	}, acc("a"))
}

// TestAModelNamedLikeAFamilyOrAServiceIsNone of them.
func TestAModelNamedLikeAFamilyOrAServiceIsNone(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		for _, name := range []string{"opus", messages, "key_1"} {
			serve(t, p, want(model(name, "other")), lacks())
		}
		serve(t, p, want(model("new", messages)), account.Outcome{Result: account.Throttled, Scope: messages})
		serve(t, p, want(model("newer", "key_1")), account.Outcome{Result: account.Throttled, Scope: "key_1"})
		served(t, p, want(by("key_1")))
	}, acc("a"))
}

// TestInventedModelsTakeNoRoom, neither from real rests nor from memory.
func TestInventedModelsTakeNoRoom(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		serve(t, p, want(model("claude-haiku-5", "haiku")), account.Outcome{Result: account.Exhausted, Scope: "haiku", Until: time.Now().Add(time.Second)})
		serve(t, p, want(model("claude-opus-5", "opus")), account.Outcome{Result: account.Exhausted, Scope: "opus", Until: time.Now().Add(time.Minute)})
		for i := range 1000 {
			name := fmt.Sprint("made-up-", i)
			serve(t, p, want(model(name, name)), lacks())
		}
		if n := len(status(t, p, "a").Rests); n > 64 {
			t.Errorf("%d rests", n)
		}
		if n := none(t, p, want(model("claude-opus-5", "opus"))); n.Counts[account.Resting] != 1 {
			t.Errorf("what was learnt of opus is gone: %v", n)
		}
		served(t, p, want(model("claude-sonnet-5", "sonnet")))
	}, acc("a"))
}

func TestOneKeysFailuresRestTheAccountForThatKeyOnly(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		provoked := account.Outcome{Result: account.Failed, Evidence: "500", Asked: true}
		for range 50 {
			if l, err := p.Pick(t.Context(), want(by("bad"))); err == nil {
				l.Release(provoked)
			}
		}
		if n := none(t, p, want(by("bad"))); n.Counts[account.Resting] != 1 {
			t.Errorf("%v", n)
		}
		l := pick(t, p, want(by("good")))
		if s := status(t, p, "a"); s.State != account.Ready || len(s.Rests) != 1 || s.Rests[0].About() != "key bad" {
			t.Errorf("%+v", s)
		}
		l.Release(account.Outcome{Result: account.Served})
		if s := status(t, p, "a"); s.Failures != 0 {
			t.Errorf("%d failures after a good answer", s.Failures)
		}
	}, acc("a"))
}

// TestFailuresOfSeveralKeysAreTheAccounts, and so is what no request can bring about.
func TestFailuresOfSeveralKeysAreTheAccounts(t *testing.T) {
	for name, outcomes := range map[string][]account.Outcome{
		"of several keys": {{Result: account.Failed, Asked: true}, {Result: account.Failed, Asked: true}, {Result: account.Failed, Asked: true}},
		"unreachable":     {{Result: account.Failed}, {Result: account.Failed}, {Result: account.Failed}},
	} {
		t.Run(name, func(t *testing.T) {
			pool(t, func(t *testing.T, p *account.Pool) {
				for i, o := range outcomes {
					key := "one"
					if o.Asked {
						key = fmt.Sprint(i)
					}
					serve(t, p, want(by(key)), o)
				}
				if s := status(t, p, "a"); s.State != account.Cooling {
					t.Errorf("%+v", s)
				}
				none(t, p, want(by("another")))
			}, acc("a"))
		})
	}
}

// TestALimitThatALargeRequestMeetsIsItsKeys until another key has met it too.
func TestALimitThatALargeRequestMeetsIsItsKeys(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		throttled := account.Outcome{Result: account.Throttled, Asked: true, Until: time.Now().Add(time.Minute)}
		serve(t, p, want(by("bad")), throttled)
		none(t, p, want(by("bad")))
		serve(t, p, want(by("good")), throttled)
		none(t, p, want(by("third")))
	}, acc("a"))
}

// TestAProbeThatHangsDoesNotKeepOthersFromFindingOut whether the account is back.
func TestAProbeThatHangsDoesNotKeepOthersFromFindingOut(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		serve(t, p, want(), account.Outcome{Result: account.Throttled, Until: time.Now().Add(time.Second)})
		time.Sleep(2 * time.Second)
		hanging := pick(t, p, want(by("bad")))
		if n := none(t, p, want(by("good"))); n.Counts[account.ProbeUnderWay] != 1 {
			t.Errorf("%v", n)
		}
		time.Sleep(20 * time.Second)
		served(t, p, want(by("good")))
		hanging.Release(account.Outcome{Result: account.Answered})
		served(t, p, want(by("good")))
	}, acc("a"))
}

// TestARefusalOfTwoKeysIsTheirsAsLongAsOthersAreServed: they ask for the same.
func TestARefusalOfTwoKeysIsTheirsAsLongAsOthersAreServed(t *testing.T) {
	denied := account.Outcome{Result: account.Denied, Asked: true, Evidence: "403"}
	pool(t, func(t *testing.T, p *account.Pool) {
		serve(t, p, want(by("bad")), denied)
		none(t, p, want(by("bad")))
		time.Sleep(time.Second)
		served(t, p, want(by("good")))
		serve(t, p, want(by("alike")), denied) // it asks for the same that bad did
		served(t, p, want(by("good")))
	}, acc("a"))
}

// TestARefusalIsOneKeysUntilAnotherMeetsItToo, however much later.
func TestARefusalIsOneKeysUntilAnotherMeetsItToo(t *testing.T) {
	denied := account.Outcome{Result: account.Denied, Asked: true, Evidence: "403"}
	pool(t, func(t *testing.T, p *account.Pool) {
		serve(t, p, want(by("one")), denied)
		time.Sleep(5 * time.Minute)
		serve(t, p, want(by("two")), denied)
		if s := status(t, p, "a"); s.State != account.Cooling {
			t.Errorf("%+v", s)
		}
		none(t, p, want(by("third")))
	}, acc("a"))
}

// TestARefusalOfOneKeyIsKnownForLongerThanItRests, until somebody is served.
func TestARefusalOfOneKeyIsKnownForLongerThanItRests(t *testing.T) {
	denied := account.Outcome{Result: account.Denied, Asked: true, Evidence: "403"}
	pool(t, func(t *testing.T, p *account.Pool) {
		serve(t, p, want(by("me")), denied)
		time.Sleep(5 * time.Minute)
		if s := status(t, p, "a"); s.State != account.Ready || len(s.Rests) != 1 || s.Rests[0].Key != "me" || s.Rests[0].Until.After(time.Now()) {
			t.Errorf("%+v", s)
		}
		served(t, p, want(by("another")))
		if s := status(t, p, "a"); len(s.Rests) != 0 {
			t.Errorf("another key has been served since: %+v", s)
		}
		serve(t, p, want(by("me")), denied)
		time.Sleep(11 * time.Minute)
		if s := status(t, p, "a"); len(s.Rests) != 0 {
			t.Errorf("it is long ago: %+v", s)
		}
	}, acc("a"))
}

// TestAServiceBesideIsRefusedAlone: what it meets there stands against nothing else.
func TestAServiceBesideIsRefusedAlone(t *testing.T) {
	pool(t, func(t *testing.T, p *account.Pool) {
		for _, key := range []string{"one", "two", "three", "four"} {
			for _, result := range []account.Result{account.Failed, account.Denied, account.Exhausted, account.Throttled} {
				if l, err := p.Pick(t.Context(), want(by(key))); err == nil {
					l.Release(account.Outcome{Result: result, Asked: true, Service: "anthropic/count_tokens", Evidence: "500"})
				}
			}
		}
		if s := status(t, p, "a"); s.State != account.Ready || len(s.Rests) == 0 {
			t.Errorf("%+v", s)
		}
		served(t, p, want(by("good")))
	}, acc("a"))
}
