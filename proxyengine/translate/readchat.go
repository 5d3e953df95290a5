package translate

import "slices"

// readChat reads a request of OpenAI's chat completions: protocols.md, I.1.
func readChat(body node) (*conversation, error) {
	c := &conversation{}
	var tools, pick node
	for name, n := range body.fields() {
		var err error
		switch name {
		case "model", "stream": // the intent has them
		case "messages":
			err = n.each(func(m node) error { return readChatMessage(c, m) })
		case "tools":
			tools = n
		case "tool_choice":
			pick = n
		case "parallel_tool_calls":
			var many bool
			many, err = n.mustFlag()
			c.choice.single = !many
		case "reasoning_effort":
			err = readLevel(&c.effort, n)
		case "response_format":
			err = readResponseFormat(c, n)
		case "functions", "function_call":
			err = n.refuse("it has been replaced by tools and tool_choice; only those can be translated")
		case "modalities":
			err = n.each(onlyText)
		case "audio", "web_search_options", "moderation":
			err = n.refuse("the account that serves this model has nothing like it")
		case "logprobs", "top_logprobs", "service_tier", "store", "metadata", "prediction", "verbosity",
			"prompt_cache_key", "prompt_cache_retention", "prompt_cache_options": // see the package's table
		default:
			err = readSampling(c, name, n)
		}
		if err != nil {
			return nil, err
		}
	}
	if c.turns == nil && c.system == nil {
		return nil, body.get("messages").refuse("there must be at least one message")
	}
	if err := readChatTools(c, tools, pick); err != nil {
		return nil, err
	}
	return c, nil
}

func onlyText(n node) error {
	if n.word() != "text" {
		return n.refuse("only text can be answered")
	}
	return nil
}

// readSampling reads the fields that chat and the older completions share.
func readSampling(c *conversation, name string, n node) (err error) {
	switch name {
	case "max_tokens":
		if c.maxTokens == 0 {
			c.maxTokens, err = n.mustCount()
		}
	case "max_completion_tokens":
		c.maxTokens, err = n.mustCount()
	case "temperature":
		c.temperature, err = n.mustNumber()
	case "top_p":
		c.topP, err = n.mustNumber()
	case "frequency_penalty":
		c.oftenPenalty, err = n.mustNumber()
	case "presence_penalty":
		c.penalty, err = n.mustNumber()
	case "seed":
		c.seed, err = n.mustNumber()
	case "stop":
		err = readStop(c, n)
	case "user":
		if c.user == nil {
			c.user, err = n.must()
		}
	case "safety_identifier":
		c.user, err = n.must()
	case "n", "best_of":
		if many, ok := n.whole(); !ok || many != 1 {
			err = n.refuse("only one answer can be given")
		}
	case "stream_options", "logit_bias": // see the package's table
	default:
		err = n.refuse("this relay knows no such field, so it cannot be translated")
	}
	return err
}

// readStop reads one sequence or several.
func readStop(c *conversation, n node) error {
	add := func(s node) error {
		t, err := s.must()
		if err == nil && len(t) > 0 {
			c.stop = append(c.stop, s)
		}
		return err
	}
	if n.isText() {
		return add(n)
	}
	return n.each(add)
}

var levels = [...]string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

func readLevel(e *effort, n node) error {
	level := n.word()
	if !slices.Contains(levels[:], level) {
		return n.refuse("it must be one of none, minimal, low, medium, high, xhigh and max")
	}
	e.off = level == "none"
	if !e.off {
		e.level, e.on = level, true
	}
	return nil
}

func readResponseFormat(c *conversation, n node) (err error) {
	c.format.at = n.path
	switch kind := n.get("type"); kind.word() {
	case "text":
	case "json_object":
		c.format.json = true
	case "json_schema":
		spec := n.get("json_schema")
		if c.format.name, err = spec.get("name").may(); err != nil {
			return err
		}
		if c.format.schema = spec.get("schema").value; !c.format.schema.isObject() {
			return spec.get("schema").refuse("it must be a JSON schema")
		}
	default:
		return kind.refuse("it must be text, json_object or json_schema")
	}
	return nil
}

func readChatTools(c *conversation, tools, pick node) error {
	if tools.given() {
		if err := tools.each(func(t node) error { return readChatTool(c, t) }); err != nil {
			return err
		}
	}
	if !pick.given() {
		return nil
	}
	if pick.isText() {
		return readChoiceWord(c, pick)
	}
	switch kind := pick.get("type"); kind.word() {
	case "function":
		name, err := pick.get("function").get("name").must()
		c.choice.mode, c.choice.name = oneTool, name
		return err
	case "allowed_tools":
		allowed := pick.get("allowed_tools")
		if err := readChoiceWord(c, allowed.get("mode")); err != nil {
			return err
		}
		return keepTools(c, allowed.get("tools"))
	default:
		return kind.refuse("only function and allowed_tools can be translated")
	}
}

func readChoiceWord(c *conversation, n node) error {
	switch n.word() {
	case "auto":
		c.choice.mode = auto
	case "required":
		c.choice.mode = anyTool
	case "none":
		c.choice.mode = noTool
	default:
		return n.refuse("it must be auto, required or none")
	}
	return nil
}

// keepTools leaves only the tools that are allowed: no other protocol can show the model more than it may use.
func keepTools(c *conversation, allowed node) error {
	names := map[string]bool{}
	err := allowed.each(func(n node) error {
		name, err := n.get("function").get("name").must()
		names[name.plain()] = true
		return err
	})
	c.tools = slices.DeleteFunc(c.tools, func(t tool) bool { return !names[t.name.plain()] })
	return err
}

func readChatTool(c *conversation, n node) (err error) {
	if kind := n.get("type"); kind.word() != "function" {
		return kind.refuse("only function tools can be translated")
	}
	f := n.get("function")
	t := tool{at: f.path, cache: n.value.get("cache_control")}
	if t.name, err = f.get("name").must(); err != nil {
		return err
	}
	if t.description, err = f.get("description").may(); err != nil {
		return err
	}
	if schema := f.get("parameters"); schema.given() {
		if !schema.isObject() {
			return schema.refuse("it must be a JSON schema")
		}
		t.schema = schema.value
	}
	c.tools = append(c.tools, t)
	return nil
}
