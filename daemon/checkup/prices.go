package checkup

import (
	"fmt"
	"time"

	"crs/ctl"
)

// oldPrices is how old a price table may be: providers bring out models, and change prices, every few weeks.
const oldPrices = 60 * 24 * time.Hour

func (p *Prices) check(now time.Time) ctl.Check {
	c := ctl.Check{Name: "prices", State: ctl.OK}
	days := int(now.Sub(p.Of).Hours() / 24)
	switch {
	case p.Of.IsZero():
		c.State, c.Detail = ctl.Warning, fmt.Sprintf("nothing says of when the price table is (%s)", p.From)
	case now.Sub(p.Of) > oldPrices:
		c.State, c.Detail = ctl.Warning, fmt.Sprintf("the price table is %d days old (%s, %s): newer models cost nothing in it", days, p.From, p.Of.UTC().Format(time.DateOnly))
	default:
		c.Detail = fmt.Sprintf("the price table is of %s (%s)", p.Of.UTC().Format(time.DateOnly), p.From)
	}
	if c.State != ctl.OK {
		c.Hint = "crs price update"
	}
	return c
}
