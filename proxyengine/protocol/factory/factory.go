// Package factory recognises Factory's own client, Droid, which speaks the protocols of others.
package factory

import (
	"strings"

	"crs/proxyengine/provider"
)

// Droid is the client that Client recognises.
const Droid = "droid"

// Client recognises Droid by what it says of itself (protocols.md, H.4). Who may use a key is not decided by this alone:
// anybody can say it.
func Client(h provider.Header) string {
	agent := strings.ToLower(h.Get("user-agent"))
	if version, ok := strings.CutPrefix(agent, "factory-cli/"); ok && version != "" && '0' <= version[0] && version[0] <= '9' {
		return Droid
	}
	says := strings.ToLower(h.Get("x-factory-client"))
	if strings.Contains(says, "droid") || strings.Contains(says, "cli") {
		return Droid
	}
	return ""
}
