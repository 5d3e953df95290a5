package account

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"crs/internal/model"
)

// Platform is what there is to know of a platform: what its accounts are, and what they serve.
type Platform struct {
	// Title says in a few words what an account of it is.
	Title string
	// Ways are how an account gets its credential, the usual one first.
	Ways []Way
	// File is where the platform's client keeps its login; "" unless that can be imported.
	File string
	// KeyLines: an API key may be several lines of a file, and KeyHelp is what that has.
	KeyLines bool
	KeyHelp  string
	// Examples are what is said to add an account in some of these ways, behind the platform's name.
	Examples map[Way]string
	// Options are what can be said of its accounts besides what can be said of all. Others are set by logins and imports.
	Options []Option
	// Services are what it serves in the service's own protocol.
	Services []string
	// Models are patterns of the models that one of them has, by its name; one that is not there has any.
	Models map[string][]string
	// Closed are those of them that an API key does not open.
	Closed []string
	// Translated are services that it serves in another protocol's words, by their names.
	Translated map[string]Translation
	// Foreign are patterns of models that are known to be other platforms': an account serves them only when its own list or
	// map names them.
	Foreign []string
	// OwnClient is the only client that a subscription of this platform serves unasked; "" for any.
	OwnClient string
	// Permission is the word by which keys permit the platform's accounts.
	Permission string
	// Catalog is what the price table calls the vendor whose models an account without a list of its own serves; a word for each, where
	// there are several.
	Catalog string
	// Hosts are the vendor's domains: an account whose address is elsewhere may have anybody's models.
	Hosts []string
}

// Translation is a service that a platform serves by way of one of its own.
type Translation struct {
	// To is the platform's own service.
	To string
	// Models are patterns of the models that are served unasked. All others are served when the account's map names them;
	// its list does not do.
	Models []string
	// Or is by way of another service, for models that To does not have; nil when there is none.
	Or *Translation
}

// AtVendor reports whether an account's models are those of the platform's vendor, as far as its address tells.
func (p *Platform) AtVendor(a *Account) bool {
	if a.BaseURL == "" {
		return true
	}
	u, err := url.Parse(a.BaseURL)
	return err == nil && slices.ContainsFunc(p.Hosts, func(host string) bool {
		return strings.HasSuffix("."+strings.ToLower(u.Hostname()), "."+host)
	})
}

// offers reports whether the platform serves a service at all.
func (p *Platform) offers(service string) bool {
	if slices.Contains(p.Services, service) {
		return true
	}
	_, translated := p.Translated[service]
	return translated
}

// Serves reports whether an account of the platform serves a service for a model; "" is any model.
func (p *Platform) Serves(a *Account, service, name string) bool {
	if own := p.own(a, service, name); !p.offers(service) || p.closed(a, own) || !p.has(own, a.Upstream(name)) {
		return false
	}
	if name == "" || a.Map[name] != "" {
		return true
	}
	listed := len(a.Models) > 0 && model.MatchAny(a.Models, name)
	if t, translated := p.Translation(a, service, name); translated {
		return (listed || len(a.Models) == 0) && model.MatchAny(t.Models, name)
	}
	return listed || len(a.Models) == 0 && !model.MatchAny(p.Foreign, name)
}

// Translation is how an account serves a service in another protocol's words; it is false when it serves it in its own.
func (p *Platform) Translation(a *Account, service, name string) (t Translation, translated bool) {
	t, translated = p.Translated[service]
	for translated && t.Or != nil && !p.has(t.To, a.Upstream(name)) {
		t = *t.Or
	}
	return t, translated
}

// own is the platform's own service by which an account serves one.
func (p *Platform) own(a *Account, service, name string) string {
	if t, translated := p.Translation(a, service, name); translated {
		return t.To
	}
	return service
}

// has reports whether a service of the platform's own has a model.
func (p *Platform) has(service, name string) bool {
	patterns, some := p.Models[service]
	return !some || name == "" || model.MatchAny(patterns, name)
}

// closed reports whether the credential of an account does not open a service of the platform's own.
func (p *Platform) closed(a *Account, service string) bool {
	return a.Credential.Kind == APIKey && slices.Contains(p.Closed, service)
}

// all gives every service of the platform.
func (p *Platform) all() []string {
	return slices.AppendSeq(slices.Clone(p.Services), maps.Keys(p.Translated))
}

// Way is how an account gets its credential.
type Way string

// The ways.
const (
	ByKey        Way = "api-key"
	ByBrowser    Way = "browser"     // somebody logs in there, and pastes a code
	BySetupToken Way = "setup-token" // the same, for a token that lasts a year
	ByDevice     Way = "device"      // somebody logs in on another device
	ByFile       Way = "file"        // its client has logged in, and saved that
	ByService    Way = "credentials" // its provider has issued a file of credentials for a service
)

// Option is something that can be said of a platform's accounts.
type Option struct {
	Name  string
	Label string // of a form's field
	// Help begins with the word for its value, in backquotes.
	Help string
	// Values are the only ones; nil for any.
	Values []string
	// Default is the value that is the same as none; "" where none is something else.
	Default  string
	Required bool
}

// CheckOptions finds options of an account that are missing or have none of their values.
func (p *Platform) CheckOptions(a *Account) error {
	for i := range p.Options {
		o := &p.Options[i]
		switch value := a.Options[o.Name]; {
		case value == "" && o.Required:
			return fmt.Errorf("the %s is missing: the %s", o.Name, strings.ReplaceAll(o.Help, "`", ""))
		case value != "" && o.Values != nil && !slices.Contains(o.Values, value):
			return fmt.Errorf("option %s: %q is none of %s", o.Name, value, strings.Join(o.Values, ", "))
		}
	}
	return nil
}
