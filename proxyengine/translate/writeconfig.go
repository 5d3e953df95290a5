package translate

// geminiStops is how many stop sequences Gemini takes.
const geminiStops = 5

// config writes generationConfig.
func (w *generateWriter) config() {
	c := w.c
	if len(c.stop) > geminiStops {
		w.fail(c.stop[geminiStops].path.refuse("Gemini takes no more than %d stop sequences", geminiStops))
	}
	w.object("generationConfig", func() {
		w.have("temperature", c.temperature)
		w.have("topP", c.topP)
		w.have("topK", c.topK)
		w.have("seed", c.seed)
		w.have("frequencyPenalty", c.oftenPenalty)
		w.have("presencePenalty", c.penalty)
		if c.maxTokens > 0 {
			w.set("maxOutputTokens", c.maxTokens)
		}
		w.stops("stopSequences", c.stop)
		if c.format.json || c.format.schema != nil {
			w.set("responseMimeType", "application/json")
			w.have("responseJsonSchema", c.format.schema)
		}
		w.thinking(c.effort)
	})
}

func (w *generateWriter) thinking(e effort) {
	said := e.on || e.off || e.level != ""
	level := w.gemini.level(e)
	if !said || !w.gemini.levels() && !w.gemini.budgets() {
		return
	}
	w.object("thinkingConfig", func() {
		switch {
		case w.gemini.budgets():
			w.set("thinkingBudget", w.gemini.budget(e))
		case level != "":
			w.set("thinkingLevel", level)
		}
		if e.on && !e.hidden {
			w.set("includeThoughts", true)
		}
	})
}

// tools writes the functions with their schemas as they are: parametersJsonSchema takes plain JSON Schema, so that nothing
// need be left out of it, as parameters would want.
func (w *generateWriter) tools() {
	c := w.c
	for _, t := range c.tools {
		if !functionName(t.name) {
			w.fail(t.at.member("name").refuse("Gemini takes up to 128 letters, digits, _ . : and -, of which the first is a letter or _"))
		}
	}
	if len(c.tools) > 0 || c.search != nil {
		w.array("tools", func() {
			if len(c.tools) > 0 {
				w.item(func() { w.array("functionDeclarations", w.functions) })
			}
			if c.search != nil {
				w.item("googleSearch", fields{})
			}
		})
	}
	if len(c.tools) > 0 {
		w.toolConfig()
	}
}

func (w *generateWriter) functions() {
	for _, t := range w.c.tools {
		function := t.described("parametersJsonSchema")
		if t.schema.bare() {
			function = function[:len(function)-2] // one without arguments has none
		}
		w.item(function...)
	}
}

func (w *generateWriter) toolConfig() {
	mode := map[choosing]string{auto: "AUTO", anyTool: "ANY", oneTool: "ANY", noTool: "NONE"}[w.c.choice.mode]
	if mode == "" {
		return
	}
	calling := fields{"mode", mode}
	if w.c.choice.mode == oneTool {
		calling = append(calling, func() { w.array("allowedFunctionNames", func() { w.quote(w.c.choice.name) }) })
	}
	w.object("toolConfig", "functionCallingConfig", calling)
}

func functionName(t text) bool {
	if len(t) == 0 || len(t) > 128 {
		return false
	}
	for i, c := range t {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_':
		case i > 0 && ('0' <= c && c <= '9' || c == '.' || c == ':' || c == '-'):
		default:
			return false
		}
	}
	return true
}
