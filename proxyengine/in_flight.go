package proxyengine

// inFlightCounts bounds how many requests are in flight: each takes memory for its connections, its heads and its goroutines, beside what is
// weighed in the budget. A key may have as many as there is room for by all others, so that there always is some for a key that has
// none. It is guarded by the engine's lock.
type inFlightCounts struct {
	most, all int
	of        map[string]int // by key
}

// A request in flight takes up to oneRequest and its head a few times: as it was read, as it is understood, as it is sent on. aside
// is what all of them may take beside the budget.
const (
	oneRequest = 24 << 10
	headCopies = 4
	aside      = 96 << 20
)

// mostInFlight is how many requests may be in flight, and so how many connections may be open: one that is only told that there is no
// room takes as much.
func mostInFlight(s *Settings) int {
	return int((s.BodyBudget + aside) / (oneRequest + headCopies*int64(s.HeaderMax)))
}

// enter reports whether there is room for one more of a key's.
func (c *inFlightCounts) enter(key string) bool {
	if c.of[key] >= c.most-c.all-1 {
		return false
	}
	if c.of == nil {
		c.of = map[string]int{}
	}
	c.all++
	c.of[key]++
	return true
}

func (c *inFlightCounts) leave(key string) {
	c.all--
	if c.of[key]--; c.of[key] == 0 {
		delete(c.of, key)
	}
}

// keyInFlight is how many requests its key has in flight.
func (x *exchange) keyInFlight() int {
	x.e.mu.Lock()
	defer x.e.mu.Unlock()
	return x.e.counts.of[x.record.Key]
}

// tooMany refuses a request for which there is no room.
func (x *exchange) tooMany() error {
	x.ended.Refused = refusedBodyBudget
	return busy(
		"as many requests are in flight as the relay's memory (limits.body_budget) is meant for, of others or with this key")
}
