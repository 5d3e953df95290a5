package openai

import (
	"errors"

	"crs/internal/jsonscan"
	"crs/proxyengine/provider"
)

// Body is the client's body as an account gets it: with name in the place of the model's, unless it is empty or what is
// there already; and, where want hides the upstream's figures, with the wish for them. The rest is the client's own, byte
// for byte, and is not copied.
func Body(in *provider.Inbound, want *provider.Intent, name string) ([][]byte, error) {
	if want.Service == Images && isForm(in.Header) {
		return formBody(in, want, name)
	}
	var edits []jsonscan.Edit
	if name != "" && (want.ModelLen == 0 || name != want.Model) {
		edits = append(edits, put(in.Body, jsonscan.Part{Raw: in.Body[want.ModelAt:][:want.ModelLen], At: want.ModelAt}, "model", provider.Encode(name)))
	}
	if want.HideUsage {
		edits = append(edits, askForUsage(in.Body))
	}
	return jsonscan.Apply(in.Body, edits...), nil
}

// put is the edit that replaces a member's value; where the object has no such member yet, it becomes the first one.
func put(object []byte, member jsonscan.Part, name string, value []byte) jsonscan.Edit {
	if len(member.Raw) > 0 {
		return member.Replace(value)
	}
	return jsonscan.Insert(object, name, value)
}

// hidesUsage reads stream_options: whether the client has not asked for the figures, so that it is not to see them. What
// is no object there is left to the upstream to refuse.
func hidesUsage(options []byte) (bool, error) {
	if options == nil || string(options) == "null" {
		return true, nil
	}
	if options[0] != '{' {
		return false, nil
	}
	member, err := includeUsage(options)
	value := string(member.Raw)
	return value == "" || value == "false" || value == "null", err
}

// includeUsage finds that member of stream_options.
func includeUsage(options []byte) (member jsonscan.Part, err error) {
	err = jsonscan.Find(options, jsonscan.Want(wantsUsage, &member))
	if syntax, ok := errors.AsType[*jsonscan.SyntaxError](err); ok {
		return member, refuse("Invalid 'stream_options': %s", syntax)
	}
	return member, refused(err, "stream_options.")
}

const wantsUsage = "include_usage"

// askForUsage is the edit that has a stream end with its figures. The body has been read before: it makes sense.
func askForUsage(body []byte) jsonscan.Edit {
	const name = "stream_options"
	options := jsonscan.Part{Raw: body}.Get(name)
	if len(options.Raw) == 0 || options.Raw[0] != '{' {
		return put(body, options, name, []byte(`{"`+wantsUsage+`":true}`))
	}
	member, _ := includeUsage(options.Raw)
	e := put(options.Raw, member, wantsUsage, []byte("true"))
	e.At += options.At
	return e
}
