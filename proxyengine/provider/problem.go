package provider

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Problem is what an upstream's error says, as far as it is the same for all providers.
type Problem struct {
	Status  int           // the answer's own, or the one that an error inside a stream would have had
	Name    string        // what it calls the error, such as rate_limit_error
	Message string        // for people; "" when there is none
	Own     bool          // the body is an error in the words of the service's protocol: a client can have it as it is
	Page    bool          // it is a web page, which comes from what stands before a provider
	Wait    time.Duration // how long the upstream asks to wait; zero when it does not say
}

// Says looks for a text, in small letters, in the message.
func (p *Problem) Says(text string) bool { return strings.Contains(strings.ToLower(p.Message), text) }

// Text is what the error says to people.
func (p *Problem) Text() string {
	switch {
	case p.Message != "":
		return p.Message
	case p.Page:
		return fmt.Sprintf("the upstream answered %d with a web page", p.Status)
	}
	return "the upstream answered " + p.Evidence()
}

// Evidence is what the upstream said, short.
func (p *Problem) Evidence() string {
	text := strconv.Itoa(p.Status)
	if p.Page {
		text += " with a web page"
	}
	for _, part := range []string{p.Name, p.Message} {
		if part != "" {
			text += " " + part
		}
	}
	return Short(text)
}

// Short cuts what an upstream said to what can be shown.
func Short(text string) string {
	const most = 300
	if text = strings.TrimSpace(text); len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// Explain gives a verdict with what the error says.
func (p *Problem) Explain(v Verdict) Verdict {
	v.Status, v.Message, v.RetryAfter, v.NeedsReencoding = p.Status, p.Message, p.Wait, !p.Own
	v.Outcome.Evidence = p.Evidence() + v.Outcome.Evidence
	return v
}

// RetryAfter reads the header of that name: seconds or a date; zero when there is none or it makes no sense.
func RetryAfter(h Header) time.Duration {
	text := h.Get("retry-after")
	if n, err := strconv.ParseFloat(text, 64); err == nil && n > 0 && n < 1e7 {
		return time.Duration(n * float64(time.Second))
	}
	if at, err := http.ParseTime(text); err == nil {
		if now, err := http.ParseTime(h.Get("date")); err == nil {
			return max(at.Sub(now), 0)
		}
	}
	return 0
}

// Moment reads unix seconds, or RFC 3339. Nonsense is the zero time.
func Moment(text string) time.Time {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 && n < 1<<40 {
		return time.Unix(n, 0).UTC()
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}
