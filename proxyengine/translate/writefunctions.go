package translate

import "slices"

// writeFunctions writes tools and how they may be used, for OpenAI's two protocols: in chats a function stands inside a
// tool, in responses it is one.
func writeFunctions(w *writer, c *conversation, nested bool) error {
	for _, t := range c.tools {
		if !plainID(string(t.name)) || len(t.name) > 64 {
			return t.at.member("name").refuse("OpenAI takes up to 64 letters, digits, _ and -")
		}
	}
	if len(c.tools) == 0 && c.search == nil {
		return nil
	}
	w.array("tools", func() {
		for _, t := range c.tools {
			w.item(func() {
				w.set("type", "function")
				if nested {
					w.object("function", func() { t.function(w) })
					return
				}
				t.function(w)
				w.setBool("strict", false) // otherwise they take it for true, and refuse most schemas
			})
		}
		if c.search != nil {
			w.item(func() { w.set("type", "web_search") })
		}
	})
	if c.choice.mode != notSaid {
		writeChoice(w, c.choice, nested)
	}
	if c.choice.single {
		w.setBool("parallel_tool_calls", false)
	}
	return nil
}

func (t tool) function(w *writer) {
	w.setText("name", t.name)
	if t.description != nil {
		w.setText("description", t.description)
	}
	w.key("parameters")
	w.value(t.inputSchema())
}

func writeChoice(w *writer, choice choice, nested bool) {
	if choice.mode != oneTool {
		w.set("tool_choice", map[choosing]string{auto: "auto", anyTool: "required", noTool: "none"}[choice.mode])
		return
	}
	w.object("tool_choice", func() {
		w.set("type", "function")
		if nested {
			w.object("function", func() { w.setText("name", choice.name) })
			return
		}
		w.setText("name", choice.name)
	})
}

// writeSchema writes the schema of an answer. Anthropic holds a model to any schema, OpenAI only to one of the strict kind.
func writeSchema(w *writer, f format) {
	w.set("name", "answer")
	w.have("schema", f.schema)
	w.setBool("strict", strict(f.schema))
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
