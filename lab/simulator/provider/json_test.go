package provider

import (
	"encoding/json"
	"testing"
)

func TestAnObjectIsReadMemberByMember(t *testing.T) {
	t.Parallel()
	fields, ok := ReadObject([]byte(" {\"a\" : 1e3 ,\t\"b\":[1, 2],\n\"m\\u006fdel\":\"m\", \"n\":null, \"a\": 0.50} "))
	if !ok || !fields.Is("a", "0.50") || !fields.Is("b", "[1, 2]") || fields.Text("model") != "m" || !fields.Is("n", "null") || fields["Model"] != nil {
		t.Errorf("%t %q", ok, fields)
	}
}

func TestWhatIsNoObjectIsRefused(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{"", " ", "x", "null", "[]", `"a"`, "1", "{", `{"a":1,}`, `{"a":1}x`, `{"a":01}`, `{"a":"\q"}`, "{\"a\":\"\n\"}"} {
		if fields, ok := ReadObject([]byte(doc)); ok {
			t.Errorf("%q was taken: %q", doc, fields)
		}
	}
}

func TestAnObjectIsRenderedInItsOrder(t *testing.T) {
	t.Parallel()
	got := string(Object("b", "<a> & \"q\" — é", "a", 1, "left", If(false, 1), "kept", If(true, nil), "raw", json.RawMessage(`{ "x": 1.0 }`), "none", OrNull(""),
		"list", List(1, 2), "empty", List[any](), "f", 0.5))
	if want := `{"b":"<a> & \"q\" — é","a":1,"kept":null,"raw":{ "x": 1.0 },"none":null,"list":[1,2],"empty":[],"f":0.5}`; got != want {
		t.Errorf("rendered\n%s\nwant\n%s", got, want)
	}
}

func TestTheLastThatTheUserSaysIsHeard(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		turns, text string
		ping        bool
	}{
		{`[{"role":"user","content":"a ping"}]`, "a ping", true},
		{`[{"role":"user","content":"ping"},{"role":"user","content":[{"text":"a"},{"type":"image"},{"text":"b"},7]},{"role":"assistant","content":"c"}]`, "b", false},
		{`[{"role":"assistant","content":"c"},7]`, "", false},
	} {
		var p Prompt
		turns, _ := ReadList(json.RawMessage(c.turns))
		if p.HearTurns(turns); p.Text != c.text || p.Ping != c.ping {
			t.Errorf("of %s %q is heard, ping %t", c.turns, p.Text, p.Ping)
		}
	}
}
