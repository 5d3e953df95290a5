package ctl

import (
	"slices"
	"strings"
)

// Catalogue is what there is to choose from: what accounts, and what clients. A daemon tells of its own; a program that finds none
// goes by what was built into it.
type Catalogue struct {
	Platforms []Platform `json:"platforms"`
	// Usual is the platform of who adds a first account with an API key.
	Usual string `json:"usual"`
	// AccountFields are what can be said of accounts on every platform and KeyFields of keys, in the order of a form.
	AccountFields []Field   `json:"account_fields"`
	KeyFields     []Field   `json:"key_fields"`
	Clients       []Program `json:"clients"`
	// NamedLimits are the limits of keys that have a field of their own; any of LimitUnits can be limited in any of LimitWindows, and in
	// any time that slides, such as 5h.
	NamedLimits  []NamedLimit `json:"named_limits"`
	LimitUnits   []string     `json:"limit_units"`
	LimitWindows []string     `json:"limit_windows"`
	// CostFormats are the providers' lists of costs that can be held against the ledger.
	CostFormats []CostFormat `json:"cost_formats"`
}

// NamedLimit is a limit that has a field of its own.
type NamedLimit struct {
	Limit string `json:"limit"` // what it counts: requests/minute
	Field string `json:"field"` // its name in KeyEdit and Limits
	Title string `json:"title"` // of a table's column
}

// Field is something that can be said of an account or a key. Front ends make a flag and a field of a form of each.
type Field struct {
	Name  string    `json:"name"` // in NewAccount, AccountEdit and Account; in KeyEdit, and in Key or its Limits
	Flag  string    `json:"flag"`
	Label string    `json:"label"` // of a form's field
	Kind  FieldKind `json:"kind"`
	Help  string    `json:"help"` // it has the word for the value in backquotes
	// Page is the title of what it stands on in a long form.
	Page string `json:"page,omitempty"`
	// Default is what a new one has, None what holds where nothing is said.
	Default string `json:"default,omitempty"`
	None    string `json:"none,omitempty"`
	// Subscription: it is about subscriptions. Late: it cannot be said of a new one.
	Subscription bool `json:"subscription,omitempty"`
	Late         bool `json:"late,omitempty"`
}

// FieldKind is how a field is written.
type FieldKind string

// The kinds.
const (
	TextField    FieldKind = "text"
	AddressField FieldKind = "address" // a URL
	CountField   FieldKind = "count"   // a whole number
	SwitchField  FieldKind = "switch"  // yes or no
	EndField     FieldKind = "end"     // a moment to come, or never
	PairsField   FieldKind = "pairs"   // FROM=TO, several

	MoneyField    FieldKind = "money"    // in US dollars
	DurationField FieldKind = "duration" // in seconds
	FactorField   FieldKind = "factor"   // a number above 0

	WordsField       FieldKind = "words"       // a list
	ModelsField      FieldKind = "models"      // one of patterns
	PermissionsField FieldKind = "permissions" // one of what the catalogue has
	ClientsField     FieldKind = "clients"     // the same

	LimitsField FieldKind = "limits" // UNIT/WINDOW=N, several

	AccountField FieldKind = "account" // the name of one
	GroupField   FieldKind = "group"   // the same
)

// Platform is one that accounts can be on.
type Platform struct {
	Name       string `json:"name"`
	Title      string `json:"title"`                // what an account of it is
	Permission string `json:"permission"`           // the word by which keys permit its accounts
	OwnClient  string `json:"own_client,omitempty"` // the only one that a subscription serves unasked
	// Ways are how an account gets its credential, the usual one first.
	Ways []Way `json:"ways"`
	// File is where the platform's client keeps its login, if that can be imported.
	File string `json:"file,omitempty"`
	// KeyLines: an API key may be several lines of a file, and KeyHelp is what that has.
	KeyLines bool   `json:"key_lines,omitempty"`
	KeyHelp  string `json:"key_help,omitempty"`
	// Examples are what is said on a command line to add an account in some of these ways, behind the platform's name.
	Examples map[Way]string   `json:"examples,omitempty"`
	Options  []PlatformOption `json:"options"`
}

// Way is how an account gets its credential.
type Way string

// The ways.
const (
	ByKey        Way = "api-key"
	ByBrowser    Way = "browser"
	BySetupToken Way = "setup-token"
	ByDevice     Way = "device"
	ByFile       Way = "file"
	ByService    Way = "credentials"
)

// PlatformOption is something that can be said of a platform's accounts besides what can be said of all.
type PlatformOption struct {
	Name  string `json:"name"`
	Label string `json:"label"` // of a form's field
	Help  string `json:"help"`  // it has the word for the value in backquotes
	// Values are the only ones; nil for any. Default is the one that is the same as none.
	Values   []string `json:"values,omitempty"`
	Default  string   `json:"default,omitempty"`
	Required bool     `json:"required,omitempty"`
}

// Program is a client that can be pointed at the relay, and how. In its texts {url} stands for where the relay is, without a path, and
// {key} for a key.
type Program struct {
	Name      string        `json:"name"`
	Aliases   []string      `json:"aliases,omitempty"`
	Title     string        `json:"title"`
	Client    string        `json:"client"` // the word by which keys permit it
	Variables []Variable    `json:"variables"`
	Unset     []string      `json:"unset"`
	Elsewhere string        `json:"elsewhere,omitempty"` // another place for the variables
	Note      string        `json:"note,omitempty"`
	File      *SettingsFile `json:"file,omitempty"`
}

// Variable is one of a program's environment.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// SettingsFile is one that a program reads. Merge says where in it the content goes.
type SettingsFile struct {
	Path    string `json:"path"`
	Merge   string `json:"merge"`
	Content string `json:"content"`
}

// Platform gives the one of a name.
func (c *Catalogue) Platform(name string) (Platform, bool) {
	return found(c.Platforms, func(p Platform) bool { return p.Name == name })
}

// Program gives the one of a name, or of another word for it.
func (c *Catalogue) Program(name string) (Program, bool) {
	return found(c.Clients, func(p Program) bool { return p.Name == name || slices.Contains(p.Aliases, name) })
}

// found gives the first of a list that is what is looked for.
func found[T any](all []T, is func(T) bool) (x T, ok bool) {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	return x, false
}

// Permissions are the words by which keys permit accounts.
func (c *Catalogue) Permissions() []string {
	return distinct(c.Platforms, func(p *Platform) string { return p.Permission })
}

// MainLimits are those that a short table has: of the limits in money that have a field, that of the shortest time and that of the longest.
func (c *Catalogue) MainLimits() []NamedLimit {
	money := slices.DeleteFunc(slices.Clone(c.NamedLimits), func(n NamedLimit) bool { return !c.Money(&n) })
	if len(money) > 2 {
		money = slices.Delete(money, 1, len(money)-1)
	}
	return money
}

// Money reports whether a limit is in dollars.
func (c *Catalogue) Money(n *NamedLimit) bool {
	return slices.ContainsFunc(c.KeyFields, func(f Field) bool { return f.Name == n.Field && f.Kind == MoneyField })
}

// ClientNames are the words by which keys permit clients.
func (c *Catalogue) ClientNames() []string {
	return distinct(c.Clients, func(p *Program) string { return p.Client })
}

// distinct gives each word once, where it comes first.
func distinct[T any](all []T, word func(*T) string) []string {
	var words []string
	for i := range all {
		if w := word(&all[i]); !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return words
}

// Can reports whether an account can get its credential in one of some ways.
func (p *Platform) Can(ways ...Way) bool {
	return slices.ContainsFunc(p.Ways, func(w Way) bool { return slices.Contains(ways, w) })
}

// Filled gives the program with a relay's address and a key in its texts.
func (p *Program) Filled(url, key string) Program {
	fill := strings.NewReplacer("{url}", url, "{key}", key)
	out := *p
	out.Variables = nil
	for _, v := range p.Variables {
		out.Variables = append(out.Variables, Variable{v.Name, fill.Replace(v.Value)})
	}
	if p.File != nil {
		out.File = &SettingsFile{p.File.Path, p.File.Merge, fill.Replace(p.File.Content)}
	}
	return out
}

// List reports whether it is one of words, of which several may be given.
func (k FieldKind) List() bool {
	return slices.Contains([]FieldKind{WordsField, ModelsField, PermissionsField, ClientsField}, k)
}
