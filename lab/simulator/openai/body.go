package openai

import (
	"bytes"
	"encoding/json"
	"strconv"

	"crs/lab/simulator/provider"
)

// asked is what a request asks for besides the prompt.
type asked struct {
	fields provider.Fields
	usage  bool // the stream is to end with the usage
	list   bool // the prompt is a list
	parts  int  // how many messages, items or texts the prompt has
}

// of gives what was read of a request.
func of(c *provider.Call) *asked { return c.Details.(*asked) }

// echoed are the members of a request that a response repeats, and what it says without them. The Codex backend does not
// take all of them.
func echoed() []echo {
	return []echo{
		{name: "background", usual: "false"},
		{name: "instructions", usual: "null"},
		{name: "max_output_tokens", usual: "null", notCodex: true},
		{name: "max_tool_calls", usual: "null"},
		{name: "metadata", usual: "{}", notCodex: true},
		{name: "parallel_tool_calls", usual: "true"},
		{name: "previous_response_id", usual: "null", notCodex: true},
		{name: "prompt_cache_key", usual: "null"},
		{name: "prompt_cache_retention", usual: "null", notCodex: true},
		{name: "reasoning", usual: `{"effort":null,"summary":null}`},
		{name: "safety_identifier", usual: "null", notCodex: true},
		{name: "store", usual: "true"},
		{name: "temperature", usual: "1.0", notCodex: true},
		{name: "text", usual: `{"format":{"type":"text"},"verbosity":"medium"}`},
		{name: "tool_choice", usual: `"auto"`},
		{name: "tools", usual: "[]"},
		{name: "top_logprobs", usual: "0"},
		{name: "top_p", usual: "1.0", notCodex: true},
		{name: "truncation", usual: `"disabled"`, notCodex: true},
		{name: "user", usual: "null", notCodex: true},
	}
}

type echo struct {
	name, usual string
	notCodex    bool
}

// repeated are the members that a response has from its request. Line ends in them would end a line of an event.
func (a *asked) repeated() []any {
	var all []any
	for _, e := range echoed() {
		value := a.fields[e.name]
		if value == nil {
			value = json.RawMessage(e.usual)
		}
		all = append(all, e.name, json.RawMessage(bytes.ReplaceAll(bytes.ReplaceAll(value, []byte("\r"), nil), []byte("\n"), nil)))
	}
	return all
}

// tier is the service tier that an answer has.
func (a *asked) tier() string {
	switch tier := a.fields.Text("service_tier"); tier {
	case "priority", "flex":
		return tier
	}
	return "default"
}

// sealed reports whether reasoning is to come encrypted.
func (a *asked) sealed() bool {
	return bytes.Contains(a.fields["include"], []byte(`"reasoning.encrypted_content"`))
}

// number reads how many of something are to be made; what is no such number is 0.
func (a *asked) number(name string) int {
	const most = 4096
	n, err := strconv.Atoi(string(a.fields[name]))
	if err != nil || n < 0 {
		return 0
	}
	return min(n, most)
}

// Read reads a request whose prompt is in a field, and checks it.
func Read(c *provider.Call, body []byte, field string) *provider.Failure {
	fields, ok := provider.ReadObject(body)
	if !ok {
		return unreadable()
	}
	take(c, fields, field)
	if f := checkModel(fields); f != nil {
		return f
	}
	return checkPrompt(of(c), field)
}

// ReadDeployed reads a request to a deployment, which need not name a model, and is answered in the name of that.
func ReadDeployed(c *provider.Call, field, deployment string) *provider.Failure {
	fields, ok := provider.ReadObject(c.Body)
	if !ok {
		return unreadable()
	}
	take(c, fields, field)
	c.Prompt.Model = deployment
	return checkPrompt(of(c), field)
}

// take keeps what answers need of a request.
func take(c *provider.Call, fields provider.Fields, field string) {
	options, _ := provider.ReadObject(fields["stream_options"])
	a := &asked{fields: fields, usage: options.Is("include_usage", "true")}
	a.hear(&c.Prompt, fields[field])
	c.Prompt.Model, c.Prompt.Stream, c.Details = fields.Text("model"), fields.Is("stream", "true"), a
}

// hear reads a text, or a list of texts, messages or items, of which the last that the user says counts.
func (a *asked) hear(p *provider.Prompt, prompt json.RawMessage) {
	if _, text := provider.ReadText(prompt); text {
		a.parts = 1
		p.Hear(prompt)
		return
	}
	parts, list := provider.ReadList(prompt)
	a.list, a.parts = list, len(parts)
	if list && len(parts) > 0 && parts[0][0] >= '0' && parts[0][0] <= '9' {
		a.parts = 1 // a list of tokens is one text
	}
	for i := len(parts) - 1; i >= 0; i-- {
		if _, text := provider.ReadText(parts[i]); text {
			p.Hear(parts[i])
			return
		}
		if turn, _ := provider.ReadObject(parts[i]); turn.Is("role", `"user"`) {
			p.Hear(turn["content"])
			return
		}
	}
}

func checkModel(fields provider.Fields) *provider.Failure {
	switch model := fields["model"]; {
	case model == nil:
		return badRequest("model", "missing_required_parameter", "Missing required parameter: 'model'.")
	case model[0] != '"':
		return badRequest("model", "invalid_type", "Invalid type for 'model': expected a string.")
	}
	return nil
}

func checkPrompt(a *asked, field string) *provider.Failure {
	switch messages := field == "messages"; {
	case a.fields[field] == nil:
		return badRequest(field, "missing_required_parameter", "Missing required parameter: '"+field+"'.")
	case !a.list && (messages || a.parts == 0):
		return badRequest(field, "invalid_type", "Invalid type for '"+field+"': expected an array.")
	case messages && a.parts == 0:
		return badRequest(field, "empty_array", "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.")
	}
	return nil
}

func unreadable() *provider.Failure {
	return badRequest("", "", "We could not parse the JSON body of your request. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.")
}

func badRequest(param, code, message string) *provider.Failure {
	return &provider.Failure{Status: 400, Kind: invalid, Detail: code, Param: param, Message: message}
}
