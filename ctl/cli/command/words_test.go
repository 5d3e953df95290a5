package command

import (
	"testing"
	"time"

	"crs/ctl"
	"crs/ctl/when"
)

func TestMoneyLinesUp(t *testing.T) {
	t.Parallel()
	for m, want := range map[ctl.USD]string{
		0: "$0.0000", 1: "<$0.0001", 99_999: "<$0.0001", 100_000: "$0.0001", 149_999: "$0.0001", 150_000: "$0.0002", 9_696_000: "$0.0097",
		999_950_000: "$1.0000", 1_000_000_000: "$1.0000", 1_234_567_890_000_000: "$1,234,567.8900",
	} {
		if got := Cost(m); got != want {
			t.Errorf("cost(%d) = %s, want %s", int64(m), got, want)
		}
	}
}

func TestTimesAreShort(t *testing.T) {
	t.Parallel()
	for ms, want := range map[int64]string{0: "0ms", 999: "999ms", 1000: "1.0s", 12_340: "12.3s", 59_999: "60.0s", 61_000: "1m1s", 3_600_000: "1h0m0s"} {
		if got := Took(ms); got != want {
			t.Errorf("took(%d) = %s, want %s", ms, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		300 * time.Millisecond: "0s", 59 * time.Second: "59s", 90 * time.Second: "1m30s", time.Hour: "1h", 90*time.Minute + 20*time.Second: "1h30m",
		47 * time.Hour: "47h", 49 * time.Hour: "2d", 30*24*time.Hour - time.Second: "29d",
	} {
		if got := when.Rough(d); got != want {
			t.Errorf("when.Rough(%s) = %s, want %s", d, got, want)
		}
	}
}

func TestAMomentSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	a, _ := printing()
	for name, test := range map[string]struct {
		at   time.Time
		want string
	}{
		"today":          {noon.Add(30 * time.Minute), "12:30:00 (in 30m)"},
		"tomorrow":       {noon.Add(24 * time.Hour), "2026-11-24 12:00 (in 1d)"},
		"passed":         {noon.Add(-time.Minute), "11:59:00 (over)"},
		"another zone's": {noon.Add(time.Hour).In(time.FixedZone("", 7200)), "13:00:00 (in 1h)"},
	} {
		if got := a.Until(&test.at); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	if got := a.Until(nil) + a.Ago(nil); got != "" {
		t.Errorf("no moment is %q", got)
	}
	past := noon.Add(-3 * time.Hour)
	if got := a.Ago(&past); got != "3 hours ago" {
		t.Errorf("three hours ago is %q", got)
	}
}

func TestANameIsOneWordForAShell(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"work-2": "work-2", "my key": "'my key'", "it's": `'it'\''s'`, "$HOME": "'$HOME'", "a;b": "'a;b'"} {
		if got := ctl.ShellWord(name); got != want {
			t.Errorf("ctl.ShellWord(%s) = %s, want %s", name, got, want)
		}
	}
}
