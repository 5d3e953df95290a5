package openai_test

import (
	"strings"
	"testing"

	"crs/internal/usage"
	"crs/proxyengine/protocol/openai"
	"crs/proxyengine/provider"
)

// TestWhatWasCutHasImagesToo: an image that was on its way has been made, and its bytes are not text.
func TestWhatWasCutHasImagesToo(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("A", 3<<20)
	const draft = `data: {"type":"image_generation.partial_image","b64_json":"AAAA","partial_image_index":0}` + "\n\n"
	item := `data: {"type":"response.output_item.done","item":{"type":"image_generation_call","result":"` + long
	for name, c := range map[string]struct {
		service, text  string
		header         provider.Header
		tokens, images int64
		output         int64
	}{
		"an images answer":          {openai.Images, `{"created":1,"data":[{"b64_json":"` + long, inJSON, 272, 1, 272},
		"no images answer":          {openai.Images, "<html>" + long, inJSON, 0, 0, 0},
		"an error":                  {openai.Images, `{"error":{"message":"x"}}`, inJSON, 0, 0, 0},
		"a stream":                  {openai.Images, draft + `data: {"type":"image_generation.completed","b64_json":"` + long, eventStream, 272, 1, 272},
		"a stream without drafts":   {openai.Images, `data: {"type":"image_generation.completed","b64_json":"` + long, eventStream, 272, 1, 272},
		"two images":                {openai.Images, draft + draft, eventStream, 544, 2, 544},
		"a Responses answer":        {openai.Responses, `{"output":[{"type":"image_generation_call","result":"` + long, inJSON, 272, 1, 16 << 10},
		"a Responses stream":        {openai.Responses, item, eventStream, 272, 1, 0},
		"drafts of Responses":       {openai.Responses, strings.ReplaceAll(draft, "image_generation.", "response.image_generation_call."), eventStream, 272, 1, 0},
		"one that failed":           {openai.Responses, `data: {"type":"response.output_item.done","item":{"type":"image_generation_call","status":"failed"}}` + "\n\n", eventStream, 0, 0, 0},
		"Responses without a usage": {openai.Responses, `{"output":[{"type":"image_generation_call","result":"` + long[:900_000] + `"}]}`, inJSON, 272, 1, 3},
	} {
		m := openai.NewMeter(&provider.Intent{Service: c.service, Images: 1, ImageTokens: 272, ImageModel: "gpt-image-2"}, c.header)
		m.Feed([]byte(c.text))
		got := m.End()
		image := got.Call
		if c.service == openai.Responses {
			image = usage.Call{Model: "gpt-image-2"}
			if len(got.More) == 1 {
				image = got.More[0]
			}
		}
		if image.Also[usage.ImageOutput] != c.tokens || image.Also[usage.Image] != c.images || image.Tokens.Output != c.tokens || got.Tokens.Output != c.output || got.Guessed != (c.tokens > 0) {
			t.Errorf("%s: %+v", name, got)
		}
		if m.Holds() > 4<<20 {
			t.Errorf("%s: it keeps %d bytes", name, m.Holds())
		}
	}
}

// TestImagesThatAreBilledAsSuch are not estimated in tokens.
func TestImagesThatAreBilledAsSuch(t *testing.T) {
	t.Parallel()
	intent, err := inspect(openai.Images, `{"model":"dall-e-3","prompt":"x","quality":"hd","size":"1024x1024"}`)
	if err != nil || intent.ImageTokens != 0 {
		t.Fatalf("%+v, %v", intent, err)
	}
	m := openai.NewMeter(&intent, inJSON)
	m.Feed([]byte(`{"created":1,"data":[{"url":"x"}]}`))
	if c := m.End(); c.Tokens.Output != 0 || c.Also[usage.ImageOutput] != 0 {
		t.Errorf("%+v", c)
	}
}

// TestWhatARequestTellsOfItsImages is their model and their size.
func TestWhatARequestTellsOfItsImages(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		service, model string
		tokens         int64
	}{
		`{"model":"m","input":"x","tools":[{"type":"function","name":"image_generation"}]}`:                                                               {openai.Responses, "", 0},
		`{"model":"m","input":"x","tools":[{"type":"image_generation"}]}`:                                                                                 {openai.Responses, "", 1056},
		`{"model":"m","input":"x","tools":[{"type":"web_search"},{"type":"image_generation","model":"gpt-image-2","quality":"high","size":"1024x1536"}]}`: {openai.Responses, "gpt-image-2", 6240},
		`{"model":"gpt-image-2","prompt":"x","quality":"low"}`:                                                                                            {openai.Images, "", 272},
		`{"model":"gpt-image-2","prompt":"x","quality":"auto","size":"auto"}`:                                                                             {openai.Images, "", 1056},
		`{"model":"gpt-image-2","prompt":"x","quality":"medium","size":"1536x1024"}`:                                                                      {openai.Images, "", 1584},
		`{"model":"gpt-image-2","prompt":"x","quality":"high","size":"1024x1024"}`:                                                                        {openai.Images, "", 4160},
		`{"model":"gpt-image-2","prompt":"x","quality":"low","size":"1024x1536"}`:                                                                         {openai.Images, "", 408},
	} {
		if got, err := inspect(want.service, body); err != nil || got.ImageModel != want.model || got.ImageTokens != want.tokens {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
}
