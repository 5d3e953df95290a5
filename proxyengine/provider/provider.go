// Package provider says what an upstream family must tell the engine, and what a client's protocol must, in plain data:
// nothing here knows how requests are served or sent, so providers are tested as functions.
package provider

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/internal/usage"
)

// Inbound is a client's request. It is only read; it is valid until the request has ended.
type Inbound struct {
	Method string
	Path   string // below the route's mount
	Param  string // what stands in the place of {} in the route's path, unescaped; "" when it has none
	Query  string // without the relay's key
	// Header is without what is between the client and the relay only: credentials, cookies, hop-by-hop fields,
	// forwarded-for.
	Header Header
	Body   []byte
}

// Intent is what a request wants.
type Intent struct {
	Service string // what is to be done, such as anthropic/messages
	Model   string
	Family  string // the model's family, as far as quotas know families
	Stream  bool
	// Session is the conversation, "" when none can be told. Hard: it must stay on its account.
	Session string
	Hard    bool
	Client  string // the program that asks, such as claude-code; "" when it is not known
	// PromptTokens and MaxTokens are what limits hold back before the truth is known: an estimate, and the request's
	// own bound (0: none).
	PromptTokens, MaxTokens int64
	// Answers is how many answers it asks for; 0 is one. Images is how many images.
	Answers int64
	Images  int64
	// ImageModel is what its tool is to make images with, "" when it does not say; ImageTokens is about how many tokens one is.
	ImageModel  string
	ImageTokens int64
	// Tier is the service tier that it asks for; "" when it asks for none.
	Tier string
	// Free marks what uses no tokens, such as counting them.
	Free bool
	// Background marks a client's own small requests (titles, probes): what a limit says to them says little.
	Background bool
	// ModelAt and ModelLen are where the model's name stands in the body, quotes included; zero when it is not in there.
	ModelAt, ModelLen int
	// ToolsAt and ToolsLen are where its tools stand in the body; zero when it has none. TakesOver: it names models that take over.
	ToolsAt, ToolsLen int
	TakesOver         bool
	// HideUsage: the client did not ask for the figures that the relay asks the upstream for; it is not shown them.
	HideUsage bool
}

// Outbound is a request to send upstream.
type Outbound struct {
	Endpoint Endpoint
	Method   string
	Target   string // path and query
	Header   Header
	Body     [][]byte // parts, one after another; they may point into the client's body
}

// Reply is an upstream's answer that is not a success, or that turned out not to be one.
type Reply struct {
	At     time.Time
	Status int
	Header Header
	Body   []byte // as much as was read of it
	// InStream: Body is an error that came inside a stream that had begun with 200.
	InStream bool
	// Sent reports whether the client's request holds a text in small letters; nil when there is no client.
	Sent func(text string) bool
}

// Says reports whether an upstream's message has a text, in small letters, that is the upstream's own: errors quote what they
// refuse, and a client that sends such words must not be taken for the provider.
func (r *Reply) Says(message, text string) bool {
	return strings.Contains(strings.ToLower(message), text) && (r.Sent == nil || !r.Sent(text))
}

// Page reports whether it is a web page: what stands before a provider answers with one, and says nothing of the account.
func (r *Reply) Page() bool {
	return !r.InStream && strings.HasPrefix(strings.ToLower(r.Header.Get("content-type")), "text/html") || bytes.HasPrefix(bytes.TrimSpace(r.Body), []byte("<"))
}

// Next is what to do after an answer.
type Next uint8

// The choices.
const (
	Deliver    Next = iota // the client gets it as it is
	TryAnother             // another account may do better
	Renew                  // refresh the credential and try this account once more; TryAnother when that was done
	TryAgain               // the provider is in trouble, not the account: another, or this one after a pause
)

// Verdict is what an answer means.
type Verdict struct {
	Next Next
	// Outcome is what it says about the account.
	Outcome account.Outcome
	// Mask: the client must not take it for an answer about its own key (401, 403): it gets the relay's own 502/503.
	Mask bool
	// Stated: it stands in a field in which an upstream quotes nothing of a request: an error's code, a gauge in the head.
	Stated bool
	// RetryAfter is the upstream's wish; zero when it gave none.
	RetryAfter time.Duration
	// Status is the answer's own, or the one that an error inside a stream would have had.
	Status int
	// Message is what the upstream's error says to people. NeedsReencoding: its body is not in the words of the service's protocol,
	// so the client is told the message in those words instead.
	Message         string
	NeedsReencoding bool
}

// Meter watches an answer go by, as its upstream sends it.
type Meter interface {
	// Feed takes the next bytes of the body. It keeps none of them.
	Feed(p []byte)
	// HasContent reports whether content has come by. Until then an error may still be answered by another account.
	HasContent() bool
	// Failure gives the error that came inside the stream, nil when none did. It stays valid.
	Failure() []byte
	// AtBoundary reports whether an event may be written behind what was fed.
	AtBoundary() bool
	// Complete reports whether the answer is complete, as its protocol has it.
	Complete() bool
	// Holds is about how many bytes of the answer it keeps.
	Holds() int
	// Forget lets go of what it can do without, for want of memory: an event under way counts as one too long to be read. A
	// Transformer is not asked to.
	Forget()
	// End gives the count, once the body has ended or is given up.
	End() Count
}

// Transformer is a Meter of an answer of which the client gets something else than the upstream's bytes: events taken out of
// frames, a wrapper taken off, an event left out.
type Transformer interface {
	Meter
	// Output is what the client gets for what was fed since the last Output, valid until the next Feed; often nothing. Only
	// whole events come out. An error means that the upstream's bytes make no sense; then the answer has broken off behind
	// what came out with the error.
	Output() ([]byte, error)
	// Finish is called when the upstream's body has ended well. It gives the rest, or an error when the body was not whole.
	Finish() ([]byte, error)
	// ContentType is that of what the client gets.
	ContentType() string
}

// Count is what a Meter saw.
type Count struct {
	// Call is what the model that answered used.
	usage.Call
	// More are calls of other models, or of the same one, that are billed beside it.
	More []usage.Call
	// Apart are the calls that Call is the sum of, where each has a price of its own; nil: its sum has.
	Apart []usage.Call
	// Complete: the answer ended as its protocol says, with its final figures. Otherwise they are what had come so far.
	Complete bool
	// Seen: there were figures at all.
	Seen bool
	// Guessed: a part of the output was estimated by what came of it.
	Guessed bool
	// Tier is the service tier that the upstream says it served, Region where; "" for the usual ones.
	Tier, Region string
	// Refused: it was refused before anything was said, so that Call is not billed.
	Refused bool
	// Doubt is what of the figures may not be as the upstream bills it.
	Doubt string
	Raw   json.RawMessage
}

// Vague reports whether its figures do not even tell of a prompt. What is billed by the second has none.
func (c *Count) Vague() bool { return c.Tokens.Prompt() == 0 && c.Also[usage.Second] == 0 }

// Question notes what may not be as the upstream bills it, once.
func (c *Count) Question(doubt string) {
	switch {
	case c.Doubt == "":
		c.Doubt = doubt
	case !strings.Contains(c.Doubt, doubt):
		c.Doubt += "; " + doubt
	}
}

// Provider is an upstream family.
type Provider interface {
	Name() string
	// Platforms are the account platforms it serves, by the words the CLI uses.
	Platforms() map[string]account.Platform
	// Prepare makes the upstream request for an account of one of its platforms.
	Prepare(in *Inbound, want *Intent, acc *account.Account) (*Outbound, error)
	// Judge says what an answer means that is not a plain success.
	Judge(want *Intent, acc *account.Account, r *Reply) Verdict
	// Windows reads the quota gauges off a successful answer; nil when there are none.
	Windows(header Header, at time.Time) []account.Window
	// Meter makes a meter for a successful answer of acc. A Transformer decides what the client gets.
	Meter(want *Intent, acc *account.Account, header Header) Meter
}

// Termed is a provider whose requests or accounts decide a part of the price that its answers do not tell.
type Termed interface {
	// Terms completes what an answer says of how it was served.
	Terms(want *Intent, acc *account.Account, c *Count)
}

// Renewer is a provider whose accounts have tokens that end.
type Renewer interface {
	// RenewRequest makes the request for a fresh token pair.
	RenewRequest(acc *account.Account) (*Outbound, error)
	// Renewed reads its answer. A refusal for good is a *NeedsLogin.
	Renewed(acc *account.Account, r *Reply) (account.Credential, error)
}

// NeedsLogin means that a refresh token is gone for good.
type NeedsLogin struct{ Why string }

// Error implements error.
func (e *NeedsLogin) Error() string { return "the refresh token was refused: " + e.Why }

// Importer is a provider that reads what its client saved when it logged in.
type Importer interface {
	// Import fills an account of one of its platforms from a file's content. Its errors never show the content.
	Import(platform string, file []byte, acc *account.Account) error
}

// Checker is a provider that has something to say about an account before it is added.
type Checker interface {
	Check(acc *account.Account) error
}

// Canonicalizer is a provider that takes a credential in several spellings, such as the lines of a file.
type Canonicalizer interface {
	// Canonical gives the one that is kept, which is one word.
	Canonical(acc *account.Account) (secret.String, error)
}

// Tester is a provider that can find out whether an account works, at next to no cost.
type Tester interface {
	// TestRequest makes a request that a working account answers with 200. It tells the model that it asks for, "" when
	// it needs none.
	TestRequest(acc *account.Account, model string) (out *Outbound, asked string, err error)
}
