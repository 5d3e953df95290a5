package translate

// readCompletion reads a request of OpenAI's older completions: a prompt to go on from, which becomes what a user says.
func readCompletion(body node) (*conversation, error) {
	c := &conversation{}
	for name, n := range body.fields() {
		var err error
		switch name {
		case "model", "stream": // the intent has them
		case "prompt":
			err = readPrompt(c, n)
		case "suffix":
			if len(n.value.text()) > 0 || !n.isText() {
				err = n.refuse("nothing can be written in front of a given text")
			}
		case "echo":
			if echo, bad := n.mustFlag(); bad != nil || echo {
				err = n.refuse("the prompt cannot be repeated in the answer")
			}
		case "logprobs": // see the package's table
		default:
			err = readSampling(c, name, n)
		}
		if err != nil {
			return nil, err
		}
	}
	if c.turns == nil {
		return nil, body.get("prompt").refuse("it must be there")
	}
	return c, nil
}

func readPrompt(c *conversation, n node) error {
	if n.isText() {
		c.add(byUser, n.path, nil, []block{{kind: aText, at: n.path, text: n.text()}})
		return nil
	}
	return n.each(func(item node) error {
		switch {
		case !item.isText():
			return item.refuse("it must be a string; tokens mean something else to another model")
		case c.turns != nil:
			return item.refuse("only one prompt can be answered at a time")
		}
		return readPrompt(c, item)
	})
}
