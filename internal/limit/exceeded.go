package limit

import (
	"fmt"
	"strings"
	"time"

	"crs/internal/unit"
)

// Name is which limit it was, in words.
type Name string

// Concurrency is the one that counts what is in flight.
const Concurrency Name = "concurrent requests"

// Name says which one it is.
func (r Rule) Name() Name {
	if r.Unit.Money() && !r.Window.Slides() {
		return Name(spans[index(r.Window)].adjective + " " + r.Unit.String())
	}
	return Name(r.Unit.String() + " " + r.Window.per())
}

// Word stands for it where there must be few: all windows that slide but the minute are one.
func (e *Exceeded) Word() string {
	if e.Window.Slides() && e.Window != Minute {
		return slidingWord(e.Unit)
	}
	return strings.ReplaceAll(string(e.Limit), " ", "_")
}

func slidingWord(u unit.Unit) string { return u.String() + "_sliding" }

// Words are all that there are.
func Words() []string {
	all := []string{(&Exceeded{Limit: Concurrency}).Word()}
	for _, u := range unit.All() {
		all = append(all, slidingWord(u))
		for _, w := range Windows() {
			all = append(all, (&Exceeded{Limit: Per(u, w, 0).Name()}).Word())
		}
	}
	return all
}

// Exceeded is a request that a limit stopped. Nothing was charged for it.
type Exceeded struct {
	Limit Name
	// Unit and Window are what it counts, where it is not the concurrency.
	Unit   unit.Unit
	Window Window
	// Max is the limit's value, Used what counted against it. Costs are in nano-USD.
	Max, Used int64
	// Reserved is the part of Used that requests in flight may still give back.
	Reserved int64
	// Reset is when the limit will have room again, or begins anew. Zero: no time is known.
	Reset time.Time
	// RetryAfter is Reset from now on, at least a second. Zero: trying again will not help by itself.
	RetryAfter time.Duration
	// Waited is how long the request stood in the queue, Position where it stood at the end, from 1.
	Waited   time.Duration
	Position int
}

// Soon is when to try again while only reservations stand in the way: some request is about to settle.
const Soon = 5 * time.Second

// Over says what a gate does of a rule that leaves no room. reset is when its window will have room, or ends; zero for never.
func Over(r *Rule, used, reserved int64, now, reset time.Time) *Exceeded {
	e := &Exceeded{Limit: r.Name(), Unit: r.Unit, Window: r.Window, Max: r.Max, Used: used, Reserved: reserved}
	switch {
	case r.Window.Slides():
		e.Reset, e.RetryAfter = reset, after(now, reset)
	case e.open():
		e.RetryAfter = Soon
	case !reset.IsZero():
		e.Reset, e.RetryAfter = reset, after(now, reset)
	}
	return e
}

// after is at least a second: retry-after counts in whole ones.
func after(now, reset time.Time) time.Duration { return max(reset.Sub(now), time.Second) }

// open reports whether requests in flight may leave room.
func (e *Exceeded) open() bool { return e.Used-e.Reserved < e.Max }

// Spent reports whether a budget is used up, so that waiting for requests in flight would not help. Budgets are of money, and all
// that do not begin anew.
func (e *Exceeded) Spent() bool { return e.budget() && !e.open() }

func (e *Exceeded) budget() bool {
	return e.Limit != Concurrency && (e.Unit.Money() || e.Window == Total)
}

// Error implements error: which limit, how much, until when.
func (e *Exceeded) Error() string {
	if e.budget() {
		return e.budgetText()
	}
	text := fmt.Sprintf("this key's limit of %d %s is reached (%d in use)", e.Max, e.Limit, e.Used)
	if e.Position > 0 {
		text += fmt.Sprintf("; it waited %s in the queue and was number %d", e.Waited.Round(time.Millisecond), e.Position)
	}
	return text + e.when()
}

func (e *Exceeded) budgetText() string {
	text := fmt.Sprintf("this key's %s limit of %s is spent (%s)", e.Limit, e.amount(e.Max), e.amount(e.Used-e.Reserved))
	if !e.Spent() {
		text = fmt.Sprintf("this key's %s limit of %s is nearly spent (%s), and requests in flight may use the rest", e.Limit, e.amount(e.Max), e.amount(e.Used-e.Reserved))
	}
	return text + e.when()
}

func (e *Exceeded) when() string {
	switch {
	case e.RetryAfter == 0:
		return ""
	case e.Reset.IsZero():
		return fmt.Sprintf("; try again in %s", e.RetryAfter.Round(time.Second))
	}
	return fmt.Sprintf("; it has room again at %s", e.Reset.Format(time.RFC3339))
}

func (e *Exceeded) amount(n int64) string {
	if e.Unit.Money() {
		return dollars(n)
	}
	return fmt.Sprint(n)
}

// dollars is exact, with at least four places: a limit never reads as another one than it is.
func dollars(nano int64) string {
	text := fmt.Sprintf("$%d.%09d", nano/1e9, nano%1e9)
	least := len(text) - 5
	return text[:least] + strings.TrimRight(text[least:], "0")
}
