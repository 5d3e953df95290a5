// Package field is what can be said of accounts and keys, as rows that flags and forms are made of.
package field

// Field is something that can be said: a row.
type Field struct {
	Name  string // in JSON
	Flag  string
	Label string // of a form's field
	Kind  string // how it is written: one of the contract's kinds
	// Help has the word for the value in backquotes, where it has one of its own.
	Help string
	// Page is the title of what it stands on in a long form.
	Page string
	// Default is what a new one has, None what holds where nothing is said.
	Default, None string
	// Subscription: it is about accounts that are subscriptions. Late: it cannot be said of a new one.
	Subscription, Late bool
}
