package tui

import (
	"strings"

	"crs/ctl"
)

// troubles are what is not well, the worst first.
func (b *state) troubles() []string {
	var all []string
	for _, c := range b.scene.Status.Conditions {
		switch own := pressInstead[c.Code]; {
		case c.Severity == ctl.SeverityNote:
		case own != "":
			all = append(all, own)
		default:
			all = append(all, strings.TrimPrefix(c.Sentence, "account ")) // there is little room
		}
	}
	return all
}

// pressInstead is what the dashboard says where a key of its own does what the hint says.
var pressInstead = map[string]string{"no_accounts": "no accounts: press 2, then a", "no_keys": "no keys: press 3, then a"}
