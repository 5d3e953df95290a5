package gemini

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"crs/lab/simulator/provider"
)

// admit checks the caller, then the body, which is a message of this name.
func (a *API) admit(message string) func(*provider.Call) *provider.Failure {
	return func(c *provider.Call) *provider.Failure {
		if f := a.Identify(c); f != nil {
			return f
		}
		fields, ok := provider.ReadObject(c.Body)
		if !ok {
			return Unreadable()
		}
		for _, name := range []string{"generateContentRequest", "generate_content_request"} {
			if nested, inside := provider.ReadObject(fields[name]); inside { // the whole request is in a member
				fields = nested
			}
		}
		return Check(c, fields, message)
	}
}

// Check checks a request to generate content, or to count it, and takes up what the user says.
func Check(c *provider.Call, fields provider.Fields, message string) *provider.Failure {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !known(name) {
			return Strange(name)
		}
	}
	contents, list := provider.ReadList(fields["contents"])
	role, ok := hear(&c.Prompt, contents)
	switch {
	case fields["contents"] != nil && !list, !ok:
		return badArgument("Invalid value at 'contents' (type.googleapis.com/google.ai.generativelanguage.v1beta.Content)")
	case len(contents) == 0:
		return badArgument("* " + message + ".contents: contents is not specified\n")
	case role != "":
		return badArgument("Please use a valid role: user, model.")
	}
	return nil
}

func known(name string) bool {
	switch name {
	case "contents", "systemInstruction", "tools", "toolConfig", "safetySettings", "generationConfig", "cachedContent",
		"system_instruction", "tool_config", "safety_settings", "generation_config", "cached_content",
		"model", "labels", "serviceTier", "service_tier", "store":
		return true
	}
	return false
}

// hear takes up what the user says last, who is also whoever is not named. It gives a role that does not exist, and whether
// every content is an object.
func hear(p *provider.Prompt, contents []json.RawMessage) (wrong string, ok bool) {
	for _, raw := range contents {
		content, isObject := provider.ReadObject(raw)
		if !isObject {
			return wrong, false
		}
		switch role := string(content["role"]); role {
		case "", `"user"`:
			p.Hear(content["parts"])
		case `"model"`, `"function"`:
		default:
			wrong = role
		}
	}
	return wrong, true
}

func badArgument(message string) *provider.Failure { return Refuse(400, "INVALID_ARGUMENT", message) }

// Strange is the answer to a member of a request that does not exist.
func Strange(name string) *provider.Failure {
	return badArgument(`Invalid JSON payload received. Unknown name "` + name + `": Cannot find field.`)
}

// Unreadable is the answer to a body that is no JSON object.
func Unreadable() *provider.Failure {
	return badArgument("Invalid JSON payload received. Expected an object key or }.")
}

// admitEmbed checks a request to embed one text, or a list of such requests.
func (a *API) admitEmbed(c *provider.Call) *provider.Failure {
	if f := a.Identify(c); f != nil {
		return f
	}
	fields, ok := provider.ReadObject(c.Body)
	if !ok {
		return Unreadable()
	}
	texts := []json.RawMessage{c.Body}
	if _, action := modelAndAction(c.Path); action == "batchEmbedContents" {
		texts, _ = provider.ReadList(fields["requests"])
	}
	found := 0
	for _, raw := range texts {
		text, _ := provider.ReadObject(raw)
		if _, has := provider.ReadObject(text["content"]); has {
			found++
		}
	}
	c.Details = len(texts)
	if found == 0 || found < len(texts) {
		return badArgument("* EmbedContentRequest.content: contents is not specified, " + strconv.Itoa(found) + " found\n")
	}
	return nil
}
