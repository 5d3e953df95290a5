package translate

import (
	"bytes"
	"slices"
	"strings"
)

// readMessages reads a request of Anthropic's Messages: protocols.md, I.3.
func readMessages(body node) *conversation {
	c := &conversation{}
	for name, n := range body.fields() {
		switch name {
		case "model", "stream", "metadata": // the intent has them, and the session
		case "messages":
			for m := range n.each() {
				readMessage(c, m)
			}
		case "system":
			readSystem(c, n)
		case "max_tokens":
			c.maxTokens = n.mustCount()
		case "temperature":
			c.temperature = n.mustNumber()
		case "top_p":
			c.topP = n.mustNumber()
		case "top_k":
			c.topK = n.mustNumber()
		case "stop_sequences":
			for s := range n.each() {
				readStop(c, s)
			}
		case "tools":
			for t := range n.each() {
				readTool(c, t)
			}
		case "tool_choice":
			readToolChoice(c, n)
		case "thinking":
			readThinking(&c.effort, n)
		case "output_config":
			readOutputConfig(c, n)
		case "output_format":
			readOutputFormat(c, n)
		case "mcp_servers":
			for s := range n.each() {
				s.refuse("only Anthropic can reach it for the model")
			}
		case "container", "inference_geo":
			n.refuse("only Anthropic has it")
		case "cache_control", "context_management", "compaction", "service_tier", "speed", "diagnostics", "fallbacks",
			"fallback_credit_token", "anthropic_version", "anthropic_beta", "betas": // see the package's table
		default:
			n.refuse("this relay knows no such field, so it cannot be translated")
		}
	}
	if c.turns == nil {
		body.get("messages").refuse("there must be at least one message")
	}
	return c
}

// readSystem reads the instructions. Claude Code puts a line for Anthropic's accounting in front of them, which is
// different in every request, so that no other upstream could cache anything.
func readSystem(c *conversation, n node) {
	for _, b := range onlyTexts(n, readContent(n)) {
		if !bytes.HasPrefix(b.text, []byte("x-anthropic-billing-header:")) {
			c.system = append(c.system, b)
		}
	}
}

// onlyTexts refuses blocks that are none.
func onlyTexts(n node, blocks []block) []block {
	for _, b := range blocks {
		if b.kind != aText {
			n.below(nil, b.at.member("type")).refuse("there can only be text here")
		}
	}
	return blocks
}

func readMessage(c *conversation, m node) {
	r := mustBe(m.get("role"), map[string]role{"user": byUser, "assistant": byModel, "system": bySystem}, "user, assistant or system")
	content := m.get("content")
	if content.isText() {
		c.add(r, m.path, nil, []block{content.says(content.text())})
		return
	}
	var results []*result
	var blocks []block
	for n := range content.each() {
		if n.get("type").word() == "tool_result" && r == byUser {
			results = append(results, readResult(n))
		} else {
			blocks = append(blocks, readBlock(n)...)
		}
	}
	c.add(r, m.path, results, blocks)
}

func readTool(c *conversation, n node) {
	kind := n.get("type")
	switch word := kind.word(); {
	case strings.HasPrefix(word, "web_search_"):
		c.search = kind.path
		return
	case kind.given() && word != "custom":
		kind.refuse("only custom tools and web_search can be translated")
	}
	c.tools = append(c.tools, tool{
		at: n.path, name: n.get("name").must(), description: n.get("description").may(), schema: n.get("input_schema").mustSchema(),
	})
}

func readToolChoice(c *conversation, n node) {
	c.choice.mode = mustBe(n.get("type"), map[string]choosing{"auto": auto, "any": anyTool, "none": noTool, "tool": oneTool}, "auto, any, tool or none")
	if c.choice.mode == oneTool {
		c.choice.name = n.get("name").must()
	}
	c.choice.single = n.value.get("disable_parallel_tool_use").flag()
}

func readThinking(e *effort, n node) {
	switch kind := n.get("type"); kind.word() {
	case "enabled":
		e.on = true
		e.budget = n.get("budget_tokens").mustCount()
	case "adaptive":
		e.on = true
	case "disabled":
		e.off = true
	default:
		kind.refuse("it must be enabled, adaptive or disabled")
	}
	e.hidden = n.value.get("display").word() == "omitted"
}

func readOutputConfig(c *conversation, n node) {
	if level := n.get("effort"); level.given() {
		if c.effort.level = level.word(); !slices.Contains(levels[2:], c.effort.level) {
			level.refuse("it must be low, medium, high, xhigh or max")
		}
	}
	if f := n.get("format"); f.given() {
		readOutputFormat(c, f)
	}
}

func readOutputFormat(c *conversation, n node) {
	if kind := n.get("type"); kind.word() != "json_schema" {
		kind.refuse("it must be json_schema")
	}
	c.format.schema, c.format.at = n.get("schema").mustSchema(), n.path
}
