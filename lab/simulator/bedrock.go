package simulator

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"

	"crs/internal/usage"
)

// bedrock imitates bedrock-runtime.REGION.amazonaws.com as far as it serves Anthropic's models.
type bedrock struct {
	usage   usage.Tokens
	badKeys []string
	keys    *keyring

	invoke, stream, countTokens, missing endpoint
}

func newBedrock(o Options, k *keyring) *bedrock {
	a := &bedrock{usage: o.Usage, badKeys: o.BadKeys, keys: k}
	a.invoke = endpoint{inference: true, admit: a.admitInvoke, answer: a.answerInvoke}
	a.stream = endpoint{inference: true, admit: a.admitInvoke, answer: a.answerStream}
	a.countTokens = endpoint{admit: a.admitCount, answer: a.answerCount}
	a.missing = endpoint{admit: unknownOperation, answer: answerNothing}
	return a
}

func (a *bedrock) find(method, path []byte) *endpoint {
	id, action := modelAndOperation(path)
	if id == nil {
		return nil
	}
	if string(method) == "POST" {
		switch string(action) {
		case "invoke":
			return &a.invoke
		case "invoke-with-response-stream":
			return &a.stream
		case "count-tokens":
			return &a.countTokens
		}
	}
	return &a.missing
}

// modelAndOperation takes /model/{id}/{operation} apart. The id is still escaped.
func modelAndOperation(path []byte) (id, operation []byte) {
	rest, found := bytes.CutPrefix(path, []byte("/model/"))
	slash := bytes.LastIndexByte(rest, '/')
	if !found || slash <= 0 {
		return nil, nil
	}
	return rest[:slash], rest[slash+1:]
}

func unknownOperation(*call) *failure {
	return &failure{status: 404, kind: "UnknownOperationException", message: "The requested operation is not recognized by the service."}
}

// identify finds out who calls: by a bearer token, or by the access key that signed the request.
func (a *bedrock) identify(c *call) *failure {
	bearer := c.bearer()
	if bearer == nil {
		return a.identifySigner(c)
	}
	c.credential = string(bearer)
	c.account = c.credential
	if slices.Contains(a.badKeys, c.credential) || !a.keys.knows(bedrockKey, c.credential) {
		return &failure{status: 403, kind: "AccessDeniedException", message: "Authentication failed: Please make sure your API Key is valid."}
	}
	return nil
}

// admitInvoke checks who calls, the model, and the body.
func (a *bedrock) admitInvoke(c *call) *failure {
	if f := a.identify(c); f != nil {
		return f
	}
	if f := nameBedrockModel(c); f != nil {
		return f
	}
	return readBedrock(c, c.body)
}

// nameBedrockModel keeps the id of the model, and checks that it is one.
func nameBedrockModel(c *call) *failure {
	id, _ := modelAndOperation(c.path)
	c.nameModel(id)
	id = bytes.Trim(c.prompt.model, `"`)
	strange := bytes.IndexFunc(id, func(r rune) bool { return !(isWord(byte(r)) || r == '.' || r == ':' || r == '/') || r > 'z' })
	if strange >= 0 || !bytes.Contains(id, []byte("anthropic.")) && !bytes.HasPrefix(id, []byte("arn:aws")) {
		return invalidInput("The provided model identifier is invalid.")
	}
	return nil
}

func (a *bedrock) answerInvoke(c *call, st *step) reply {
	m := a.message(c, st)
	r := reply{status: 200, content: jsonType, fields: m.invokeFields(), tokens: m.tokens}
	r.body = c.keep(m.append(c.scratch))
	return r
}

func (a *bedrock) answerStream(c *call, st *step) reply {
	m := a.message(c, st)
	c.prompt.stream = true
	m.frames = &frames{badAt: -1}
	if st.verb == vBadCRC {
		m.frames.badAt = max(st.after, 0)
	}
	b := append(appendRequestIdentity(c), "X-Amzn-Bedrock-Content-Type: application/json\r\n"...)
	return reply{status: 200, content: framesType, fields: c.keep(b), tokens: m.tokens, stream: &m, framed: true}
}

// message is Anthropic's own, but for its id; it names the model as Anthropic does.
func (a *bedrock) message(c *call, st *step) message {
	m := newMessage(c, st, a.usage)
	m.prefix = "msg_bdrk_"
	b := append(c.scratch, '"')
	m.model = c.keep(append(append(b, nativeModel(c.prompt.model)...), '"'))
	return m
}

// nativeModel is Anthropic's name of the model with an id, which comes with its quotes.
func nativeModel(id []byte) []byte {
	id = bytes.Trim(id, `"`)
	id = id[bytes.LastIndexByte(id, '/')+1:]
	if _, after, found := bytes.Cut(id, []byte("anthropic.")); found {
		id = after
	}
	if colon := bytes.IndexByte(id, ':'); colon >= 0 {
		id = id[:colon]
	}
	dash := bytes.LastIndex(id, []byte("-v"))
	if dash >= 0 && isCount(id[dash+2:]) {
		id = id[:dash]
	}
	return id
}

// invokeFields render the header lines of a whole answer, which tell the tokens too.
func (m *message) invokeFields() []byte {
	const prefix = "X-Amzn-Bedrock-"
	b := appendRequestIdentity(m.call)
	b = append(b, prefix+"Invocation-Latency: 42\r\n"+prefix+"Input-Token-Count: "...)
	b = strconv.AppendInt(b, m.tokens.Input, 10)
	b = append(b, "\r\n"+prefix+"Output-Token-Count: "...)
	b = strconv.AppendInt(b, m.tokens.Output, 10)
	b = append(b, "\r\n"+prefix+"Cache-Read-Input-Token-Count: "...)
	b = strconv.AppendInt(b, m.tokens.CacheRead, 10)
	b = append(b, "\r\n"+prefix+"Cache-Write-Input-Token-Count: "...)
	b = strconv.AppendInt(b, m.tokens.CacheWrite+m.tokens.CacheWrite1h, 10)
	return m.call.keep(append(b, '\r', '\n'))
}

// appendRequestIdentity begins the header lines of any answer in the scratch of c.
func appendRequestIdentity(c *call) []byte {
	b := append(c.scratch, "x-amzn-RequestId: "...)
	return append(appendID(b, "", c.number), '\r', '\n')
}

// admitCount checks a request to count tokens: the body of an invocation, in base64.
func (a *bedrock) admitCount(c *call) *failure {
	if f := a.identify(c); f != nil {
		return f
	}
	if f := nameBedrockModel(c); f != nil {
		return f
	}
	var in struct {
		Input struct {
			InvokeModel struct {
				Body string `json:"body"`
			} `json:"invokeModel"`
		} `json:"input"`
	}
	if json.Unmarshal(c.body, &in) != nil {
		return invalidInput(malformed)
	}
	body, err := base64.StdEncoding.DecodeString(in.Input.InvokeModel.Body)
	if err != nil || len(body) == 0 {
		return invalidInput("input.invokeModel.body: expected the body of an invocation in base64")
	}
	return readBedrock(c, body)
}

func (a *bedrock) answerCount(c *call, st *step) reply {
	b := append(c.scratch, `{"inputTokens":`...)
	b = strconv.AppendInt(b, st.tokens(a.usage).Prompt(), 10)
	body := c.keep(append(b, '}'))
	return reply{status: 200, content: jsonType, fields: c.keep(appendRequestIdentity(c)), body: body}
}
