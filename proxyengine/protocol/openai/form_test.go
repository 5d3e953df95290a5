package openai_test

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"testing"

	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

const formType = `multipart/form-data; boundary="b-1"`

func form(contentType, body string) *provider.Inbound {
	return &provider.Inbound{Path: "/v1/images/edits", Body: []byte(body), Header: provider.Header{field("Content-Type", contentType)}}
}

// lines writes a form with the line ends it must have.
func lines(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

var edit = lines(`--b-1
Content-Disposition: form-data; name="image[]"; filename="model.png"
Content-Type: image/png

`) + "\x89PNG\n--b\r\n\r\n\x00name=\"model\"" + lines(`
--b-1
content-disposition: form-data; name="model"

gpt-image-2
--b-1
Content-Disposition: form-data; name="stream"

true
--b-1
Content-Disposition: form-data; name="prompt"

a cat, please
--b-1--
`)

func TestAFormIsReadForItsModel(t *testing.T) {
	t.Parallel()
	got, err := openai.Protocol{}.Inspect(openai.Images, form(formType, edit))
	if err != nil || got.Model != "gpt-image-2" || !got.Stream || got.ModelLen != 0 || got.PromptTokens != 1000+int64(len("gpt-image-2truea cat, please"))/4 {
		t.Errorf("%+v, %v", got, err)
	}
	none := strings.Replace(edit, `form-data; name="model"`, `form-data; name="quality"`, 1)
	if got, err := (openai.Protocol{}).Inspect(openai.Images, form(formType, none)); err != nil || got.Model != "gpt-image-1" {
		t.Errorf("without a model: %+v, %v", got, err)
	}
}

func TestAFormTellsOfItsImages(t *testing.T) {
	t.Parallel()
	part := func(name, value string) string {
		return lines("--b-1\nContent-Disposition: form-data; name=\"" + name + "\"\n\n" + value + "\n")
	}
	got, err := openai.Protocol{}.Inspect(openai.Images, form(formType, part("quality", "high")+part("size", "1536x1024")+part("n", "2")+edit))
	if err != nil || got.ImageTokens != 6240 || got.Images != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAFormThatCanBeReadInTwoWaysIsRefused(t *testing.T) {
	t.Parallel()
	part := func(disposition, content string) string {
		return "--b-1\r\nContent-Disposition: " + disposition + "\r\n\r\n" + content + "\r\n"
	}
	const end = "--b-1--\r\n"
	model := part(`form-data; name="model"`, "a")
	for name, c := range map[string][3]string{
		"no boundary":           {"multipart/form-data", model + end, "boundary"},
		"nonsense type":         {"multipart/form-data; boundary=", model + end, "boundary"},
		"nothing":               {formType, "", "begin"},
		"text in front":         {formType, "x\r\n" + model + end, "begin"},
		"two models":            {formType, model + model + end, "Duplicate parameter: 'model'."},
		"an empty model":        {formType, part(`form-data; name="model"`, "") + end, "Invalid value for 'model'"},
		"no end":                {formType, model, "told apart"},
		"LF only":               {formType, strings.ReplaceAll(model+end, "\r\n", "\n"), "told apart"},
		"boundary inside":       {formType, part(`form-data; name="x"`, "y\n--b-1\nz") + end, "told apart"},
		"boundary goes on":      {formType, part(`form-data; name="x"`, "y\r\n--b-1x") + end, "told apart"},
		"behind the end":        {formType, model + "--b-1--\r\n" + model + end, "told apart"},
		"an end that is none":   {formType, model + "--b-1--x\r\n" + model + end, "told apart"},
		"no header":             {formType, "--b-1\r\n\r\nx\r\n" + end, "proper header"},
		"LF in a header":        {formType, "--b-1\r\nContent-Disposition: form-data; name=\"model\"\n\nb\r\n\r\na\r\n" + end, "proper header"},
		"no disposition":        {formType, "--b-1\r\nContent-Type: text/plain\r\n\r\nx\r\n" + end, "does not say"},
		"two dispositions":      {formType, "--b-1\r\nContent-Disposition: form-data; name=\"model\"\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nx\r\n" + end, "does not say"},
		"two names":             {formType, part(`form-data; name="model"; name="x"`, "a") + end, "does not say"},
		"an encoded model":      {formType, "--b-1\r\nContent-Disposition: form-data; name=\"model\"\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n" + end, "encoded"},
		"a header without name": {formType, "--b-1\r\n: x\r\n\r\nx\r\n" + end, "header"},
	} {
		_, err := openai.Protocol{}.Inspect(openai.Images, form(c[0], c[1]))
		var f *provider.Fault
		if !errors.As(err, &f) || f.Status != 400 || !strings.Contains(f.Message, c[2]) {
			t.Errorf("%s: %v, want %q", name, err, c[2])
		}
	}
}

func TestAModelIsMappedWithinAForm(t *testing.T) {
	t.Parallel()
	none := strings.Replace(edit, `form-data; name="model"`, `form-data; name="quality"`, 1)
	for _, c := range []struct{ name, in, model, want string }{
		{"nothing", edit, "", edit},
		{"the same", edit, "gpt-image-2", edit},
		{"another", edit, "d", strings.Replace(edit, "gpt-image-2", "d", 1)},
		{"none there", none, "d", "--b-1\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nd\r\n" + none},
	} {
		in := form(formType, c.in)
		want, err := openai.Protocol{}.Inspect(openai.Images, in)
		if err != nil {
			t.Fatal(err)
		}
		parts, err := openai.Body(in, &want, c.model)
		if got := string(bytes.Join(parts, nil)); err != nil || got != c.want {
			t.Errorf("%s: %q (%v)", c.name, got, err)
		}
	}
	if _, err := openai.Body(form(formType, edit), &provider.Intent{Service: openai.Images, Model: "m"}, "a\r\nb"); err == nil {
		t.Error("a name of two lines got in")
	}
}

// FuzzFormsAreReadAsOthersReadThem compares with mime/multipart: a form that is let in has the same model there.
func FuzzFormsAreReadAsOthersReadThem(f *testing.F) {
	f.Add(edit, formType)
	f.Add("--b\r\nContent-Disposition: form-data; name=model\r\n\r\nm\r\n--b \t\r\nContent-Disposition: form-data; name=x\r\n\r\n\r\n--b--", "multipart/form-data; boundary=b")
	f.Fuzz(func(t *testing.T, body, contentType string) {
		in := form(contentType, body)
		got, err := openai.Protocol{}.Inspect(openai.Images, in)
		if err != nil {
			return
		}
		if kind, _, _ := mime.ParseMediaType(contentType); !strings.HasPrefix(kind, "multipart/") {
			return // it was read as JSON
		}
		if want, ok := modelByTheBook(contentType, body); ok && want != got.Model {
			t.Errorf("%q: model %q, others read %q", body, got.Model, want)
		}
		parts, err := openai.Body(in, &got, "mapped")
		if err != nil {
			t.Fatal(err)
		}
		mapped := string(bytes.Join(parts, nil))
		if want, ok := modelByTheBook(contentType, mapped); ok && want != "mapped" {
			t.Errorf("%q became %q: others read %q", body, mapped, want)
		}
	})
}

func modelByTheBook(contentType, body string) (string, bool) {
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "", false
	}
	r := multipart.NewReader(strings.NewReader(body), parameters["boundary"])
	name := "gpt-image-1"
	for {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return name, true
		}
		if err != nil {
			return "", false
		}
		_, about, _ := mime.ParseMediaType(part.Header.Get("content-disposition"))
		text, err := io.ReadAll(part)
		if err != nil {
			return "", false
		}
		if about["name"] == "model" {
			name = string(text)
		}
	}
}
