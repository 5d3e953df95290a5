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
	w.object("tool_choice", func() {
		w.set("type", word)
		if choice.mode == oneTool {
			w.setText("name", choice.name)
		}
		if choice.single && choice.mode != noTool {
			w.setBool("disable_parallel_tool_use", true)
		}
	})
}

// thinking writes how much is to be thought, and the format of the answer, which stands in the same member.
func (w *messagesWriter) thinking(maxTokens int64) {
	e := w.c.effort
	level := ""
	switch {
	case e.off && w.claude.always:
		level = "low"
	case e.off && w.claude.adaptive() && w.claude.version.atLeast(5, 0):
		w.object("thinking", func() { w.set("type", "disabled") }) // older ones do not think unasked
	case e.on && w.claude.adaptive():
		level = w.claude.level(e.level)
		w.adaptive()
	case e.on && w.claude.thinks():
		w.budgeted(maxTokens)
	}
	if level == "" && w.c.format.schema == nil {
		return
	}
	w.object("output_config", func() {
		if level != "" {
			w.set("effort", level)
		}
		if w.c.format.schema != nil {
			w.object("format", func() {
				w.set("type", "json_schema")
				w.have("schema", w.c.format.schema)
			})
		}
	})
}

func (w *messagesWriter) adaptive() {
	w.think = true
	w.object("thinking", func() {
		w.set("type", "adaptive")
		if w.claude.version.atLeast(4, 7) {
			w.set("display", "summarized") // they keep it to themselves otherwise
		}
	})
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
	w.object("thinking", func() {
		w.set("type", "enabled")
		w.setInt("budget_tokens", tokens)
	})
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
			w.key("temperature")
			w.value(atMost(w.c.temperature, 1))
		}
		if p, _ := w.c.topP.number(); w.c.topP != nil && (!warm || !w.claude.known) && (!w.think || p >= 0.95) {
			w.have("top_p", w.c.topP)
		}
	}
	w.c.stop = slices.DeleteFunc(w.c.stop, func(s node) bool { return s.text().blank() }) // Anthropic refuses those
	w.stops("stop_sequences", w.c.stop)
	if opaque(w.c.user) {
		w.object("metadata", func() { w.setText("user_id", w.c.user) })
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
