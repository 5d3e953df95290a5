package account

import (
	"fmt"
	"testing"
	"time"
)

// TestAKeyHasAShareOfTheConversations: one that gives every request a conversation of its own pushes out its own, and the one
// it uses stays.
func TestAKeyHasAShareOfTheConversations(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	p := NewPool(Options{Now: func() time.Time { return now }, StickyFor: time.Hour})
	e := &entry{acc: &Account{ID: "acc_a"}}
	p.entries["acc_a"] = e
	talk := func(key, session string) {
		p.stick(&Want{Key: key, Session: key + session}, e, byRank, now)
	}
	bound := func(key, session string) bool { return p.boundTo(&Want{Session: key + session}, now) != nil }
	talk("good", "mine")
	for i := range 3 * mostOfKey {
		talk("bad", fmt.Sprint(i))
		if i%100 == 0 {
			talk("bad", "used")
			now = now.Add(time.Second)
		}
	}
	if n := len(p.sticky); n > mostOfKey+1 || !bound("good", "mine") {
		t.Errorf("%d conversations", n)
	}
	if !bound("bad", fmt.Sprint(3*mostOfKey-1)) || bound("bad", "5") {
		t.Error("the newest is not there, or the oldest still is")
	}
	if n := len(p.talks["bad"].list); n > 3*mostOfKey {
		t.Errorf("%d places", n)
	}
}

func TestAllConversationsTogetherAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	p := NewPool(Options{Now: func() time.Time { return now }, StickyFor: time.Hour})
	e := &entry{acc: &Account{ID: "acc_a"}}
	p.entries["acc_a"] = e
	for i := range maxBindings + 1000 {
		p.stick(&Want{Key: fmt.Sprint(i % 100), Session: fmt.Sprint(i)}, e, byRank, now)
	}
	p.stick(&Want{Key: "new", Session: "new"}, e, byRank, now)
	if n := len(p.sticky); n > maxBindings || p.boundTo(&Want{Session: "new"}, now) == nil {
		t.Errorf("%d conversations", n)
	}
	for range 3 { // nodes of an older release do not say whose a conversation is
		p.ApplyUpdates([]StateUpdate{{Account: "acc_a", Session: "00112233445566778899aabbccddeeff", Until: now.Add(time.Hour).UnixMilli()}})
	}
	if n := len(p.sticky); n > maxBindings {
		t.Errorf("%d conversations", n)
	}
}
