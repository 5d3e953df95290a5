package field_test

import (
	"encoding/json"
	"maps"
	"testing"

	"crs/ctl"
	"crs/ctl/field"
)

func TestLimitsAreReadAsPeopleSayThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]map[string]json.Number{
		"":                    {},
		" ,":                  {},
		"cost/month=50":       {"cost/month": "50"},
		"cost/month=$2.50":    {"cost/month": "2.50"},
		"cost/day=.5":         {"cost/day": "0.5"},
		"cost/day=5.":         {"cost/day": "5"},
		"tokens/day=2M":       {"tokens/day": "2000000"},
		"tokens/day=1.5k":     {"tokens/day": "1500"},
		"tokens/day=0.0005k":  {"tokens/day": "0.5"}, // what that cannot be, a daemon says
		"requests/5h=007":     {"requests/5h": "7"},
		"requests/5h=0":       {"requests/5h": "0"},
		"requests/5h=000.000": {"requests/5h": "0.000"},
		"cost/month=50,images/90d=1, tokens/day=123456789012345678": {"cost/month": "50", "images/90d": "1", "tokens/day": "123456789012345678"},
	} {
		got, err := field.Parse(ctl.LimitsField, text, noon)
		if err != nil || got == nil || !maps.Equal(got.(map[string]json.Number), want) {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
}

func TestOnlyLimitsThatAreNotAsTheyWereChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before, after string
		want          map[string]json.Number
	}{
		{"", "", map[string]json.Number{}},
		{"a/b=1 c/d=2", "c/d=2, a/b=1", map[string]json.Number{}},
		{"a/b=1 c/d=2", "c/d=3", map[string]json.Number{"a/b": "0", "c/d": "3"}},
		{"a/b=1", "a/b=1 e/f=2k", map[string]json.Number{"e/f": "2000"}},
		{"a/b=1", "", map[string]json.Number{"a/b": "0"}},
	} {
		if got, err := field.LimitChanges(c.before, c.after); err != nil || !maps.Equal(got, c.want) {
			t.Errorf("from %q to %q: %v, %v", c.before, c.after, got, err)
		}
	}
	if _, err := field.LimitChanges("", "a/b"); ctl.CodeOf(err) != ctl.BadRequest {
		t.Errorf("%v", err)
	}
}

// FuzzLimits: what is read is a number of JSON, and is read the same again.
func FuzzLimits(f *testing.F) {
	for _, text := range []string{"cost/month=50", "tokens/day=2M requests/5h=1.5k", "a/b=$.5,c/d=0", "a/b=", "=1", "a/b=1 a/b=2"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := field.Parse(ctl.LimitsField, text, noon)
		if err != nil {
			return
		}
		b, err := json.Marshal(first)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again, err := field.Parse(ctl.LimitsField, field.Text(&ctl.Field{Kind: ctl.LimitsField}, b, noon.Location()), noon)
		if err != nil || !maps.Equal(first.(map[string]json.Number), again.(map[string]json.Number)) {
			t.Errorf("%q is %v, and then %v, %v", text, first, again, err)
		}
	})
}
