package field_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/ctl/field"
	"crs/daemon"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// said is something that can be said of a field of each kind.
var said = map[ctl.FieldKind]string{
	ctl.TextField: "socks5://proxy:1080", ctl.AddressField: "https://api.example.com", ctl.CountField: "12", ctl.SwitchField: "yes",
	ctl.EndField: "2026-12-31T10:00:00Z", ctl.PairsField: "a=b c=d=e", ctl.MoneyField: "2.50", ctl.DurationField: "1m30s", ctl.FactorField: "1.5",
	ctl.WordsField: "x y", ctl.ModelsField: "claude-* gpt-5", ctl.PermissionsField: "claude", ctl.ClientsField: "codex", ctl.AccountField: "max", ctl.GroupField: "shared",
	ctl.LimitsField: "cost/month=2.50 requests/5h=300 tokens/day=2000000",
}

// TestWhatIsReadIsWrittenTheSame, for every field of the catalogue, through the objects that it is about.
func TestWhatIsReadIsWrittenTheSame(t *testing.T) {
	t.Parallel()
	c := daemon.Catalogue()
	check := func(f ctl.Field, edit, new any) {
		t.Helper()
		text := said[f.Kind]
		value, err := field.Parse(f.Kind, text, noon)
		if err != nil || text == "" {
			t.Errorf("%s (%s): %q: %v", f.Name, f.Kind, text, err)
			return
		}
		for _, object := range []any{edit, new} {
			if object == nil {
				continue
			}
			if err := field.Fill(object, map[string]any{f.Name: value}); err != nil {
				t.Errorf("%s: %v", f.Name, err)
			}
			if got := field.Text(&f, field.Values(object)[f.Name], time.UTC); got != text {
				t.Errorf("%s (%s) is %q in %T, not %q", f.Name, f.Kind, got, object, text)
			}
		}
		if f.Flag == "" || f.Label == "" || len(f.Label) > 18 || f.Help == "" {
			t.Errorf("%+v", f)
		}
	}
	for _, f := range c.AccountFields {
		var fresh any
		if !f.Late {
			fresh = new(ctl.NewAccount)
		}
		check(f, new(ctl.AccountEdit), fresh)
		shown(t, f, ctl.Account{})
	}
	for _, f := range c.KeyFields {
		check(f, new(ctl.KeyEdit), new(ctl.NewKey))
		shown(t, f, ctl.Key{}, ctl.Limits{})
	}
	if len(c.AccountFields) < 8 || len(c.KeyFields) < 18 {
		t.Errorf("%d and %d fields", len(c.AccountFields), len(c.KeyFields))
	}
}

// shown checks that one of the objects that a daemon tells of has the field. What is empty may be left out.
func shown(t *testing.T, f ctl.Field, objects ...any) {
	t.Helper()
	for _, o := range objects {
		value, err := field.Parse(f.Kind, said[f.Kind], noon)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(map[string]any{f.Name: value})
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(strings.NewReader(string(text)))
		d.DisallowUnknownFields()
		switch o := o.(type) {
		case ctl.Account:
			err = d.Decode(&o)
		case ctl.Key:
			err = d.Decode(&o)
		case ctl.Limits:
			err = d.Decode(&o)
		}
		if err == nil {
			return
		}
	}
	t.Errorf("%s is in none of %T", f.Name, objects)
}

func TestNothingIsWrittenAsNothing(t *testing.T) {
	t.Parallel()
	c := daemon.Catalogue()
	account, key, limits := field.Values(ctl.Account{}), field.Values(ctl.Key{}), field.Values(ctl.Limits{})
	for _, f := range c.AccountFields {
		if got := field.Text(&f, account[f.Name], time.UTC); got != "" && f.Default == "" {
			t.Errorf("%s is %q", f.Name, got)
		}
	}
	for _, f := range c.KeyFields {
		if got := field.Text(&f, key[f.Name], time.UTC) + field.Text(&f, limits[f.Name], time.UTC); got != "" {
			t.Errorf("%s is %q", f.Name, got)
		}
	}
}

func TestTimesAreReadAsPeopleSayThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"": {}, "never": {}, "30d": noon.AddDate(0, 0, 30), "12h": noon.Add(12 * time.Hour), "2026-12-31": time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
		" 2026-12-31T10:00:00Z ": time.Date(2026, 12, 31, 10, 0, 0, 0, time.UTC),
	} {
		if got, err := field.Parse(ctl.EndField, text, noon); err != nil || !got.(time.Time).Equal(want) {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
}

func TestWhatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	for kind, all := range map[ctl.FieldKind][]string{
		ctl.EndField:   {"soon", "-3d", "d", "0d", "-1h", "2026-11-20"},
		ctl.CountField: {"x", "-1", "1.5", "9999999999999999999"}, ctl.AddressField: {"api.example.com", "ftp://x"}, ctl.PairsField: {"a", "=b", "a="},
		ctl.MoneyField: {"x", "-1"}, ctl.DurationField: {"5", "-5s", "a while"},
		ctl.LimitsField: {
			"cost/month", "cost=5", "/month=5", "cost/=5", "=5", "cost/month=", "cost/month=x", "cost/month=-1", "cost/month=1.2.3", "cost/month=$", "cost/month=.",
			"cost/month=k", "cost/month=1e9", "cost/month=1K", "cost/month=+5", "cost/month=NaN", "cost/month=1234567890123456789", "cost/month=9999999999999M",
			"cost/month=0.1234567890", "cost/month=1 cost/month=1",
		},
		ctl.FactorField: {"", "x", "0", "-1", "NaN", "inf"},
	} {
		for _, text := range all {
			_, err := field.Parse(kind, text, noon)
			if e, ok := errors.AsType[*ctl.Error](err); !ok || e.Code != ctl.BadRequest {
				t.Errorf("%s: %q: %v", kind, text, err)
			}
		}
	}
	if err := field.Fill(new(ctl.KeyEdit), map[string]any{"activate_for_seconds": 0.5}); ctl.CodeOf(err) != ctl.BadRequest {
		t.Errorf("%v", err)
	}
}

func TestWhenSomethingEnds(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("CET", 3600)
	for text, want := range map[string]time.Time{
		"30d":                       noon.Add(30 * 24 * time.Hour),
		"1d12h":                     noon.Add(36 * time.Hour),
		"2026-11-23":                time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC), // the end of that day in Berlin
		"2026-12-31":                time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC),
		"2026-12-31T10:00:00Z":      time.Date(2026, 12, 31, 10, 0, 0, 0, time.UTC),
		"2026-12-31T10:00:00+02:00": time.Date(2026, 12, 31, 8, 0, 0, 0, time.UTC),
		"never":                     {},
	} {
		got, err := field.ParseEnd(text, noon.In(berlin))
		if err != nil || !got.Equal(want) || !got.IsZero() && got.Location() != time.UTC {
			t.Errorf("%s is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "soon", "30", "2026-13-01", "2026-11-22", "0s", "-1h", "2026-11-23T11:00:00Z", "Never"} {
		if got, err := field.ParseEnd(text, noon.In(berlin)); ctl.CodeOf(err) != ctl.BadRequest {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
}

func FuzzParseEnd(f *testing.F) {
	for _, text := range []string{"30d", "never", "2026-12-31", "2026-12-31T10:00:00Z", "1w1d", "9999999d", "-1h", " never"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := field.ParseEnd(text, noon)
		if err == nil && !at.After(noon) && !(at.IsZero() && text == "never") {
			t.Errorf("%q ends at %v, which has passed", text, at)
		}
	})
}
