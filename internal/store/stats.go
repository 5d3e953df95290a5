package store

import "time"

// StatsProvider is offered by a store that is reached over a network. It is asked whenever somebody looks at the metrics, and
// answers from memory.
type StatsProvider interface {
	// Trips are the round trips since the process began, by operation. There are few operations, and their names never
	// come from outside.
	Trips() []Trips
}

// Trips are the round trips of one operation. None of the figures ever goes down.
type Trips struct {
	Operation string // such as admit, settle, add_up, put_document
	Count     int64
	Failed    int64 // of them
	Took      time.Duration
}
