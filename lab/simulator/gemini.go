package simulator

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"crs/internal/usage"
)

// gemini imitates generativelanguage.googleapis.com, as API keys see it.
type gemini struct {
	usage   usage.Tokens
	badKeys []string
	keys    *keyring

	generate, stream, countTokens, embed, embedAll endpoint
	models, model, missing                         endpoint
}

func newGemini(o Options, k *keyring) *gemini {
	a := &gemini{usage: o.Usage, badKeys: o.BadKeys, keys: k}
	a.generate = endpoint{inference: true, admit: a.admitPrompt, answer: a.answerWhole}
	a.stream = endpoint{inference: true, admit: a.admitPrompt, answer: a.answerStream}
	a.countTokens = endpoint{admit: a.admitCount, answer: a.answerCount}
	a.embed = endpoint{inference: true, admit: a.admitEmbed, answer: a.answerEmbed}
	a.embedAll = endpoint{inference: true, admit: a.admitEmbed, answer: a.answerEmbedAll}
	a.models = endpoint{admit: a.identify, answer: a.answerModels}
	a.model = endpoint{admit: a.admitModel, answer: a.answerModel}
	a.missing = endpoint{admit: missingMethod, answer: answerNothing}
	return a
}

func (a *gemini) find(method, path []byte) *endpoint {
	rest, found := bytes.CutPrefix(path, []byte("/v1beta/"))
	if !found {
		if rest, found = bytes.CutPrefix(path, []byte("/v1/")); !found || bytes.IndexByte(rest, ':') < 0 {
			return nil // what is below /v1 and has no action is other providers'
		}
	}
	if string(rest) == "models" {
		return on(method, "GET", &a.models)
	}
	if !bytes.HasPrefix(rest, []byte("models/")) {
		return &a.missing
	}
	if e := a.action(method, path); e != nil {
		return e
	}
	return &a.missing
}

func (a *gemini) action(method, path []byte) *endpoint {
	model, action := modelAndAction(path)
	if len(model) == 0 {
		return nil
	}
	switch string(action) {
	case "":
		return on(method, "GET", &a.model)
	case "generateContent":
		return on(method, "POST", &a.generate)
	case "streamGenerateContent":
		return on(method, "POST", &a.stream)
	case "countTokens":
		return on(method, "POST", &a.countTokens)
	case "embedContent":
		return on(method, "POST", &a.embed)
	case "batchEmbedContents":
		return on(method, "POST", &a.embedAll)
	}
	return nil
}

// modelAndAction takes …/models/{model}:{action} apart.
func modelAndAction(path []byte) (model, action []byte) {
	model = path[bytes.LastIndexByte(path, '/')+1:]
	if colon := bytes.LastIndexByte(model, ':'); colon >= 0 {
		return model[:colon], model[colon+1:]
	}
	return model, nil
}

// identify finds out who calls, by a key in the header or in the query.
func (a *gemini) identify(c *call) *failure {
	key := c.field("x-goog-api-key")
	if key == nil {
		key = c.parameter("key")
	}
	if len(key) == 0 {
		return googleFailure(403, "PERMISSION_DENIED", unregistered)
	}
	c.credential = string(key)
	c.account = c.credential
	if slices.Contains(a.badKeys, c.credential) || !a.keys.knows(geminiKey, c.credential) {
		f := findGemini(wrongGeminiKey).render(c, wrongGeminiKey)
		return &f
	}
	return nil
}

// parameter gives the value of a field of the query, or nil.
func (c *call) parameter(name string) []byte {
	for pair := range bytes.SplitSeq(c.query, []byte{'&'}) {
		if value, found := bytes.CutPrefix(pair, []byte(name)); found && len(value) > 0 && value[0] == '=' {
			return unescapeURL(value[1:])
		}
	}
	return nil
}

// unescapeURL copies only when there is something to unescape.
func unescapeURL(raw []byte) []byte {
	if bytes.IndexByte(raw, '%') < 0 {
		return raw
	}
	text := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] == '%' && i+2 < len(raw) {
			if n, err := strconv.ParseUint(string(raw[i+1:i+3]), 16, 8); err == nil {
				text = append(text, byte(n))
				i += 2
				continue
			}
		}
		text = append(text, raw[i])
	}
	return text
}

// nameModel keeps the model that the path names, as JSON.
func (c *call) nameModel(raw []byte) {
	name := unescapeURL(raw)
	if bytes.ContainsAny(name, "\"\\\n") {
		c.prompt.model = c.keep(appendText(c.scratch, string(name)))
		return
	}
	b := append(c.scratch, '"')
	c.prompt.model = c.keep(append(append(b, name...), '"'))
}

// wrongGeminiKey is how a key is answered that is none.
var wrongGeminiKey = &step{verb: vStatus, status: 400, word: "key", after: notGiven}

const unregistered = "Method doesn't allow unregistered callers (callers without established identity). " +
	"Please use API Key or other form of API consumer identity to call this API."

// googleFields are header fields of all answers of Google's.
var googleFields = []byte("Vary: Origin\r\nVary: X-Origin\r\nVary: Referer\r\nX-Content-Type-Options: nosniff\r\nServer-Timing: gfet4t7; dur=42\r\n")

const googleJSON = "application/json; charset=UTF-8"

func (a *gemini) answerCount(c *call, st *step) reply {
	return answerTotal(c, geminiTokens(st, a.usage).Prompt())
}

func answerTotal(c *call, n int64) reply {
	b := append(c.scratch, `{"totalTokens":`...)
	b = strconv.AppendInt(b, n, 10)
	b = append(b, `,"promptTokensDetails":[{"modality":"TEXT","tokenCount":`...)
	b = strconv.AppendInt(b, n, 10)
	return reply{status: 200, content: googleJSON, fields: googleFields, body: c.keep(append(b, "}]}"...))}
}

// vector is what every text means.
const vector = `{"values":[0.0125,-0.031,0.5,-0.25,0.0625,0.75,-0.125,0.01]}`

func (a *gemini) answerEmbed(*call, *step) reply {
	return reply{status: 200, content: googleJSON, fields: googleFields, body: []byte(`{"embedding":` + vector + `}`)}
}

func (a *gemini) answerEmbedAll(c *call, _ *step) reply {
	all := strings.Repeat(","+vector, c.prompt.parts)
	return reply{status: 200, content: googleJSON, fields: googleFields, body: []byte(`{"embeddings":[` + strings.TrimPrefix(all, ",") + `]}`)}
}

func (a *gemini) failure(c *call, st *step) failure { return findGemini(st).render(c, st) }

func (a *gemini) refusal(c *call, f failure) reply { return googleRefusal(c, f) }

func (a *gemini) errorEvent(c *call, kind string) []byte { return googleErrorEvent(c, kind) }

func missingMethod(*call) *failure {
	return googleFailure(404, "NOT_FOUND", "Method not found.")
}

func answerNothing(*call, *step) reply { return reply{status: 200, content: googleJSON} }
