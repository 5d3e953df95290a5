package translate

// readCompletion reads a request of OpenAI's older completions: a prompt to go on from, which becomes what a user says.
func readCompletion(body node) *conversation {
	c := &conversation{}
	for name, n := range body.fields() {
		switch name {
		case "model", "stream": // the intent has them
		case "prompt":
			readPrompt(c, n)
		case "suffix":
			if len(n.value.text()) > 0 || !n.isText() {
				n.refuse("nothing can be written in front of a given text")
			}
		case "echo":
			if string(n.value) != "false" {
				n.refuse("the prompt cannot be repeated in the answer")
			}
		case "logprobs": // see the package's table
		default:
			readSampling(c, name, n)
		}
	}
	if c.turns == nil {
		body.get("prompt").refuse("it must be there")
	}
	return c
}

func readPrompt(c *conversation, n node) {
	if n.isText() {
		c.add(byUser, n.path, nil, []block{n.says(n.text())})
		return
	}
	for item := range n.each() {
		switch {
		case !item.isText():
			item.refuse("it must be a string; tokens mean something else to another model")
		case c.turns != nil:
			item.refuse("only one prompt can be answered at a time")
		}
		readPrompt(c, item)
	}
}
