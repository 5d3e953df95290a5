package tui

import "time"

const (
	// framesPerSecond is how often the screen is drawn at most, on average. A terminal at the other end of a slow line shows
	// no more, and what a dashboard takes a daemon cannot use.
	framesPerSecond = 9
	// framesAtOnce may be drawn without waiting: a key is answered at once even when the screen was just drawn.
	framesAtOnce = 3
)

// pace says when the screen may be drawn.
type pace struct {
	left float64 // frames that may be drawn at once
	at   time.Time
}

// take reports whether it may be drawn now, and counts that.
func (p *pace) take(now time.Time) bool {
	p.left = min(p.left+now.Sub(p.at).Seconds()*framesPerSecond, framesAtOnce)
	p.at = now
	if p.left < 1 {
		return false
	}
	p.left--
	return true
}

// wait is how long it takes until it may be.
func (p *pace) wait() time.Duration {
	return time.Duration((1-p.left)/framesPerSecond*float64(time.Second)) + time.Millisecond
}
