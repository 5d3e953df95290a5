package translate

// conversation is a request in no protocol's words. Its texts and values are parts of the client's body.
type conversation struct {
	system []block // texts
	turns  []turn
	tools  []tool
	search *path // where a web search was asked for, nil where not
	choice choice
	effort effort
	format format
	stop   []node

	maxTokens                                            int64 // 0: not said
	temperature, topP, topK, seed, oftenPenalty, penalty value
	user                                                 text
}

type role uint8

const (
	byUser role = iota
	byModel
	bySystem // instructions in the midst of a conversation
)

// turn is what one side says until the other speaks. Results of calls come first in a user's turn: every protocol wants
// them directly behind the calls.
type turn struct {
	role    role
	at      *path
	results []*result
	blocks  []block
}

type kind uint8

const (
	aText kind = iota
	anImage
	aDocument
	anAudio
	aThought
	aCall
)

// block is one piece of a turn.
type block struct {
	kind  kind
	at    *path
	text  text  // of a text or a thought
	cache value // the client's cache_control, which only Anthropic knows
	media media
	call  *call
	seal  seal // of a thought
}

// media is a picture or a file: data in base64, or where it is to be had. A plain document has its text in the block.
type media struct {
	mime string
	data text
	url  text
	name text
}

// call is a use of a tool by the model.
type call struct {
	id       string
	own      bool // the upstream's own id, which it knows again
	at       *path
	name     text
	args     value // an object
	sign     text  // Gemini's signature of it
	answered bool
}

// result is what a call came to.
type result struct {
	id     string
	at     *path
	call   *call
	blocks []block
	failed bool
}

// vendor is who can read a seal. Nobody else is shown it.
type vendor uint8

const (
	byNobody vendor = iota
	byAnthropic
	byGemini
	byOpenAI
	byChat // an upstream with reasoning_content, which has no seals, but wants its words back
)

// seal is what a vendor adds to a thought so that it can be taken up again.
type seal struct {
	by     vendor
	sign   text
	hidden bool // the thought is the seal: Anthropic's redacted_thinking
}

// tool is a function that the model may call.
type tool struct {
	name        text
	description text
	schema      value // nil: no arguments
	cache       value
	at          *path
}

type choosing uint8

const (
	notSaid choosing = iota
	auto
	anyTool
	oneTool
	noTool
)

// choice is how freely the model may call tools.
type choice struct {
	mode   choosing
	name   text // of the one tool
	single bool // no more than one call at a time
}

// effort is how much the model is to think.
type effort struct {
	level  string // minimal, low, medium, high, xhigh, max; "" when it was not said
	budget int64  // in tokens; 0 when it was not said
	on     bool   // the client wants thinking
	off    bool   // the client wants none
	hidden bool   // the client does not want to read it
}

// format is what the answer has to look like.
type format struct {
	json   bool // any JSON object
	schema value
	name   text
	at     *path
}

// add appends to a conversation. What one side says in a row is one turn.
func (c *conversation) add(r role, at *path, results []*result, blocks []block) {
	if n := len(c.turns); n > 0 && c.turns[n-1].role == r {
		last := &c.turns[n-1]
		last.results = append(last.results, results...)
		last.blocks = append(last.blocks, blocks...)
		return
	}
	c.turns = append(c.turns, turn{role: r, at: at, results: results, blocks: blocks})
}

// lift moves all instructions to the front, for a protocol that has no other place for them, leaves out where the model
// said nothing, and joins the turns that come to stand beside each other.
func (c *conversation) lift() {
	turns := c.turns
	c.turns = nil
	for _, t := range turns {
		switch {
		case t.role == bySystem:
			c.system = append(c.system, t.blocks...)
		case t.role == byUser || !t.empty():
			c.add(t.role, t.at, t.results, t.blocks)
		}
	}
}

// check finds the call of each result, and what stands where no protocol has a place for it. Every protocol wants all calls
// of a turn answered in the next one; here the place can still be named as the client knows it.
func (c *conversation) check() error {
	var open []*call
	for i := range c.turns {
		t := &c.turns[i]
		if err := t.fits(); err != nil {
			return err
		}
		if t.role == bySystem {
			continue
		}
		if err := match(open, t.results); err != nil {
			return err
		}
		if err := unanswered(open); err != nil {
			return err
		}
		open = nil
		if t.role == byModel {
			open = t.calls()
		}
	}
	return unanswered(open)
}

func (t *turn) fits() error {
	for _, b := range t.blocks {
		switch {
		case t.role == byModel && (b.kind == anImage || b.kind == aDocument || b.kind == anAudio):
			return b.at.refuse("a model says only text, thoughts and calls")
		case t.role != byModel && (b.kind == aCall || b.kind == aThought):
			return b.at.refuse("only a model says this")
		case t.role == bySystem && b.kind != aText:
			return b.at.refuse("instructions can only be text")
		}
	}
	for _, r := range t.results {
		for _, b := range r.blocks {
			if b.kind == aCall || b.kind == aThought {
				return b.at.refuse("only a model says this")
			}
		}
	}
	return nil
}

func match(open []*call, results []*result) error {
	if len(results) == 0 {
		return nil
	}
	waiting := make(map[string][]*call, len(open))
	for _, c := range open {
		waiting[c.id] = append(waiting[c.id], c)
	}
	for _, r := range results {
		if same := waiting[r.id]; len(same) > 0 {
			r.call, same[0].answered = same[0], true
			waiting[r.id] = same[1:]
		}
		if r.call == nil {
			return r.at.refuse("no call in the turn before has the id %q", short(r.id))
		}
	}
	return nil
}

func unanswered(calls []*call) error {
	for _, c := range calls {
		if !c.answered {
			return c.at.refuse("the call %q has no result in the turn behind it", short(c.id))
		}
	}
	return nil
}

func (t *turn) calls() []*call {
	var all []*call
	for i := range t.blocks {
		if t.blocks[i].kind == aCall {
			all = append(all, t.blocks[i].call)
		}
	}
	return all
}
