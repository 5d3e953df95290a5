package translate

import "slices"

// readChat reads a request of OpenAI's chat completions: protocols.md, I.1.
func readChat(body node) *conversation {
	c := &conversation{}
	var tools, pick node
	for name, n := range body.fields() {
		switch name {
		case "model", "stream": // the intent has them
		case "messages":
			for m := range n.each() {
				readChatMessage(c, m)
			}
		case "tools":
			tools = n
		case "tool_choice":
			pick = n
		case "parallel_tool_calls":
			c.choice.single = !n.mustFlag()
		case "reasoning_effort":
			readLevel(&c.effort, n)
		case "response_format":
			readResponseFormat(c, n)
		case "functions", "function_call":
			n.refuse("it has been replaced by tools and tool_choice; only those can be translated")
		case "modalities":
			for m := range n.each() {
				if m.word() != "text" {
					m.refuse("only text can be answered")
				}
			}
		case "audio", "web_search_options", "moderation":
			n.refuse("the account that serves this model has nothing like it")
		case "logprobs", "top_logprobs", "service_tier", "store", "metadata", "prediction", "verbosity",
			"prompt_cache_key", "prompt_cache_retention", "prompt_cache_options": // see the package's table
		default:
			readSampling(c, name, n)
		}
	}
	if c.turns == nil && c.system == nil {
		body.get("messages").refuse("there must be at least one message")
	}
	if tools.given() {
		for t := range tools.each() {
			readChatTool(c, t)
		}
	}
	if pick.given() {
		readChatChoice(c, pick)
	}
	return c
}

// readSampling reads the fields that chat and the older completions share.
func readSampling(c *conversation, name string, n node) {
	switch name {
	case "max_tokens":
		if c.maxTokens == 0 {
			c.maxTokens = n.mustCount()
		}
	case "max_completion_tokens":
		c.maxTokens = n.mustCount()
	case "temperature":
		c.temperature = n.mustNumber()
	case "top_p":
		c.topP = n.mustNumber()
	case "frequency_penalty":
		c.oftenPenalty = n.mustNumber()
	case "presence_penalty":
		c.penalty = n.mustNumber()
	case "seed":
		c.seed = n.mustNumber()
	case "stop":
		readStop(c, n)
	case "user":
		if c.user == nil {
			c.user = n.must()
		}
	case "safety_identifier":
		c.user = n.must()
	case "n", "best_of":
		if many, ok := n.whole(); !ok || many != 1 {
			n.refuse("only one answer can be given")
		}
	case "stream_options", "logit_bias": // see the package's table
	default:
		n.refuse("this relay knows no such field, so it cannot be translated")
	}
}

// readStop reads one sequence or several.
func readStop(c *conversation, n node) {
	if n.isText() {
		if len(n.text()) > 0 {
			c.stop = append(c.stop, n)
		}
		return
	}
	for s := range n.each() {
		s.must()
		readStop(c, s)
	}
}

var levels = [...]string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

func readLevel(e *effort, n node) {
	level := n.word()
	if !slices.Contains(levels[:], level) {
		n.refuse("it must be one of none, minimal, low, medium, high, xhigh and max")
	}
	e.off = level == "none"
	if !e.off {
		e.level, e.on = level, true
	}
}

func readResponseFormat(c *conversation, n node) {
	c.format.at = n.path
	switch kind := n.get("type"); kind.word() {
	case "text":
	case "json_object":
		c.format.json = true
	case "json_schema":
		spec := n.get("json_schema")
		c.format.name, c.format.schema = spec.get("name").may(), spec.get("schema").mustSchema()
	default:
		kind.refuse("it must be text, json_object or json_schema")
	}
}

func readChatChoice(c *conversation, pick node) {
	if pick.isText() {
		readChoiceWord(c, pick)
		return
	}
	switch kind := pick.get("type"); kind.word() {
	case "function":
		c.choice.mode, c.choice.name = oneTool, pick.get("function").get("name").must()
	case "allowed_tools":
		allowed := pick.get("allowed_tools")
		readChoiceWord(c, allowed.get("mode"))
		keepTools(c, allowed.get("tools"))
	default:
		kind.refuse("only function and allowed_tools can be translated")
	}
}

func readChoiceWord(c *conversation, n node) {
	c.choice.mode = mustBe(n, map[string]choosing{"auto": auto, "required": anyTool, "none": noTool}, "auto, required or none")
}

// keepTools leaves only the tools that are allowed: no other protocol can show the model more than it may use.
func keepTools(c *conversation, allowed node) {
	names := map[string]bool{}
	for n := range allowed.each() {
		names[n.get("function").get("name").must().plain()] = true
	}
	c.tools = slices.DeleteFunc(c.tools, func(t tool) bool { return !names[t.name.plain()] })
}

func readChatTool(c *conversation, n node) {
	if kind := n.get("type"); kind.word() != "function" {
		kind.refuse("only function tools can be translated")
	}
	f := n.get("function")
	t := tool{at: f.path, cache: n.value.get("cache_control"), name: f.get("name").must(), description: f.get("description").may()}
	if schema := f.get("parameters"); schema.given() {
		t.schema = schema.mustSchema()
	}
	c.tools = append(c.tools, t)
}
