package config_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"crs/internal/config"
)

const day = 24 * time.Hour

func TestDurations(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text  string
		want  time.Duration
		short string
	}{
		{"0", 0, "0s"},
		{"0s", 0, "0s"},
		{"250ms", 250 * time.Millisecond, "250ms"},
		{"90s", 90 * time.Second, "1m30s"},
		{"60m", time.Hour, "1h"},
		{"1h0m5s", time.Hour + 5*time.Second, "1h0m5s"},
		{"10m", 10 * time.Minute, "10m"},
		{"36h", 36 * time.Hour, "36h"},
		{"24h", day, "1d"},
		{"90d", 90 * day, "90d"},
		{"2w", 14 * day, "14d"},
		{"1w2d3h", 9*day + 3*time.Hour, "219h"},
		{"1.5d", 36 * time.Hour, "36h"},
		{".5d", 12 * time.Hour, "12h"},
		{"0.1d", 144 * time.Minute, "2h24m"},
		{"106751d", 106751 * day, "106751d"},
	}
	for _, tt := range tests {
		got, err := config.ParseDuration(tt.text)
		if err != nil || got != tt.want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", tt.text, got, err, tt.want)
		}
		if short := config.FormatDuration(tt.want); short != tt.short {
			t.Errorf("FormatDuration(%v) = %q, want %q", tt.want, short, tt.short)
		}
	}
	for _, text := range []string{
		"", " ", "30", "d", "w", ".d", "1", "5x", "-1d", "1d-1h", "1h2d", "1 d", "1d 2h", "1e3d", "٣d", "1dd", "1.2.3d",
		"106752d", "15251w", "106751d23h48m", "9999999999999999999999d", "10675199d99999999h",
	} {
		if got, err := config.ParseDuration(text); err == nil {
			t.Errorf("ParseDuration(%q) = %v", text, got)
		}
	}
}

func FuzzADurationComesBackAsItWasWritten(f *testing.F) {
	for _, text := range []string{"1w2d3h4m5s", "0", "1.5d", "-3h", "90d", "292y", "1dd"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := config.ParseDuration(text)
		if err != nil {
			return
		}
		if plain, err := time.ParseDuration(text); err == nil && plain != d {
			t.Errorf("%q = %v, Go reads %v", text, d, plain)
		}
		again, err := config.ParseDuration(config.FormatDuration(d))
		if err != nil || again != d {
			t.Errorf("%q = %v, written %q, read %v, %v", text, d, config.FormatDuration(d), again, err)
		}
	})
}

func TestSizes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text  string
		want  config.Size
		short string
	}{
		{"0", 0, "0"},
		{"1", 1, "1"},
		{"1023", 1023, "1023"},
		{"1024", 1024, "1KiB"},
		{"1000", 1000, "1kB"},
		{"32MiB", 32 << 20, "32MiB"},
		{"32 mib", 32 << 20, "32MiB"},
		{"512MB", 512e6, "512MB"},
		{"1.5GiB", 3 << 29, "1536MiB"},
		{"2GiB", 2 << 30, "2GiB"},
		{"3TB", 3e12, "3TB"},
		{"33554433", 33554433, "33554433"},
		{"9223372036854775807", math.MaxInt64, "9223372036854775807"},
	}
	for _, tt := range tests {
		got, err := config.ParseSize(tt.text)
		if err != nil || got != tt.want {
			t.Errorf("ParseSize(%q) = %d, %v; want %d", tt.text, int64(got), err, int64(tt.want))
		}
		if short := tt.want.String(); short != tt.short {
			t.Errorf("%d is written %q, want %q", int64(tt.want), short, tt.short)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1,5GB", "1,000", "1XB", "1 M iB", "9223372036854775808", "8EiB", "NaN", "Inf", "1e3", "0x10", "٣"} {
		if got, err := config.ParseSize(text); err == nil {
			t.Errorf("ParseSize(%q) = %d", text, int64(got))
		}
	}
}

func TestASizeIsTextInADocument(t *testing.T) {
	t.Parallel()
	var doc struct{ Size config.Size }
	if err := json.Unmarshal([]byte(`{"Size":"32MiB"}`), &doc); err != nil || doc.Size != 32<<20 {
		t.Errorf("read %v, %v", doc.Size, err)
	}
	if out, err := json.Marshal(doc); err != nil || string(out) != `{"Size":"32MiB"}` {
		t.Errorf("wrote %s, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"Size":"big"}`), &doc); err == nil || doc.Size != 32<<20 {
		t.Errorf("read %v, %v", doc.Size, err)
	}
}

func FuzzASizeComesBackAsItWasWritten(f *testing.F) {
	for _, text := range []string{"1", "32MiB", "512 MB", "1.5GiB", "1,5", "٣", "9223372036854775807"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		size, err := config.ParseSize(text)
		if err != nil {
			return
		}
		if again, err := config.ParseSize(size.String()); err != nil || again != size || size < 0 {
			t.Errorf("%q = %d, written %q, read %d, %v", text, int64(size), size, int64(again), err)
		}
	})
}
