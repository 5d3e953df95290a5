package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/pelletier/go-toml/v2"
)

// leaf is one value of a file, or a table with nothing in it.
type leaf struct {
	key  string
	raw  any
	line int
}

// addFile reads doc, which may be nil; name is what messages call it.
func (l *layers) addFile(name string, doc []byte) {
	lines := findLines(doc)
	tree := map[string]any{}
	if err := toml.Unmarshal(doc, &tree); err != nil {
		l.problem(syntaxError(name, lines, err))
		return
	}
	for _, leaf := range leaves(nil, tree, lines) {
		l.acceptLeaf(leaf, origin{"file", at(name, leaf.line)})
	}
}

func (l *layers) acceptLeaf(leaf leaf, from origin) {
	o, ok := l.find(leaf.key)
	if !ok {
		l.problem(l.noOption(leaf, from))
		return
	}
	text, ok := o.text(leaf.raw)
	if !ok {
		l.problem(o.problem(leaf.raw, from))
		return
	}
	l.accept(o, text, leaf.raw, from)
}

// noOption says what is wrong with a key that takes no value. Nothing is wrong with an empty table.
func (l *layers) noOption(leaf leaf, from origin) error {
	_, table := leaf.raw.(map[string]any)
	switch {
	case !l.isTable(leaf.key):
		return l.unknownKey(leaf.key, from)
	case !table:
		return fmt.Errorf("%s %s: want a table, as in [%s]", leaf.key, from.phrase(), leaf.key)
	}
	return nil
}

// isTable reports whether key is a table that may stand in a file.
func (l *layers) isTable(key string) bool {
	if key == providersTable {
		return true
	}
	// A table of a provider is known when a key in it is.
	if _, ok := l.find(key + ".api_url"); ok {
		return true
	}
	return slices.ContainsFunc(l.options, func(o option) bool { return strings.HasPrefix(o.key, key+".") })
}

// leaves lists what is in table, in the order of the lines.
func leaves(path []string, table map[string]any, lines lines) []leaf {
	var list []leaf
	for _, name := range slices.Sorted(maps.Keys(table)) {
		path := append(slices.Clip(path), name)
		if inner, ok := table[name].(map[string]any); ok && len(inner) > 0 {
			list = append(list, leaves(path, inner, lines)...)
			continue
		}
		key := joinKey(path)
		list = append(list, leaf{key, table[name], lines.first[key]})
	}
	slices.SortStableFunc(list, func(a, b leaf) int { return cmp.Compare(a.line, b.line) })
	return list
}

// joinKey writes a path as one key. Parts with other characters than a bare key has are quoted, so that a dot in a name
// is never taken for a step.
func joinKey(path []string) string {
	parts := slices.Clone(path)
	for i, part := range parts {
		if !isBare(part) {
			parts[i] = strconv.Quote(part)
		}
	}
	return strings.Join(parts, ".")
}

func isBare(part string) bool {
	return part != "" && strings.Trim(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}

// syntaxError says where and why a file is not TOML. The parser's own words are cut where it begins to quote the file,
// because that may be a secret.
func syntaxError(name string, lines lines, err error) error {
	reason, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "toml: "), ": ")
	reason = strings.Map(printable, reason)
	if decode, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, column := decode.Position()
		return fmt.Errorf("%s:%d:%d: %s", name, line, column, reason)
	}
	return fmt.Errorf("%s: %s", at(name, lines.repeated), reason)
}

// at names a line of a file, or the file when the line is not known.
func at(name string, line int) string {
	if line == 0 {
		return name
	}
	return name + ":" + strconv.Itoa(line)
}

// printable puts a question mark for what would break a line or a terminal.
func printable(r rune) rune {
	if !unicode.IsPrint(r) {
		return '?'
	}
	return r
}
