package tui

import "time"

const (
	flowStep = 500 * time.Millisecond
	flowLen  = 40
)

// flow is how much there was of something in each of the last steps of time.
type flow struct {
	step   int64 // that the newest amount is of
	amount [flowLen]float64
}

func stepOf(at time.Time) int64 { return at.UnixMilli() / flowStep.Milliseconds() }

// reach moves on to a moment.
func (f *flow) reach(at time.Time) {
	step := stepOf(at)
	n := step - f.step
	switch {
	case n <= 0:
		return
	case n >= flowLen:
		f.amount = [flowLen]float64{}
	default:
		copy(f.amount[:], f.amount[n:])
		clear(f.amount[flowLen-n:])
	}
	f.step = step
}

// add counts an amount at a moment.
func (f *flow) add(at time.Time, amount float64) {
	f.reach(at)
	f.amount[flowLen-1] += amount
}

// rateSteps are those that a rate is taken of: the last ones that are over.
const rateSteps = 4

// rate is how much there was a second, lately.
func (f *flow) rate(now time.Time) float64 {
	f.reach(now)
	sum := 0.0
	for _, v := range f.amount[flowLen-1-rateSteps : flowLen-1] {
		sum += v
	}
	return sum / (rateSteps * flowStep.Seconds())
}

// past is the amounts of the steps that are over, oldest first.
func (f *flow) past(now time.Time) []float64 {
	f.reach(now)
	return f.amount[:flowLen-1]
}
