package descriptor

import (
	"os"
	"sync"
)

// Spare is a few descriptors that are kept open, so that a listener can still accept connections when there are no others. It should be
// made early: the limit of open files is one of their numbers, and the first have the lowest. It is safe for concurrent use.
type Spare struct {
	most int

	mu    sync.Mutex // guards files
	files []*os.File
}

// NewSpare keeps so many, as far as they can be had.
func NewSpare(most int) *Spare {
	s := &Spare{most: most}
	s.Fill()
	return s
}

// Fill takes again what was spent, as far as that is possible.
func (s *Spare) Fill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.files) < s.most {
		f, err := os.Open(os.DevNull)
		if err != nil {
			return
		}
		s.files = append(s.files, f)
	}
}

// spend gives one up, and reports whether there was one.
func (s *Spare) spend() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.files) - 1
	if last < 0 {
		return false
	}
	_ = s.files[last].Close()
	s.files = s.files[:last]
	return true
}

// Close gives all of them up, for good.
func (s *Spare) Close() {
	s.mu.Lock()
	s.most = 0
	s.mu.Unlock()
	for s.spend() {
	}
}
