package simulator

import (
	"math/rand/v2"
	"sync"

	"crs/lab/simulator/provider"
)

// Script says how requests are answered, and knows how far each credential has come. It may be used concurrently.
type Script struct {
	programs map[string]*program // by credential or path; "" is for the others

	mu      sync.Mutex // guards the field below
	cursors map[string]*cursor
}

// program is one entry of a script.
type program struct {
	runs []run
	loop bool
}

// run is one step, answered a number of times. A random one is drawn each time.
type run struct {
	step   *provider.Step
	random *chance // nil unless the step is random
	times  int
}

// endless is the times of a run that never ends.
const endless = 0

// cursor is how far one credential, or one path, has come in its program.
type cursor struct {
	run, done int
	dice      *rand.Rand // of the random step it stands at
}

func newScript() *Script {
	return &Script{programs: map[string]*program{}, cursors: map[string]*cursor{}}
}

// next draws the step for a request of an account. Only inference follows the entry for all others: what a client asks
// besides, such as the list of models, would use up steps that a test meant for its prompts.
func (s *Script) next(account string, path string, inference bool) *provider.Step {
	if len(s.programs) == 0 {
		return provider.Plain()
	}
	p, name := s.program(account, path, inference)
	if p == nil {
		return provider.Plain()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.cursors[name]
	if at == nil {
		at = &cursor{}
		s.cursors[name] = at
	}
	return p.next(at, name)
}

// program finds the entry for a request, and the name of the cursor that walks it.
func (s *Script) program(account string, path string, inference bool) (*program, string) {
	if p := s.programs[account]; p != nil && inference && account != "" {
		return p, account
	}
	if p := s.programs[path]; p != nil {
		return p, path
	}
	if !inference {
		return nil, ""
	}
	return s.programs[""], account
}

func (p *program) next(at *cursor, name string) *provider.Step {
	if at.run == len(p.runs) {
		if !p.loop {
			return provider.Plain()
		}
		at.run = 0
	}
	r := p.runs[at.run]
	if at.done == 0 && r.random != nil {
		at.dice = r.random.dice(name)
	}
	at.done++
	if at.done == r.times {
		at.run, at.done = at.run+1, 0
	}
	if r.random != nil {
		return r.random.draw(at.dice)
	}
	return r.step
}
