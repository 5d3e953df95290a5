package account

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"crs/internal/bound"
	"crs/internal/model"
)

// The most bytes of what an operator gives for an account.
const (
	longestCredential = 16 << 10
	longestOption     = 1024
	longestURL        = 2048
)

// Check says what keeps a credential from being sent as it is: it stands in the head of requests, where a line break would
// begin another field. Its errors never show it.
func (c *Credential) Check() error {
	if err := checkWord(c.Secret.Reveal()); err != nil {
		return fmt.Errorf("the credential %w", err)
	}
	if c.Refresh.Empty() {
		return nil
	}
	if err := checkWord(c.Refresh.Reveal()); err != nil {
		return fmt.Errorf("the refresh token %w", err)
	}
	return nil
}

func checkWord(text string) error {
	switch {
	case text == "":
		return errors.New("is empty")
	case len(text) > longestCredential:
		return fmt.Errorf("is longer than %d bytes", longestCredential)
	case strings.HasPrefix(text, "\ufeff"):
		return errors.New("begins with a byte order mark: save its file without one")
	case strings.ContainsAny(text, "\r\n"):
		return errors.New("has several lines, and must be one word")
	case strings.ContainsAny(text, " \t"):
		return errors.New("has a blank in it, and must be one word")
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }):
		return errors.New("has a character in it that is no visible one of ASCII")
	}
	return nil
}

// checkOptions: some go into the head of requests, some into their path.
func checkOptions(options map[string]string) error {
	for name, value := range options {
		if len(value) > longestOption || strings.ContainsFunc(value, unicode.IsControl) || strings.Contains(value, "\ufeff") {
			return fmt.Errorf("option %q has a value that is too long, or a line break or another control character in it", name)
		}
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return fmt.Errorf("%q is no option's name", name)
		}
	}
	return nil
}

// checkNames holds names to what goes for all of them. A provider that puts them into a path says more.
func checkNames(names map[string]string) error {
	for asked, name := range names {
		if len(asked) > bound.Name || len(name) > bound.Mapped {
			return fmt.Errorf("the map has a model's name that is too long: %s to %s; a client's has at most %d bytes, an upstream's %d", bound.Quoted(asked), bound.Quoted(name), bound.Name, bound.Mapped)
		}
		if err := model.Check(name, model.Body); err != nil {
			return fmt.Errorf("model %s is mapped to %s, which is no model's name: %w", bound.Quoted(asked), bound.Quoted(name), err)
		}
	}
	return nil
}

func checkURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("the base URL is not an http or https URL")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(text, "#"):
		return errors.New("the base URL must not carry a password, a query or a fragment")
	case len(text) > longestURL || strings.ContainsFunc(u.Host, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("the base URL is too long, or its host has a blank or a character in it that is none of ASCII")
	}
	return nil
}
