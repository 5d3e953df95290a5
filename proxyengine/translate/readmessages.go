package translate

import (
	"bytes"
	"slices"
	"strings"
)

// readMessages reads a request of Anthropic's Messages: protocols.md, I.3.
func readMessages(body node) (*conversation, error) {
	c := &conversation{}
	for name, n := range body.fields() {
		var err error
		switch name {
		case "model", "stream", "metadata": // the intent has them, and the session
		case "messages":
			err = n.each(func(m node) error { return readMessage(c, m) })
		case "system":
			err = readSystem(c, n)
		case "max_tokens":
			c.maxTokens, err = n.mustCount()
		case "temperature":
			c.temperature, err = n.mustNumber()
		case "top_p":
			c.topP, err = n.mustNumber()
		case "top_k":
			c.topK, err = n.mustNumber()
		case "stop_sequences":
			err = n.each(func(s node) error { return readStop(c, s) })
		case "tools":
			err = n.each(func(t node) error { return readTool(c, t) })
		case "tool_choice":
			err = readToolChoice(c, n)
		case "thinking":
			err = readThinking(&c.effort, n)
		case "output_config":
			err = readOutputConfig(c, n)
		case "output_format":
			err = readOutputFormat(c, n)
		case "mcp_servers":
			err = n.each(func(s node) error { return s.refuse("only Anthropic can reach it for the model") })
		case "container", "inference_geo":
			err = n.refuse("only Anthropic has it")
		case "cache_control", "context_management", "compaction", "service_tier", "speed", "diagnostics", "fallbacks",
			"fallback_credit_token", "anthropic_version", "anthropic_beta", "betas": // see the package's table
		default:
			err = n.refuse("this relay knows no such field, so it cannot be translated")
		}
		if err != nil {
			return nil, err
		}
	}
	if c.turns == nil {
		return nil, body.get("messages").refuse("there must be at least one message")
	}
	return c, nil
}

// readSystem reads the instructions. Claude Code puts a line for Anthropic's accounting in front of them, which is
// different in every request, so that no other upstream could cache anything.
func readSystem(c *conversation, n node) error {
	blocks, err := readContent(n)
	for _, b := range blocks {
		if b.kind != aText {
			return b.at.member("type").refuse("there can only be text here")
		}
		if !bytes.HasPrefix(b.text, []byte("x-anthropic-billing-header:")) {
			c.system = append(c.system, b)
		}
	}
	return err
}

func readMessage(c *conversation, m node) error {
	who := m.get("role")
	i := slices.Index([]string{"user", "assistant", "system"}, who.word())
	if i < 0 {
		return who.refuse("it must be user, assistant or system")
	}
	r := [...]role{byUser, byModel, bySystem}[i]
	content := m.get("content")
	if content.isText() {
		c.add(r, m.path, nil, []block{{kind: aText, at: content.path, text: content.text()}})
		return nil
	}
	var results []*result
	var blocks []block
	err := content.each(func(n node) error {
		if n.get("type").word() == "tool_result" && r == byUser {
			result, err := readResult(n)
			results = append(results, result)
			return err
		}
		more, err := readBlock(n)
		blocks = append(blocks, more...)
		return err
	})
	c.add(r, m.path, results, blocks)
	return err
}

func readTool(c *conversation, n node) (err error) {
	kind := n.get("type")
	switch word := kind.word(); {
	case !kind.given() || word == "custom":
	case strings.HasPrefix(word, "web_search_"):
		c.search = kind.path
		return nil
	default:
		return kind.refuse("only custom tools and web_search can be translated")
	}
	t := tool{at: n.path}
	if t.name, err = n.get("name").must(); err != nil {
		return err
	}
	if t.description, err = n.get("description").may(); err != nil {
		return err
	}
	schema := n.get("input_schema")
	if !schema.isObject() {
		return schema.refuse("it must be a JSON schema")
	}
	t.schema = schema.value
	c.tools = append(c.tools, t)
	return nil
}

func readToolChoice(c *conversation, n node) (err error) {
	switch kind := n.get("type"); kind.word() {
	case "auto":
		c.choice.mode = auto
	case "any":
		c.choice.mode = anyTool
	case "none":
		c.choice.mode = noTool
	case "tool":
		c.choice.mode = oneTool
		c.choice.name, err = n.get("name").must()
	default:
		err = kind.refuse("it must be auto, any, tool or none")
	}
	c.choice.single = n.value.get("disable_parallel_tool_use").flag()
	return err
}

func readThinking(e *effort, n node) (err error) {
	switch kind := n.get("type"); kind.word() {
	case "enabled":
		e.on = true
		e.budget, err = n.get("budget_tokens").mustCount()
	case "adaptive":
		e.on = true
	case "disabled":
		e.off = true
	default:
		err = kind.refuse("it must be enabled, adaptive or disabled")
	}
	e.hidden = n.value.get("display").word() == "omitted"
	return err
}

func readOutputConfig(c *conversation, n node) error {
	if level := n.get("effort"); level.given() {
		if !slices.Contains(levels[2:], level.word()) {
			return level.refuse("it must be low, medium, high, xhigh or max")
		}
		c.effort.level = level.word()
	}
	if f := n.get("format"); f.given() {
		return readOutputFormat(c, f)
	}
	return nil
}

func readOutputFormat(c *conversation, n node) error {
	if kind := n.get("type"); kind.word() != "json_schema" {
		return kind.refuse("it must be json_schema")
	}
	schema := n.get("schema")
	if !schema.isObject() {
		return schema.refuse("it must be a JSON schema")
	}
	c.format.schema, c.format.at = schema.value, n.path
	return nil
}
