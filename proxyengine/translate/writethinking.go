package translate

import (
	"bytes"
	"slices"
	"strconv"
)

func (w *messagesWriter) toolChoice() {
	choice := w.c.choice
	if choice.mode == notSaid && choice.single {
		choice.mode = auto
	}
	word := map[choosing]string{auto: "auto", anyTool: "any", oneTool: "tool", noTool: "none"}[choice.mode]
	if word == "" {
		return
	}
	said := fields{"type", word}
	if choice.mode == oneTool {
		said = append(said, "name", choice.name)
	}
	if choice.single && choice.mode != noTool {
		said = append(said, "disable_parallel_tool_use", true)
	}
	w.set("tool_choice", said)
}

// thinking writes how much is to be thought, and the format of the answer, which stands in the same member.
func (w *messagesWriter) thinking(maxTokens int64) {
	e := w.c.effort
	level := ""
	switch {
	case e.off && w.claude.always:
		level = "low"
	case e.off && w.claude.adaptive() && w.claude.version.atLeast(5, 0):
		w.object("thinking", "type", "disabled") // older ones do not think unasked
	case e.on && w.claude.adaptive():
		level = w.claude.level(e.level)
		w.adaptive()
	case e.on && w.claude.thinks():
		w.budgeted(maxTokens)
	}
	var config fields
	if level != "" {
		config = append(config, "effort", level)
	}
	if w.c.format.schema != nil {
		config = append(config, "format", fields{"type", "json_schema", "schema", w.c.format.schema})
	}
	if config != nil {
		w.set("output_config", config)
	}
}

func (w *messagesWriter) adaptive() {
	w.think = true
	if w.claude.version.atLeast(4, 7) {
		w.object("thinking", "type", "adaptive", "display", "summarized") // they keep it to themselves otherwise
		return
	}
	w.object("thinking", "type", "adaptive")
}

// budgeted turns on thinking with a budget, where that can be: it must leave room for the answer, no tool may be forced,
// and between a call and its result the thoughts from before the call must still be there.
func (w *messagesWriter) budgeted(maxTokens int64) {
	tokens := min(budget(w.c.effort.level), maxTokens/2)
	forced := len(w.c.tools) > 0 && (w.c.choice.mode == anyTool || w.c.choice.mode == oneTool)
	if tokens < 1024 || forced || w.c.thoughtless() {
		return
	}
	w.think = true
	w.object("thinking", "type", "enabled", "budget_tokens", tokens)
}

// thoughtless reports that the model is at work on calls which it made without a thought that is still there.
func (c *conversation) thoughtless() bool {
	n := len(c.turns)
	if n < 2 || len(c.turns[n-1].results) == 0 {
		return false
	}
	first := c.turns[n-2].blocks[0]
	return first.kind != aThought || first.seal.by != byAnthropic
}

// sampling writes what is left: temperature and top_p exclude each other, and the first and thinking do.
func (w *messagesWriter) sampling() {
	warm := w.c.temperature != nil && !w.think
	if w.claude.samples() {
		if warm {
			w.set("temperature", atMost(w.c.temperature, 1))
		}
		if p, _ := w.c.topP.number(); w.c.topP != nil && (!warm || !w.claude.known) && (!w.think || p >= 0.95) {
			w.have("top_p", w.c.topP)
		}
	}
	w.c.stop = slices.DeleteFunc(w.c.stop, func(s node) bool { return s.text().blank() }) // Anthropic refuses those
	w.stops("stop_sequences", w.c.stop)
	if opaque(w.c.user) {
		w.object("metadata", "user_id", w.c.user)
	}
}

// atMost gives a number as it was written, unless it is too large.
func atMost(v value, most float64) value {
	if n, _ := v.number(); n > most {
		return value(strconv.FormatFloat(most, 'f', -1, 64))
	}
	return v
}

// opaque reports that a user's name looks like a hash or a number, and says nothing of the person: Anthropic forbids names
// and addresses.
func opaque(user text) bool {
	return plainID(string(user)) && 16 <= len(user) && len(user) <= 256 && bytes.ContainsAny(user, "0123456789")
}
