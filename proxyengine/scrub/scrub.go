// Package scrub takes what is the operator's out of what upstreams say when they fail: credentials, organizations, projects,
// resources, addresses, e-mails. Nothing here knows how requests are served. Answers that succeed never come here.
package scrub

import (
	"cmp"
	"slices"
	"strings"
)

// Secret is a text that is known to be the operator's, and what stands in its place.
type Secret struct{ Text, Word string }

// Scrubber knows the secrets of one account, besides what anybody's secrets look like. It is only read.
type Scrubber struct {
	secrets []secret
	rules   []rule
	members bool   // it knows the names of members too
	showing bool   // it knows secrets too of which only the ends are shown
	bare    string // the word for a key of the relay's without its prefix; "" where that may be something else
}

type secret struct {
	Secret
	small string // its text in small letters
}

// shortest is how short a secret may be: what is shorter stands in many words. Up to unmistakable it must stand alone.
const (
	shortest     = 4
	unmistakable = 12
)

// New makes a scrubber. Secrets that are too short to be told from words are left out.
func New(secrets []Secret) *Scrubber {
	s := &Scrubber{rules: rules, members: true, showing: true}
	for _, one := range secrets {
		one.Text = strings.TrimSpace(one.Text)
		if known := (secret{one, lower(one.Text)}); len(one.Text) >= shortest && !slices.Contains(s.secrets, known) {
			s.secrets = append(s.secrets, known)
		}
	}
	// The longest first, so that what stands in another is not found instead of it.
	slices.SortStableFunc(s.secrets, func(a, b secret) int { return cmp.Compare(len(b.Text), len(a.Text)) })
	return s
}

// Exact gives a scrubber of the secrets alone, for what is not only an error, or is for the operator.
func (s *Scrubber) Exact() *Scrubber { return &Scrubber{secrets: s.secrets, showing: true} }

// ShortestKey is how long a relay's key is at least, behind its prefix.
const ShortestKey = 16

// ShapedKey is how long the part of a relay's key behind its prefix is, in hexadecimal: it is all of the secret.
const ShapedKey = 64

// Presented makes a scrubber of keys to the relay: of the one that was presented, with its prefix and without, and of all
// that begin as keys do.
func Presented(presented, prefix, word string) *Scrubber {
	s := New([]Secret{{Text: presented, Word: word}, {Text: bare(presented, prefix), Word: word}})
	s.rules, s.showing = []rule{{word, []string{prefix}, nil, keyShape, short(len(prefix) + ShortestKey)}}, false
	return s
}

// Keys makes one that also knows a key without its prefix by its shape, which other things have too: it is for what is
// written down, and not for what is served.
func Keys(presented, prefix, word string) *Scrubber {
	s := Presented(presented, prefix, word)
	s.bare = word
	return s
}

// bare is a key without its prefix; "" when nothing is left that can be told from words.
func bare(presented, prefix string) string {
	if len(presented) < len(prefix)+ShortestKey || !strings.EqualFold(presented[:len(prefix)], prefix) {
		return ""
	}
	return presented[len(prefix):]
}

// cut is a part of a text that goes, and what stands in its place.
type cut struct {
	from, to int
	word     string
}

// Text gives text without what is the operator's, in whichever spelling it stands there. Text that has nothing of it comes
// back as it is.
func (s *Scrubber) Text(text string) string {
	if len(text) < shortest {
		return text
	}
	var cuts []cut
	for v := plainView(text); ; {
		cuts = s.look(cuts, &v)
		next, more := v.decoded()
		if !more {
			break
		}
		v = next
	}
	return replace(text, s.broken(cuts, text))
}

// broken finds secrets that lines break, as the data of an event does that stands in several.
func (s *Scrubber) broken(cuts []cut, text string) []cut {
	if !strings.ContainsAny(text, "\r\n") {
		return cuts
	}
	v := unbroken(text)
	small := lower(v.text)
	for _, known := range s.secrets {
		if len(known.Text) < unmistakable {
			continue
		}
		for at := range occurrences(v.text, small, known) {
			last := at + len(known.Text) - 1
			cuts = append(cuts, cut{v.at[at], v.at[last] + 1, known.Word}) // the line break behind it stays
		}
	}
	return cuts
}

// look finds what is in one view of the text.
func (s *Scrubber) look(cuts []cut, v *view) []cut {
	small := lower(v.text)
	for _, known := range s.secrets {
		for at := range occurrences(v.text, small, known) {
			cuts = v.cut(cuts, at, at+len(known.Text), known.Word)
		}
		cuts = cutOff(cuts, v, known)
		cuts = endings(cuts, v, small, known)
	}
	if s.showing {
		cuts = s.masked(cuts, v, small)
	}
	for i := range s.rules {
		for _, m := range s.rules[i].find(v.text, small) {
			cuts = v.cut(cuts, m[0], m[1], s.rules[i].word)
		}
	}
	return s.packed(cuts, v)
}

// occurrences gives where a secret stands in a text, which is small in small letters: it may stand there in letters of any
// case.
func occurrences(text, small string, known secret) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for at := 0; ; {
			i := strings.Index(small[at:], known.small)
			if i < 0 {
				return
			}
			at += i
			end := at + len(known.Text)
			alone := (at == 0 || !wordy(text[at-1])) && (end == len(text) || !wordy(text[end]))
			if (alone || len(known.Text) >= unmistakable) && !yield(at) {
				return
			}
			at++
		}
	}
}

// lower is text with the letters of ASCII in small, as long as it was: secrets have no others, and what is none may be any bytes.
func lower(text string) string {
	if !strings.ContainsAny(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		return text
	}
	small := []byte(text)
	for i, c := range small {
		if 'A' <= c && c <= 'Z' {
			small[i] = c | 0x20
		}
	}
	return string(small)
}

func wordy(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}

// visible is how much of a secret's end or beginning tells it.
const visible = 3

// masked finds secrets of which only the ends are shown, as providers print keys.
func (s *Scrubber) masked(cuts []cut, v *view, small string) []cut {
	if strings.ContainsAny(small, "*…•") || strings.Contains(small, "...") || strings.Contains(small, "xxxx") {
		for _, m := range maskedShape.FindAllStringSubmatchIndex(v.text, -1) {
			if word := s.ends(v.text[m[2]:m[3]], v.text[m[4]:m[5]]); word != "" {
				cuts = v.cut(cuts, m[0], m[1], word)
			}
		}
	}
	if strings.Contains(small, "end") {
		for _, m := range endingShape.FindAllStringSubmatchIndex(v.text, -1) {
			if word := s.ends("", v.text[m[2]:m[3]]); word != "" {
				cuts = v.cut(cuts, m[2], m[3], word)
			}
		}
	}
	return cuts
}

// ends gives the word for the secret that begins or ends so; "" when there is none.
func (s *Scrubber) ends(head, tail string) string {
	for _, known := range s.secrets {
		if len(head) >= visible && strings.HasPrefix(known.Text, head) || len(tail) >= visible && strings.HasSuffix(known.Text, tail) {
			return known.Word
		}
	}
	return ""
}

// cutOff finds a secret that the end of the text cuts.
func cutOff(cuts []cut, v *view, known secret) []cut {
	for n := min(len(known.Text)-1, len(v.text)); n >= 2*visible; n-- {
		if strings.HasSuffix(v.text, known.Text[:n]) {
			return v.cut(cuts, len(v.text)-n, len(v.text), known.Word)
		}
	}
	return cuts
}

// endings finds what is left of a secret behind a beginning that is not there, such as a prefix that all keys of a provider have.
// It is for credentials: names have endings in common.
func endings(cuts []cut, v *view, small string, known secret) []cut {
	at := len(known.small) - unmistakable
	if at < unmistakable || known.Word != Credential {
		return cuts
	}
	tail := known.small[at:]
	for from := 0; ; {
		i := strings.Index(small[from:], tail)
		if i < 0 {
			return cuts
		}
		begin, n := from+i, at
		from = begin + unmistakable
		for ; begin > 0 && n > 0 && small[begin-1] == known.small[n-1]; n-- {
			begin--
		}
		cuts = v.cut(cuts, begin, from, known.Word)
	}
}

// replace puts the words in. Parts that overlap go as one.
func replace(text string, cuts []cut) string {
	if len(cuts) == 0 {
		return text
	}
	slices.SortStableFunc(cuts, func(a, b cut) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	var out strings.Builder
	at := 0
	for _, c := range cuts {
		if c.from < at {
			at = max(at, c.to)
			continue
		}
		out.WriteString(text[at:c.from])
		out.WriteString(c.word)
		at = c.to
	}
	out.WriteString(text[at:])
	return out.String()
}
