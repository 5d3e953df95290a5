package pricing

import "strings"

// How says what had to be taken off a model's name to find its price.
type How string

const (
	Exact   How = "exact"   // nothing
	Context How = "context" // the context size, [1m]
	Vendor  How = "vendor"  // a vendor's prefix
	Bedrock How = "bedrock" // what Bedrock puts around the name
	Date    How = "date"    // the date of a snapshot
	Suffix  How = "suffix"  // -latest, -preview, -thinking, an effort
	Family  How = "family"  // nothing was found: a fallback that the operator has set
)

// Match is a price and how it was found.
type Match struct {
	// Name is the model in the table.
	Name string
	// Price is shared by everyone who asks: it must not be changed.
	Price *Price
	How   How
}

// Lookup finds the price of a model by its name, then by ever less of its name, in a fixed order. Names match whole or not
// at all: a model that only resembles another one has no price.
func (t *Table) Lookup(model string) (Match, bool) {
	if p, ok := t.prices[model]; ok {
		return Match{model, p, Exact}, true
	}
	name := model
	for _, step := range steps {
		for {
			shorter := step.strip(name)
			if shorter == name {
				break
			}
			name = shorter
			if p, ok := t.prices[name]; ok {
				return Match{name, p, step.how}, true
			}
		}
	}
	return t.lookupFamily(name)
}

func (t *Table) lookupFamily(name string) (Match, bool) {
	for _, f := range t.families {
		if rest, ok := strings.CutPrefix(name, f.prefix); ok && (rest == "" || rest[0] == '-') {
			return Match{f.model, t.prices[f.model], Family}, true
		}
	}
	return Match{}, false
}

// steps are tried in order, each as often as it takes something off.
var steps = []struct {
	how   How
	strip func(name string) string
}{
	{Context, stripContext},
	{Vendor, stripVendor},
	{Bedrock, stripGeo},
	{Bedrock, stripAnthropic},
	{Bedrock, stripVersion},
	{Date, stripDate},
	{Suffix, stripSuffix},
	{Suffix, stripDate}, // one that was hidden by a suffix
}

func stripContext(name string) string { return strings.TrimSuffix(name, "[1m]") }

func stripVendor(name string) string {
	for _, prefix := range []string{"anthropic/", "openai/", "azure/", "gemini/", "models/"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return rest
		}
	}
	if _, rest, ok := strings.Cut(name, ","); ok {
		return rest
	}
	return name
}

func stripGeo(name string) string {
	geo, rest, ok := strings.Cut(name, ".")
	if !ok {
		return name
	}
	switch geo {
	case "us", "us-gov", "eu", "apac", "jp", "au", "ca", "global":
		return rest
	}
	return name
}

func stripAnthropic(name string) string { return strings.TrimPrefix(name, "anthropic.") }

// stripVersion takes off Bedrock's -v1 or -v1:0. Only Claude's names are followed by one: deepseek-v3 is no deepseek.
func stripVersion(name string) string {
	if !strings.HasPrefix(name, "claude-") {
		return name
	}
	version := name
	if before, minor, ok := strings.Cut(name, ":"); ok && isNumber(minor) {
		version = before
	}
	i := strings.LastIndex(version, "-v")
	if i < 0 || !isNumber(version[i+len("-v"):]) {
		return name
	}
	return name[:i]
}

// stripDate takes off -20251101 or -2025-11-01.
func stripDate(name string) string {
	if rest, date := cutTail(name, len("-20251101")); strings.HasPrefix(date, "-20") && isNumber(date[1:]) {
		return rest
	}
	rest, date := cutTail(name, len("-2025-11-01"))
	if date != "" && date[0] == '-' && date[5] == '-' && date[8] == '-' &&
		isNumber(date[1:5]) && isNumber(date[6:8]) && isNumber(date[9:]) {
		return rest
	}
	return name
}

func stripSuffix(name string) string {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return name
	}
	switch name[i+1:] {
	// "max" is an effort too, but names of other models end so.
	case "latest", "thinking", "preview", "none", "minimal", "low", "medium", "high", "xhigh":
		return name[:i]
	}
	return name
}

// isClaude reports whether a table's entry is a Claude model, whoever serves it.
func isClaude(name string) bool {
	name = name[strings.LastIndexByte(name, '/')+1:]
	return strings.HasPrefix(stripAnthropic(stripGeo(name)), "claude")
}

// cutTail splits off the last n bytes; the tail is empty when there are not as many.
func cutTail(name string, n int) (rest, tail string) {
	if len(name) < n {
		return name, ""
	}
	return name[:len(name)-n], name[len(name)-n:]
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
