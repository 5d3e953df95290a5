package provider

// Program is a client that can be pointed at the relay, and how. In its texts {url} stands for where the relay is, without a path, and
// {key} for a key.
type Program struct {
	Name, Title string
	// Aliases are other words for it.
	Aliases []string
	// As is the name of the client that it is recognised as, where that is another's.
	As string
	// Variables are what its environment has to hold, Unset what it must not. Elsewhere is another place for them.
	Variables []Variable
	Unset     []string
	Elsewhere string
	Note      string // what else is to be done
	// File is one that it reads and Content what that has to hold; empty when it needs none. Merge says that it may hold more.
	File, Merge, Content string
}

// Variable is one of an environment.
type Variable struct{ Name, Value string }

// Client is the name of the client that it is recognised as.
func (p *Program) Client() string {
	if p.As != "" {
		return p.As
	}
	return p.Name
}
