package simulator

import (
	"hash/fnv"
	"math/rand/v2"
	"strconv"

	"crs/lab/simulator/provider"
)

// chance is what random draws from.
type chance struct {
	seed    uint64
	choices []choice
	total   int
}

type choice struct {
	step   *provider.Step
	weight int
}

// randomFaults are drawn when random names none: everything that a relay must survive and that does not take long.
const randomFaults = "400,429(retry=1s),500,503,529,slow(50ms),stall(after=3,for=50ms),cut,cut(after=0),reset,reset(after=3)," +
	"refuse,error(overloaded_error),error(rate_limit_error,after=2),gzip,crlf,split,garbage,garbage(html),garbage(json),nolength,empty"

// okShare is how often of 100 random answers ok when the script does not say.
const okShare = 50

// random reads the arguments of random: a seed, then weights of steps. Without the weight of a fault, all faults share
// what ok leaves of 100; with one, weights are relative, and what is not named is not drawn.
func (p *parser) random(at int, args []argument) *chance {
	s := &chance{}
	if len(args) == 0 || args[0].name != "" {
		p.fail(at, "random takes a seed, as in random(7)")
		return s
	}
	seed, err := strconv.ParseUint(args[0].value, 10, 64)
	if err != nil {
		p.fail(args[0].at, "%q is not a seed, which is a number", args[0].value)
		return s
	}
	s.seed = seed
	ok := p.weights(s, args[1:])
	if s.choices == nil {
		ok = p.share(at, s, ok)
	}
	s.add(provider.Plain(), ok)
	if s.total == 0 {
		p.fail(at, "every weight in random is 0")
	}
	return s
}

// weights reads the named steps into s and gives the weight of ok.
func (p *parser) weights(s *chance, args []argument) int {
	ok := okShare
	for _, a := range args {
		weight, err := parseCount(a.value)
		if a.name == "" || err != nil || weight > 1<<20 {
			p.fail(a.at, "random takes weights of steps, as in ok=50 or cut(after=3)=1")
			return ok
		}
		if a.name == "ok" {
			ok = weight
			continue
		}
		if st := p.inner(a); st != nil {
			s.add(st, weight)
		}
	}
	return ok
}

// inner reads the step that an argument of random names.
func (p *parser) inner(a argument) *provider.Step {
	sub := &parser{src: a.name}
	st, random := sub.step()
	if sub.err != nil || sub.i != len(sub.src) || random != nil {
		p.fail(a.at, "%q is not a step that random can draw; known steps: %s", a.name, knownSteps())
		return nil
	}
	return st
}

// share gives every default fault the same part of what ok leaves of 100, and gives the weight of ok against them.
func (p *parser) share(at int, s *chance, ok int) int {
	if ok > 100 {
		p.fail(at, "ok= is a share of 100 when random names no faults")
		return 0
	}
	faults := (&parser{src: randomFaults}).runs()
	for _, r := range faults {
		s.add(r.step, 100-ok)
	}
	return ok * len(faults)
}

func (s *chance) add(st *provider.Step, weight int) {
	s.choices = append(s.choices, choice{st, weight})
	s.total += weight
}

// dice are the source of one credential's chances. They depend on nothing but the seed and the name, so that a run can
// be repeated whatever the other credentials do.
func (c *chance) dice(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash takes everything
	return rand.New(rand.NewPCG(c.seed, h.Sum64()))
}

func (c *chance) draw(dice *rand.Rand) *provider.Step {
	n := dice.IntN(c.total)
	for _, ch := range c.choices {
		if n -= ch.weight; n < 0 {
			return ch.step
		}
	}
	return provider.Plain() // not reached: the weights add up to total
}
