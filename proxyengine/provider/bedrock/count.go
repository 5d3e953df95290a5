package bedrock

import (
	"errors"
	"strconv"

	"crs/internal/jsonscan"
	"crs/proxyengine/provider"
)

// counted makes {"input_tokens":N} of {"inputTokens":N}.
type counted struct {
	provider.OnePiece
	jsonscan.Members
}

func newCounted() *counted {
	return &counted{Members: jsonscan.Members{Names: []string{"inputTokens"}}}
}

func (c *counted) tokens() (int64, bool) { return jsonscan.Int(c.Value("inputTokens")) }

// Failure implements provider.Meter.
func (*counted) Failure() []byte { return nil }

// Complete implements provider.Meter.
func (c *counted) Complete() bool {
	_, ok := c.tokens()
	return ok && c.Members.Complete()
}

// End implements provider.Meter: counting uses no tokens.
func (*counted) End() provider.Count { return provider.Count{} }

// Output implements provider.Transformer.
func (*counted) Output() ([]byte, error) { return nil, nil }

// Finish implements provider.Transformer.
func (c *counted) Finish() ([]byte, error) {
	n, _ := c.tokens()
	if !c.Complete() {
		return nil, errors.New("the answer holds no inputTokens")
	}
	return append(strconv.AppendInt([]byte(`{"input_tokens":`), n, 10), '}'), nil
}

// ContentType implements provider.Transformer.
func (*counted) ContentType() string { return "application/json" }
