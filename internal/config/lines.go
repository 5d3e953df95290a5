package config

import (
	"bytes"
	"slices"

	"github.com/pelletier/go-toml/v2/unstable"
)

// lines says on which line of a file each key stands; the parser that reads the values does not tell.
type lines struct {
	first    map[string]int // by key as joinKey writes it; tables are included
	repeated int            // the first line that sets a key or opens a table a second time; 0 when none does
}

// findLines goes through doc as far as it is TOML.
func findLines(doc []byte) lines {
	f := lineFinder{doc: doc, line: 1, found: lines{first: map[string]int{}}}
	f.parser.Reset(doc)
	var table []string
	for f.parser.NextExpression() {
		node := f.parser.Expression()
		switch node.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = f.note(nil, node, node.Kind == unstable.Table)
		case unstable.KeyValue:
			f.noteValue(table, node)
		}
	}
	return f.found
}

type lineFinder struct {
	parser unstable.Parser
	doc    []byte
	found  lines
	offset int // how far lines were counted
	line   int // the line at offset
}

func (f *lineFinder) noteValue(table []string, node *unstable.Node) {
	path := f.note(table, node, true)
	if node.Value().Kind != unstable.InlineTable {
		return
	}
	for inner := node.Value().Children(); inner.Next(); {
		f.noteValue(path, inner.Node())
	}
}

// note records the line of a node's key, which is relative to table, and gives the whole path. once says that the key
// may stand there only once.
func (f *lineFinder) note(table []string, node *unstable.Node, once bool) []string {
	path := slices.Clone(table)
	line := 0
	for key := node.Key(); key.Next(); {
		path = append(path, string(key.Node().Data))
		line = f.lineAt(int(key.Node().Raw.Offset))
	}
	key := joinKey(path)
	if f.found.first[key] == 0 {
		f.found.first[key] = line
	} else if once && f.found.repeated == 0 {
		f.found.repeated = line
	}
	return path
}

// lineAt gives the line of an offset. Keys come in the order of the file, so lines are counted once.
func (f *lineFinder) lineAt(offset int) int {
	if offset > f.offset {
		f.line += bytes.Count(f.doc[f.offset:offset], []byte("\n"))
		f.offset = offset
	}
	return f.line
}
