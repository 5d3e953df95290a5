package simulator

import (
	"fmt"
	"strconv"
	"strings"

	"crs/lab/simulator/provider"
)

// argument is one thing between a step's parentheses: name=value, or a bare value.
type argument struct {
	name, value string
	at          int
}

// parser reads a script from left to right. The first mistake is kept, and ends the text for everything that follows.
type parser struct {
	src string
	i   int
	err error
}

// Parse reads a script; the package comment describes the language. The error says where and what was expected.
func Parse(expr string) (*Script, error) {
	p := &parser{src: expr}
	s := p.script()
	if p.err != nil {
		return nil, p.err
	}
	return s, nil
}

func (p *parser) fail(at int, format string, args ...any) {
	if p.err == nil {
		line := 1 + strings.Count(p.src[:at], "\n")
		column := at - strings.LastIndexByte(p.src[:at], '\n')
		p.err = fmt.Errorf("script, line %d, column %d: %s", line, column, fmt.Sprintf(format, args...))
	}
	p.i = len(p.src)
}

func (p *parser) script() *Script {
	s := newScript()
	for p.space("\n;"); p.i < len(p.src); p.space("\n;") {
		at := p.i
		name, entry := p.entry()
		if s.programs[name] != nil {
			p.fail(at, "a second entry for %s", described(name))
		}
		s.programs[name] = entry
		if p.i < len(p.src) && p.src[p.i] != ';' && p.src[p.i] != '\n' {
			p.fail(p.i, `expected "," and a step, or ";" and an entry, not %q`, p.src[p.i:p.i+1])
		}
	}
	return s
}

func described(name string) string {
	if name == "" {
		return "all other credentials"
	}
	return strconv.Quote(name)
}

func (p *parser) entry() (name string, e *program) {
	name = p.name()
	e = &program{}
	p.space("")
	if strings.HasPrefix(p.src[p.i:], "loop:") {
		p.i += len("loop:")
		e.loop = true
	}
	e.runs = p.runs()
	return name, e
}

func (p *parser) runs() []run {
	var all []run
	for {
		p.space("\n") // a list may go on in the next line
		if len(all) > 0 && all[len(all)-1].times == endless {
			p.fail(p.i, "a step after random without *N is never reached")
		}
		all = append(all, p.run())
		p.space("")
		if !p.accept(',') {
			return all
		}
	}
}

// name reads the credential or path before "=". A credential may end in "=" itself, so the last one counts.
func (p *parser) name() string {
	rest := p.src[p.i:]
	if end := strings.IndexAny(rest, "(,;\n*#"); end >= 0 {
		rest = rest[:end]
	}
	eq := strings.LastIndexByte(rest, '=')
	if eq < 0 {
		return ""
	}
	name := strings.TrimSpace(rest[:eq])
	if name == "" {
		p.fail(p.i, `expected a credential or a path before "="`)
		return ""
	}
	p.i += eq + 1
	return name
}

func (p *parser) run() run {
	s, random := p.step()
	times := 1
	if random != nil {
		times = endless
	}
	p.space("")
	if p.accept('*') {
		p.space("")
		times = p.times()
	}
	return run{s, random, times}
}

func (p *parser) times() int {
	at := p.i
	n, err := parseCount(p.word())
	if err != nil || n == 0 {
		p.fail(at, "expected how often after *, a number from 1 to %d", most)
	}
	return n
}

// step reads a step, or the chance that a random one is.
func (p *parser) step() (*provider.Step, *chance) {
	at := p.i
	name := p.word()
	if name == "" {
		p.fail(at, "expected a step; known steps: %s", knownSteps())
		return provider.Plain(), nil
	}
	sp, ok := findSpec(name)
	if !ok && name != "random" {
		p.fail(at, "unknown step %q; known steps: %s", name, knownSteps())
		return provider.Plain(), nil
	}
	var args []argument
	if p.accept('(') {
		args = p.arguments()
	}
	if name == "random" {
		return nil, p.random(at, args)
	}
	s := sp.preset
	s.Name = p.src[at:p.i]
	if s.After == 0 {
		s.After = provider.NotGiven
	}
	for _, a := range args {
		if err := sp.set(&s, a); err != nil {
			p.fail(a.at, "%s", err)
		}
	}
	return &s, nil
}

func (p *parser) word() string {
	start := p.i
	for p.i < len(p.src) && isWord(p.src[p.i]) {
		p.i++
	}
	return p.src[start:p.i]
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

func (p *parser) accept(c byte) bool {
	if p.i < len(p.src) && p.src[p.i] == c {
		p.i++
		return true
	}
	return false
}

// space skips blanks, comments and the bytes of also.
func (p *parser) space(also string) {
	for p.i < len(p.src) {
		switch c := p.src[p.i]; {
		case c == ' ' || c == '\t' || c == '\r' || strings.IndexByte(also, c) >= 0:
			p.i++
		case c == '#':
			end := strings.IndexByte(p.src[p.i:], '\n')
			if end < 0 {
				end = len(p.src) - p.i
			}
			p.i += end
		default:
			return
		}
	}
}
