package translate

import "slices"

// writeFunctions writes tools and how they may be used, for OpenAI's two protocols: in chats a function stands inside a
// tool, in responses it is one.
func writeFunctions(w *writer, c *conversation, nested bool) {
	for _, t := range c.tools {
		if !plainID(string(t.name)) || len(t.name) > 64 {
			w.fail(t.at.member("name").refuse("OpenAI takes up to 64 letters, digits, _ and -"))
		}
	}
	if len(c.tools) == 0 && c.search == nil {
		return
	}
	w.array("tools", func() {
		for _, t := range c.tools {
			function := t.described("parameters")
			if !nested {
				// without strict they take it for true, and refuse most schemas
				w.item(append(append(fields{"type", "function"}, function...), "strict", false)...)
				continue
			}
			w.item("type", "function", "function", function)
		}
		if c.search != nil {
			w.item("type", "web_search")
		}
	})
	if c.choice.mode != notSaid {
		writeChoice(w, c.choice, nested)
	}
	if c.choice.single {
		w.set("parallel_tool_calls", false)
	}
}

// described is what a tool is, with its schema under the name that a protocol has for it.
func (t tool) described(schema string) fields {
	if t.description == nil {
		return fields{"name", t.name, schema, t.inputSchema()}
	}
	return fields{"name", t.name, "description", t.description, schema, t.inputSchema()}
}

func writeChoice(w *writer, choice choice, nested bool) {
	switch {
	case choice.mode != oneTool:
		w.set("tool_choice", map[choosing]string{auto: "auto", anyTool: "required", noTool: "none"}[choice.mode])
	case nested:
		w.object("tool_choice", "type", "function", "function", fields{"name", choice.name})
	default:
		w.object("tool_choice", "type", "function", "name", choice.name)
	}
}

// schemaOf is the schema of an answer. Anthropic holds a model to any schema, OpenAI only to one of the strict kind.
func schemaOf(f format) fields {
	return fields{"name", "answer", "schema", f.schema, "strict", strict(f.schema)}
}

// strict reports whether every object of a schema names all its members as required, and allows no others.
func strict(schema value) bool {
	if schema.get("type").word() == "object" || schema.get("properties") != nil {
		var required []string
		for _, name := range schema.get("required").items() {
			required = append(required, name.word())
		}
		for name := range schema.get("properties").members() {
			if !slices.Contains(required, string(name)) {
				return false
			}
		}
		if string(schema.get("additionalProperties")) != "false" {
			return false
		}
	}
	for _, v := range schema.members() {
		if v.isObject() && !strict(v) {
			return false
		}
		for _, item := range v.items() {
			if item.isObject() && !strict(item) {
				return false
			}
		}
	}
	return true
}
