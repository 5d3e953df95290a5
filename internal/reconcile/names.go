package reconcile

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Names finds the model that a text is about, among those that a price table has.
type Names struct {
	lookup  func(model string) (name string, ok bool)
	known   map[string]bool
	longest []string
}

// NewNames makes it of the models of a table, and of how that looks names up.
func NewNames(models []string, lookup func(model string) (name string, ok bool)) *Names {
	n := &Names{lookup: lookup, known: map[string]bool{}}
	for _, m := range models {
		if name := bare(m); strings.Contains(name, "-") && !n.known[name] { // a single word may stand anywhere
			n.known[name] = true
			n.longest = append(n.longest, name)
		}
	}
	slices.SortFunc(n.longest, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return n
}

// Of gives the model of a name, as the table has it but for what vendors, regions, versions and dates put around it. A name that the table
// does not have is given without these.
func (n *Names) Of(model string) string {
	if name, ok := n.lookup(model); ok {
		return bare(name)
	}
	name := bare(model)
	for shorter := name; ; {
		if n.known[shorter] {
			return shorter
		}
		i := strings.LastIndexByte(shorter, '-')
		if i < 0 || !slices.Contains(suffixes, shorter[i+1:]) {
			return name
		}
		shorter = shorter[:i]
	}
}

// suffixes are what may stand behind the name of a model without making it another one, as for prices.
var suffixes = []string{"latest", "thinking", "preview", "none", "minimal", "low", "medium", "high", "xhigh"}

// In gives the longest name of a model that a line of a bill has in it. Where it has none, the line itself is the name.
func (n *Names) In(text string) (model string, found bool) {
	if name := n.Of(text); n.known[name] {
		return name, true
	}
	line := "-" + plain(text) + "-"
	for _, name := range n.longest {
		if strings.Contains(line, "-"+name+"-") {
			return name, true
		}
	}
	return strings.Trim(text, " "), false
}

var (
	notPlain = regexp.MustCompile(`[^a-z0-9]+`)
	around   = regexp.MustCompile(`^((us|us-gov|eu|apac|jp|au|ca|global)\.)?([a-z]+\.)?`)
	behind   = regexp.MustCompile(`(\[1m\]|@[a-z0-9-]+|-v[0-9]+(:[0-9]+)?|-20[0-9]{6}|-20[0-9]{2}-[0-9]{2}-[0-9]{2})$`)
)

// plain has only letters, digits, and one hyphen between.
func plain(text string) string {
	return strings.Trim(notPlain.ReplaceAllString(strings.ToLower(text), "-"), "-")
}

// bare is a model's name without what is put around it.
func bare(model string) string {
	name := strings.ToLower(strings.TrimSpace(model))
	name = name[strings.LastIndexAny(name, "/,")+1:]
	name = name[len(around.FindString(name)):]
	for {
		shorter := behind.ReplaceAllString(name, "")
		if shorter == name || shorter == "" {
			return plain(name)
		}
		name = shorter
	}
}
