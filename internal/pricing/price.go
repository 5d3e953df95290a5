package pricing

import (
	"time"

	"crs/internal/usage"
)

// PerUnit is the price of one unit, such as a token, in pico-USD (a millionth of a millionth of a dollar). The cheapest price in
// use, $0.002 for a million cached tokens, is 2,000 of them.
type PerUnit int64

// PerMillion is the price of a million units, which is how providers publish those of tokens.
func (p PerUnit) PerMillion() Cost { return Cost(p) * 1000 }

// Multiplier is a factor in millionths: 6,000,000 is six times.
type Multiplier int64

// Rates are what one unit of each kind costs.
type Rates [usage.Kinds]PerUnit

// A Step is the rates of a whole request whose prompt, cached tokens included, is longer than Above tokens.
type Step struct {
	Above int64
	Rates Rates
}

// A Tier is what a service tier makes of the price of tokens.
type Tier struct {
	Name string
	// Steps are rates of its own. Without them it is Times the standard ones.
	Steps []Step
	Times Multiplier
	// Short tiers are for prompts of the first step. Longer ones are served and billed as standard.
	Short bool
}

// A Region is a place that makes tokens dearer.
type Region struct {
	Name  string
	Times Multiplier
}

// A Fee is a price of what crs does not count: for display.
type Fee struct {
	Name  string
	Price Cost
}

// Price is what one model costs in one period. It is shared by everyone who asks: it must not be changed.
type Price struct {
	// Provider and Mode ("chat", "image_generation", "embedding") are the table's words.
	Provider, Mode string
	// MaxInput and MaxOutput are the model's limits in tokens; 0 when the table does not say.
	MaxInput, MaxOutput int64
	// From and Until are the first and the last day of the period, Retires that on which the model ends; 0 when there is none.
	From, Until, Retires Day
	// AsOf is the day that the data is of, Source where it is from.
	AsOf   Day
	Source string
	// Steps are in ascending order of Above; the first is for every request.
	Steps []Step
	// Tiers and Regions apply to kinds that are counted in tokens. One that is not here costs the standard rate.
	Tiers   []Tier
	Regions []Region
	// Unsure are tiers that are offered at a factor that is not known: they cost the standard rate (see [Table.Doubt]).
	Unsure []string
	// Unmetered is what crs does not count.
	Unmetered []Fee

	has  kindSet // has a rate
	said kindSet // is among those because the source says so; the rest has been derived
}

// Has reports whether a kind has a price.
func (p *Price) Has(k usage.Kind) bool { return p.has.has(k) }

// Says reports whether the source gives the price of a kind itself, so that it is not one that follows from others.
func (p *Price) Says(k usage.Kind) bool { return p.said.has(k) }

// Standard are the rates of an ordinary request.
func (p *Price) Standard() *Rates { return &p.Steps[0].Rates }

// kindNamed is the kind of a name; [usage.Kinds] where there is none.
func kindNamed(name string) (k usage.Kind) {
	_ = k.UnmarshalText([]byte(name)) // has no errors
	return k
}

// kindSet is a set of kinds.
type kindSet uint32

func (s kindSet) has(k usage.Kind) bool { return k < usage.Kinds && s&(1<<k) != 0 }
func (s *kindSet) add(k usage.Kind)     { *s |= 1 << k }

// tokenKinds are those that are counted in tokens.
const tokenKinds kindSet = 1<<usage.WebSearch - 1

// Day is a day in UTC, counted from 1970. The zero Day is none.
type Day int32

const dayLength = 24 * 60 * 60

// DayOf is the day of a time.
func DayOf(t time.Time) Day {
	seconds := t.Unix()
	if seconds < 0 {
		return 0
	}
	return Day(min(seconds/dayLength, 1<<31-1))
}

// Time is its beginning; the zero time of none.
func (d Day) Time() time.Time {
	if d == 0 {
		return time.Time{}
	}
	return time.Unix(int64(d)*dayLength, 0).UTC()
}

// String writes 2026-11-30, and nothing for none.
func (d Day) String() string {
	if d == 0 {
		return ""
	}
	return d.Time().Format(time.DateOnly)
}

// ParseDay reads what String writes.
func ParseDay(text string) (Day, error) {
	if text == "" {
		return 0, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, err
	}
	return DayOf(t), nil
}
