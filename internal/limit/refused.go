package limit

import (
	"fmt"
	"time"
)

// Name is which limit it was.
type Name string

// The limits.
const (
	RequestsPerMinute Name = "requests per minute"
	TokensPerMinute   Name = "tokens per minute"
	Concurrency       Name = "concurrent requests"
	DailyCost         Name = "daily cost"
	WeeklyCost        Name = "weekly cost"
	TotalCost         Name = "total cost"
)

// Names are all of them.
func Names() []Name {
	return []Name{RequestsPerMinute, TokensPerMinute, Concurrency, DailyCost, WeeklyCost, TotalCost}
}

// Refused is a request that a limit stopped. Nothing was charged for it.
type Refused struct {
	Limit Name
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

// Spent reports whether a budget is used up, so that waiting for requests in flight would not help.
func (e *Refused) Spent() bool { return e.money() && e.Used-e.Reserved >= e.Max }

func (e *Refused) money() bool {
	return e.Limit == DailyCost || e.Limit == WeeklyCost || e.Limit == TotalCost
}

// Error implements error: which limit, how much, until when.
func (e *Refused) Error() string {
	if e.money() {
		return e.budgetText()
	}
	text := fmt.Sprintf("this key's limit of %d %s is reached (%d in use)", e.Max, e.Limit, e.Used)
	if e.Position > 0 {
		text += fmt.Sprintf("; it waited %s in the queue and was number %d", e.Waited.Round(time.Millisecond), e.Position)
	}
	return text + e.when()
}

func (e *Refused) budgetText() string {
	if e.Spent() {
		return fmt.Sprintf("this key's %s limit of %s is spent (%s)", e.Limit, dollars(e.Max), dollars(e.Used-e.Reserved)) + e.when()
	}
	return fmt.Sprintf("this key's %s limit of %s is nearly spent (%s), and requests in flight may use the rest", e.Limit, dollars(e.Max), dollars(e.Used-e.Reserved)) + e.when()
}

func (e *Refused) when() string {
	switch {
	case e.RetryAfter == 0:
		return ""
	case e.Reset.IsZero():
		return fmt.Sprintf("; try again in %s", e.RetryAfter.Round(time.Second))
	}
	return fmt.Sprintf("; it has room again at %s", e.Reset.Format(time.RFC3339))
}

// dollars rounds up to a cent's tenth of a thousandth, so that a limit never reads as lower than what was spent.
func dollars(nano int64) string {
	const unit = 100_000 // nano-USD in $0.0001
	n := (nano + unit - 1) / unit
	return fmt.Sprintf("$%d.%04d", n/10_000, n%10_000)
}
