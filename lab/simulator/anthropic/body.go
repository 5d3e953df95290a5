package anthropic

import (
	"bytes"

	"crs/lab/simulator/provider"
)

// Read reads the prompt and checks it. Counting tokens wants no limit, and does not take every member.
func Read(c *provider.Call, wantMax bool) *provider.Failure {
	fields, ok := provider.ReadObject(c.Body)
	if !ok {
		return Invalid("The request body is not valid JSON.")
	}
	return Check(c, fields, wantMax)
}

// Check checks what the request has in its fields.
func Check(c *provider.Call, fields provider.Fields, wantMax bool) *provider.Failure {
	c.Prompt.Model, c.Prompt.Stream = fields.Text("model"), fields.Is("stream", "true")
	wrong := CheckTurns(&c.Prompt, fields, wantMax)
	switch {
	case fields["model"] == nil:
		return Invalid("model: Field required")
	case fields["model"][0] != '"':
		return Invalid("model: Input should be a valid string")
	case wrong != "":
		return Invalid(wrong)
	case !wantMax:
		return checkExtra(fields)
	}
	return nil
}

// CheckTurns checks the limit and the messages of a request, and takes up what the last of the user's says. What it gives is
// what is wrong, in the API's words.
func CheckTurns(p *provider.Prompt, fields provider.Fields, wantMax bool) string {
	turns, list := provider.ReadList(fields["messages"])
	p.HearTurns(turns)
	most := fields["max_tokens"]
	switch {
	case wantMax && most == nil:
		return "max_tokens: Field required"
	case wantMax && len(bytes.Trim(most, "0123456789")) > 0:
		return "max_tokens: Input should be a valid integer"
	case fields["messages"] == nil:
		return "messages: Field required"
	case !list:
		return "messages: Input should be a valid list"
	case len(turns) == 0:
		return "messages: at least one message is required"
	}
	return ""
}

// checkExtra refuses what counting tokens does not take.
func checkExtra(fields provider.Fields) *provider.Failure {
	for _, name := range []string{"metadata", "context_management", "diagnostics"} {
		if fields[name] != nil {
			return Invalid(name + ": Extra inputs are not permitted")
		}
	}
	return nil
}
