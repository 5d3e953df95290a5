// Package translate turns requests of one protocol into another's, and the answers back: protocols.md, section I. It is
// pure: bytes in, bytes out. What cannot be said in the other protocol is a *provider.Fault with status 400 that names the
// field, or one of the documented drops.
package translate

import "crs/proxyengine/provider"

// Codec translates one service into another. Its zero value is ready.
type Codec interface {
	// Request gives the request and the intent as the target service knows them. upstream is the model that the account is
	// asked for in the end: it decides what can be said (kinds of thinking). The body still names the client's model, at the
	// new intent's ModelAt and ModelLen, where the target's protocol has it in the body: the provider maps it.
	Request(in *provider.Inbound, want *provider.Intent, upstream string) (*provider.Inbound, *provider.Intent, error)
	// Answer translates one successful answer. client is the client's intent, target the one that Request gave.
	Answer(client, target *provider.Intent) Answer
}

// Answer is one answer on its way back. It is used by one goroutine.
type Answer interface {
	// Feed takes the next bytes of the target's answer, cut anywhere, and appends to dst what the client gets: whole events
	// of a stream, or nothing yet. An error inside the target's stream becomes one in the client's words.
	Feed(dst, p []byte) ([]byte, error)
	// Finish appends the rest, when the target's answer has ended well.
	Finish(dst []byte) ([]byte, error)
}
