package tui

import (
	"time"

	"crs/ctl"
)

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

// tokenSizes are how many bytes of a stream stand for one token of its model. How many tokens a stream has is told at its end only;
// how fast they come is told from what the streams before it came to.
type tokenSizes map[string]float64

const (
	fewTokens = 20  // of a stream that short, most bytes are not about tokens
	newShare  = 0.2 // of a stream that has ended, in what is known of its model
)

// learn takes streams in that have ended. It is called while the scene still has them in flight.
func (s tokenSizes) learn(scene *ctl.Scene, ended []ctl.Request) {
	var sent map[string]int64
	for i := range ended {
		r := &ended[i]
		if !r.Stream || r.OutputTokens < fewTokens || r.Source != "upstream" {
			continue
		}
		if sent == nil {
			sent = make(map[string]int64, len(scene.Flights))
			for _, f := range scene.Flights {
				sent[f.ID] = f.Sent
			}
		}
		if n := sent[r.ID]; n > 0 {
			s.add(r.Model, float64(n)/float64(r.OutputTokens))
		}
	}
}

func (s tokenSizes) add(model string, size float64) {
	if known := s[model]; known > 0 {
		size = known + (size-known)*newShare
	}
	s[model] = size
}

// tokens is how many tokens of a model so many bytes are, and false when nothing is known of it yet.
func (s tokenSizes) tokens(model string, bytes float64) (float64, bool) {
	size := s[model]
	if size <= 0 {
		return 0, false
	}
	return bytes / size, true
}
