package openai

import (
	"bufio"
	"bytes"
	"mime"
	"net/textproto"
	"strconv"
	"strings"

	"crs/internal/jsonscan"
	"crs/proxyengine/provider"
)

// form is what the relay must know of a request in multipart/form-data.
type form struct {
	boundary         string
	model            field
	stream           field
	n, quality, size field
	texts, files     int64 // bytes in fields, and how many files
	modelAt, modelTo int   // where the model's name stands
}

type field struct {
	value string
	given bool
}

// mostParts bounds how many parts are read: a form has a dozen fields and at most sixteen images.
const mostParts = 128

// tokensPerFile is about what an image costs as input.
const tokensPerFile = 1000

func isForm(h provider.Header) bool {
	const kind = "multipart/"
	text := h.Get("content-type")
	return len(text) >= len(kind) && strings.EqualFold(text[:len(kind)], kind)
}

// readForm takes what a request wants out of a form.
func readForm(intent *provider.Intent, in *provider.Inbound) error {
	f, err := scanForm(in)
	if err != nil {
		return err
	}
	intent.Model = defaultImageModel
	if f.model.given {
		if intent.Model = f.model.value; intent.Model == "" {
			return refuse("Invalid value for 'model': it must not be empty.")
		}
	}
	intent.Stream = strings.EqualFold(f.stream.value, "true") || f.stream.value == "1"
	intent.PromptTokens = f.texts/provider.BytesPerToken + f.files*tokensPerFile
	n, _ := strconv.ParseInt(f.n.value, 10, 64)
	intent.Images, intent.ImageTokens = imagesAsked(n), perImage(intent.Model, f.quality.value, f.size.value)
	intent.Session = (&request{}).session(intent.Service, in.Header)
	return nil
}

// formBody puts a model's name into a form, where it stands without quotes.
func formBody(in *provider.Inbound, want *provider.Intent, name string) ([][]byte, error) {
	f, err := scanForm(in)
	switch {
	case err != nil:
		return nil, err
	case name == "" || f.model.given && name == want.Model:
		return [][]byte{in.Body}, nil
	case strings.ContainsAny(name, "\r\n"):
		return nil, refuse("Invalid value for 'model': it must be one line.")
	case f.model.given:
		return jsonscan.Apply(in.Body, jsonscan.Edit{At: f.modelAt, Length: f.modelTo - f.modelAt, Text: []byte(name)}), nil
	}
	part := "--" + f.boundary + "\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n" + name + "\r\n"
	return [][]byte{[]byte(part), in.Body}, nil
}

// scanForm finds the parts without copying them. It is strict where readers differ, for the relay and the upstream must
// see the same model: lines end with CRLF, and the boundary stands nowhere but between parts.
func scanForm(in *provider.Inbound) (f form, err error) {
	_, parameters, err := mime.ParseMediaType(in.Header.Get("content-type"))
	f.boundary = parameters["boundary"]
	if err != nil || f.boundary == "" || len(f.boundary) > 70 {
		return f, refuse("The content type does not name the form's boundary.")
	}
	delimiter := []byte("--" + f.boundary)
	if !bytes.HasPrefix(in.Body, delimiter) {
		return f, refuse("The form does not begin with its boundary.")
	}
	at := len(delimiter)
	for range mostParts {
		last, length := lineEnd(in.Body[at:], delimiter)
		if last {
			return f, nil
		}
		if length < 0 {
			break
		}
		at += length
		end := bytes.Index(in.Body[at:], delimiter)
		if end < 2 || string(in.Body[at+end-2:at+end]) != "\r\n" {
			break
		}
		if err := f.part(in.Body, at, at+end-2); err != nil {
			return f, err
		}
		at += end + len(delimiter)
	}
	return f, refuse("The form's parts cannot be told apart.")
}

// lineEnd reads what follows a boundary: -- behind the last part, otherwise the end of the line. A length of -1 is
// neither.
func lineEnd(rest, delimiter []byte) (last bool, length int) {
	after, last := bytes.CutPrefix(rest, []byte("--"))
	line := bytes.TrimLeft(after, " \t")
	switch ends := bytes.HasPrefix(line, []byte("\r\n")); {
	case last && (ends || len(line) == 0) && !bytes.Contains(line, delimiter):
		return true, 0
	case !last && ends:
		return false, len(rest) - len(line) + 2
	}
	return false, -1
}

// part takes the part of the body that begins at from, with its header, and ends at to.
func (f *form) part(body []byte, from, to int) error {
	head, content, found := bytes.Cut(body[from:to], []byte("\r\n\r\n"))
	if !found || bytes.Count(head, []byte("\n")) != bytes.Count(head, []byte("\r\n")) {
		return refuse("A part of the form has no proper header.")
	}
	header, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(head[:len(head):len(head)], "\r\n\r\n"...)))).ReadMIMEHeader()
	if err != nil {
		return refuse("The header of a part of the form cannot be read.")
	}
	_, about, err := mime.ParseMediaType(header.Get("content-disposition"))
	if err != nil || len(header["Content-Disposition"]) != 1 {
		return refuse("A part of the form does not say what it is.")
	}
	if _, file := about["filename"]; file {
		f.files++
	} else {
		f.texts += int64(len(content))
	}
	switch about["name"] {
	case "model":
		f.modelAt, f.modelTo = to-len(content), to
		return f.model.set("model", header, content)
	case "stream":
		return f.stream.set("stream", header, content)
	case "n":
		return f.n.set("n", header, content)
	case "quality":
		return f.quality.set("quality", header, content)
	case "size":
		return f.size.set("size", header, content)
	}
	return nil
}

func (f *field) set(name string, header textproto.MIMEHeader, content []byte) error {
	switch strings.ToLower(header.Get("content-transfer-encoding")) {
	case "", "binary", "7bit", "8bit":
	default:
		return refuse("Invalid value for '%s': it must not be encoded.", name)
	}
	if f.given {
		return refuse("Duplicate parameter: '%s'.", name)
	}
	f.value, f.given = string(content), true
	return nil
}
