package simulator

import (
	"strconv"
	"strings"
)

// arguments reads up to the closing parenthesis.
func (p *parser) arguments() []argument {
	var args []argument
	p.space("")
	if p.accept(')') {
		return nil
	}
	for {
		args = append(args, p.argument())
		switch {
		case p.accept(')'):
			return args
		case p.accept(','):
		default:
			p.fail(p.i, `expected "," or ")"`)
			return nil
		}
	}
}

func (p *parser) argument() argument {
	p.space("")
	a := argument{at: p.i}
	a.value = p.value("=,)")
	p.space("")
	if p.accept('=') {
		a.name = a.value
		p.space("")
		a.value = p.value(",)")
		p.space("")
	}
	if a.value == "" && a.name == "" {
		p.fail(a.at, "expected an argument")
	}
	return a
}

// value reads a quoted string, or everything up to a byte of end that is not inside parentheses.
func (p *parser) value(end string) string {
	start, depth := p.i, 0
	if start < len(p.src) && p.src[start] == '"' {
		return p.quoted()
	}
	for ; p.i < len(p.src); p.i++ {
		switch c := p.src[p.i]; {
		case c == '\n':
			p.fail(p.i, `expected ")" before the end of the line`)
			return ""
		case depth == 0 && strings.IndexByte(end, c) >= 0:
			return strings.TrimRight(p.src[start:p.i], " \t\r")
		case c == '(':
			depth++
		case c == ')':
			depth--
		}
	}
	p.fail(p.i, `expected ")"`)
	return ""
}

func (p *parser) quoted() string {
	literal, err := strconv.QuotedPrefix(p.src[p.i:])
	if err != nil {
		p.fail(p.i, "expected a quoted text with a closing quote")
		return ""
	}
	p.i += len(literal)
	text, err := strconv.Unquote(literal)
	if err != nil {
		p.fail(p.i, "expected a quoted text: %s", err)
	}
	return text
}
