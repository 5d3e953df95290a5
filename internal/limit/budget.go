package limit

import (
	"time"

	"crs/internal/bound"
	"crs/internal/usage"
)

// budget is what a key has spent, by period. It is guarded by its book.
type budget struct {
	period period
	spent  usage.Charges
}

// period is a day and the week around it, in the operator's time zone. Weeks begin on Monday.
type period struct{ day, nextDay, week, nextWeek time.Time }

func periodOf(now time.Time, zone *time.Location) period {
	local := now.In(zone)
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
	monday := day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	return period{day: day, nextDay: day.AddDate(0, 0, 1), week: monday, nextWeek: monday.AddDate(0, 0, 7)}
}

// turn begins a new day or week when its time has come, on a clock that never steps.
func (b *budget) turn(now time.Time, zone *time.Location) {
	if now.Before(b.period.nextDay) {
		return
	}
	p := periodOf(now, zone)
	b.spent.Day = 0
	if !p.week.Equal(b.period.week) {
		b.spent.Week = 0
	}
	b.period = p
}

func (b *budget) add(cost int64) {
	for _, n := range []*int64{&b.spent.Day, &b.spent.Week, &b.spent.Total} {
		*n = bound.Sum(*n, cost)
	}
}

// Days gives the day that now lies in and the day its week began on, as the store's roll-ups name them.
func Days(now time.Time, zone *time.Location) (day, weekStart string) {
	p := periodOf(now, zone)
	return p.day.Format(time.DateOnly), p.week.Format(time.DateOnly)
}

// Bounds gives when the days around now begin, from yesterday on, and likewise the weeks.
func Bounds(now time.Time, zone *time.Location) (days, weeks [4]time.Time) {
	p := periodOf(now, zone)
	for i := range 4 {
		days[i], weeks[i] = p.day.AddDate(0, 0, i-1), p.week.AddDate(0, 0, 7*(i-1))
	}
	return days, weeks
}
