package bedrock

import (
	"errors"
	"strconv"

	"crs/internal/jsonscan"
	"crs/proxyengine/provider"
)

// counted makes {"input_tokens":N} of {"inputTokens":N}.
type counted struct {
	body []byte
}

var _ provider.Transformer = (*counted)(nil)

// mostCounted bounds the answer, which is a few bytes.
const mostCounted = 64 << 10

// Feed implements provider.Meter.
func (c *counted) Feed(p []byte) {
	if len(c.body) <= mostCounted {
		c.body = append(c.body, p...)
	}
}

func (c *counted) tokens() (int64, bool) { return jsonscan.Int(jsonscan.Get(c.body, "inputTokens")) }

// Holds implements provider.Meter.
func (c *counted) Holds() int { return cap(c.body) }

// Forget implements provider.Meter.
func (*counted) Forget() {}

// HasContent implements provider.Meter.
func (*counted) HasContent() bool { return true }

// Failure implements provider.Meter.
func (*counted) Failure() []byte { return nil }

// AtBoundary implements provider.Meter: nothing can be added to a JSON object.
func (*counted) AtBoundary() bool { return false }

// Complete implements provider.Meter.
func (c *counted) Complete() bool {
	_, ok := c.tokens()
	return ok
}

// End implements provider.Meter: counting uses no tokens.
func (*counted) End() provider.Count { return provider.Count{} }

// Output implements provider.Transformer.
func (*counted) Output() ([]byte, error) { return nil, nil }

// Finish implements provider.Transformer.
func (c *counted) Finish() ([]byte, error) {
	n, ok := c.tokens()
	if !ok {
		return nil, errors.New("the answer holds no inputTokens")
	}
	return append(strconv.AppendInt([]byte(`{"input_tokens":`), n, 10), '}'), nil
}

// ContentType implements provider.Transformer.
func (*counted) ContentType() string { return "application/json" }
