package translate

import (
	"net/http"
	"time"

	"crs/proxyengine/provider"
)

// Codec translates one service into another. It holds no state.
type Codec interface {
	// Request gives the request and the intent as the target service knows them. upstream is the model that the account is
	// asked for in the end: it decides what can be said (kinds of thinking). The body still names the client's model, at the
	// new intent's ModelAt and ModelLen, where the target's protocol has it in the body: the provider maps it. What cannot be
	// said is a *provider.Fault with status 400 that names the field as the client wrote it. Neither in nor want is changed,
	// and the new request keeps nothing of in's body.
	Request(in *provider.Inbound, want *provider.Intent, upstream string) (*provider.Inbound, *provider.Intent, error)
	// Weigh says about how much memory Request takes for a body, at most, what it gives included. What has more of something
	// than can be translated is a *provider.Fault with status 400 that says how many, and how many may be.
	Weigh(body []byte) (int64, error)
	// Answer translates one successful answer. client is the client's intent, target the one that Request gave. What comes
	// out is a stream of events when client.Stream is set, one JSON object otherwise, whatever the target sends.
	Answer(client, target *provider.Intent) Answer
}

// Answer is one answer on its way back. It is used by one goroutine.
type Answer interface {
	// Feed takes the next bytes of the target's answer, cut anywhere, and appends to dst what the client gets: whole events
	// of a stream, or nothing yet. It keeps none of p. An error inside the target's stream becomes one in the client's words,
	// behind which nothing comes. An error means that the bytes make no sense: the answer has broken off.
	Feed(dst, p []byte) ([]byte, error)
	// Holds is about how many bytes it keeps, with what it will make of them.
	Holds() int
	// Finish appends the rest, when the target's answer has ended well. An error means that it was not whole.
	Finish(dst []byte) ([]byte, error)
}

// The services that are translated, by the names that the protocols give them.
const (
	chat        = "openai/chat"
	completions = "openai/completions"
	responses   = "openai/responses"
	messages    = "anthropic/messages"
	generate    = "gemini/generate"
)

// Find gives the codec for requests of the service from that the service to answers; false when there is none. It is a Pair.
func Find(from, to string) (Codec, bool) {
	switch from {
	case chat, completions:
		return Pair{From: from, To: to}, to == messages || to == generate
	case messages:
		return Pair{From: from, To: to}, to == chat || to == responses || to == generate
	}
	return nil, false
}

// Pair is the codec between two services that Find knows.
type Pair struct {
	From, To string
	// Now dates answers whose upstream does not; nil means time.Now.
	Now func() time.Time
}

// outline is what a request says besides its body.
type outline struct {
	model    string // as the client calls it
	upstream string
	stream   bool
	session  string
	size     int // of the client's body, about which the new one's is
}

// written is what a new intent must know of a request that has been written.
type written struct {
	at, length int // of the model's name
	maxTokens  int64
}

// Request implements Codec.
func (p Pair) Request(in *provider.Inbound, want *provider.Intent, upstream string) (*provider.Inbound, *provider.Intent, error) {
	body, err := object(in.Body)
	if err != nil {
		return nil, nil, &provider.Fault{Status: http.StatusBadRequest, Kind: provider.BadRequest, Message: err.Error()}
	}
	c, err := p.read(body)
	if err != nil {
		return nil, nil, err
	}
	o := outline{model: want.Model, upstream: upstream, stream: want.Stream, session: want.Session, size: sizeFor(in.Body)}
	text, t, err := p.write(c, o)
	if err != nil {
		return nil, nil, err
	}
	target := *want
	target.Service, target.Stream, target.HideUsage = p.To, want.Stream || p.To == responses, false
	target.ModelAt, target.ModelLen, target.MaxTokens = t.at, t.length, t.maxTokens
	out := &provider.Inbound{Method: http.MethodPost, Header: header(in.Header), Body: text}
	if p.To == generate {
		out.Param = want.Model
		if want.Stream {
			out.Query = "alt=sse"
		}
	}
	return out, &target, nil
}

// read reads a request, and checks what is the same in all protocols.
func (p Pair) read(v value) (c *conversation, err error) {
	body := node{value: v, wrong: &err}
	body.once()
	switch p.From {
	case chat:
		c = readChat(body)
	case completions:
		c = readCompletion(body)
	default:
		c = readMessages(body)
	}
	if err != nil {
		return nil, err
	}
	return c, c.check()
}

func (p Pair) write(c *conversation, o outline) ([]byte, written, error) {
	switch p.To {
	case chat:
		return writeChat(c, o)
	case responses:
		return writeResponses(c, o)
	case generate:
		return writeGenerate(c, o)
	}
	return writeMessages(c, o)
}

// header keeps who asks. All else that a client says in its header is about its own protocol.
func header(client provider.Header) provider.Header {
	h := provider.Header{{Name: "content-type", Value: "application/json"}}
	for _, f := range client {
		var buf [64]byte
		switch string(provider.Lower(&buf, f.Name)) {
		case "user-agent", "accept-language":
			h = append(h, f)
		}
	}
	return h
}
