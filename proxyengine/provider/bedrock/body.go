package bedrock

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"crs/internal/jsonscan"
	"crs/internal/model"
	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

// body is a Messages request on its way to what InvokeModel takes (protocols.md, C.3): some members go, some are changed,
// and every other byte stays as it came.
type body struct {
	text     []byte
	models   *catalog
	entry    *entry
	counting bool // for CountTokens: max_tokens may be missing

	edits     []jsonscan.Edit
	betas     []string
	maxTokens []byte
	thinking  jsonscan.Part
}

const bedrockVersion = `"anthropic_version":"bedrock-2023-05-31"`

// rewrite gives the parts of the new body; they point into the old one.
func (b *body) rewrite(client provider.Header) ([][]byte, error) {
	b.betas = client.Values("anthropic-beta")
	open := bytes.IndexByte(b.text, '{') + 1
	kept, err := b.walk(open)
	if err != nil {
		return nil, err
	}
	added := bedrockVersion + b.betaMember()
	if b.maxTokens == nil && !b.counting {
		return nil, fault("max_tokens: Field required")
	}
	added += b.think()
	if kept {
		added += ","
	}
	b.edits = slices.Insert(b.edits, 0, jsonscan.Edit{At: open, Text: []byte(added)})
	return jsonscan.Apply(b.text, b.edits...), nil
}

// walk looks at the members. A member goes with the comma before it; what is put in front needs no comma behind it then. It
// reports whether the first one stays.
func (b *body) walk(open int) (kept bool, err error) {
	end := open
	s := jsonscan.Top(b.text)
	for s.Next() {
		value := jsonscan.Part{Raw: s.Value, At: s.Offset}
		stays, err := b.member(string(s.Name()), value)
		if err != nil {
			return false, err
		}
		if !stays {
			b.edits = append(b.edits, jsonscan.Edit{At: end, Length: value.End() - end})
		}
		kept = kept || stays && end == open
		end = value.End()
	}
	if err := s.Err(); err != nil {
		return false, fault(err.Error())
	}
	return kept, nil
}

// member reports whether a member stays.
func (b *body) member(name string, v jsonscan.Part) (stays bool, err error) {
	switch name {
	case "model", "stream", "anthropic_version", "context_management", "speed", "diagnostics", "service_tier", "container", "mcp_servers":
		return false, nil
	case "output_config":
		return b.entry.OutputConfig, nil
	case "anthropic_beta":
		for _, beta := range gjson.ParseBytes(v.Raw).Array() {
			b.betas = append(b.betas, beta.String())
		}
		return false, nil
	case "max_tokens":
		b.maxTokens = v.Raw
	case "thinking":
		b.thinking = v
	case "cache_control":
		b.cacheControl(v)
	case "system":
		b.blocks(v, blockDepth)
	case "messages":
		b.messages(v)
	case "tools":
		return true, b.tools(v)
	}
	return true, nil
}

// betaMember is the header anthropic-beta as a member: what Bedrock knows of it.
func (b *body) betaMember() string {
	known := anthropic.Betas(b.betas, b.models.betas)
	if known == nil {
		return ""
	}
	return `,"anthropic_beta":` + string(provider.Encode(known))
}

// leastBudget is the least that may be thought.
const leastBudget = 1024

// think has an older model, which knows no adaptive thinking, think as much as it may; not at all where there is no room
// for it, which adaptive leaves open. It gives the max_tokens that a count of tokens needs beside it.
func (b *body) think() string {
	budget, given := jsonscan.Int(b.thinking.Get("budget_tokens").Raw)
	if jsonscan.Equal(b.thinking.Get("type").Raw, "adaptive") && !b.entry.Adaptive {
		if most, ok := jsonscan.Int(b.maxTokens); !given && ok {
			budget = most - 1
		} else if !given {
			budget = leastBudget
		}
		with := `{"type":"disabled"}`
		if budget >= leastBudget {
			with = `{"type":"enabled","budget_tokens":` + strconv.FormatInt(budget, 10) + `}`
		}
		b.edits = append(b.edits, b.thinking.Replace([]byte(with)))
	}
	if b.maxTokens != nil {
		return ""
	}
	return `,"max_tokens":` + strconv.FormatInt(min(max(budget, 0), 1<<40)+1, 10)
}

// tools looks for those that only Anthropic's own servers run, and for cache_control.
func (b *body) tools(v jsonscan.Part) error {
	if !b.mentioned(v.Raw) && !bytes.Contains(v.Raw, []byte("cache_control")) {
		return nil
	}
	for i, tool := range v.Elements() {
		kind, _ := jsonscan.String(tool.Get("type").Raw)
		if kind != "" && model.MatchAny(b.models.serverTools, kind) {
			return fault(fmt.Sprintf("tools.%d.type: %s runs on Anthropic's servers; Bedrock does not have it", i, kind))
		}
		b.cacheControl(tool.Get("cache_control"))
	}
	return nil
}

// mentioned reports whether tools may hold one of the servers': clients send many, and hardly ever one of those.
func (b *body) mentioned(tools []byte) bool {
	return slices.ContainsFunc(b.models.serverTools, func(pattern string) bool {
		return bytes.Contains(tools, []byte(strings.TrimSuffix(pattern, "*")))
	})
}

func (b *body) messages(v jsonscan.Part) {
	if !bytes.Contains(v.Raw, []byte("cache_control")) {
		return
	}
	for _, message := range v.Elements() {
		b.blocks(message.Get("content"), blockDepth)
	}
}

// blockDepth is how deep blocks hold blocks: a tool's result is one that does.
const blockDepth = 2

func (b *body) blocks(v jsonscan.Part, depth int) {
	if depth == 0 || !bytes.Contains(v.Raw, []byte("cache_control")) {
		return
	}
	for _, block := range v.Elements() {
		b.blocks(block.Get("content"), depth-1)
		b.cacheControl(block.Get("cache_control"))
	}
}

// cacheControl leaves of it what Bedrock takes: the type, and how long to keep it where the model knows that.
func (b *body) cacheControl(v jsonscan.Part) {
	var kind, ttl []byte
	other := false
	s := jsonscan.Top(v.Raw)
	for s.Next() {
		switch string(s.Name()) {
		case "type":
			kind = s.Value
		case "ttl":
			ttl = s.Value
		default:
			other = true
		}
	}
	if s.Err() != nil || kind == nil || !other && (ttl == nil || b.entry.TTL) {
		return
	}
	with := `{"type":` + string(kind)
	if ttl != nil && b.entry.TTL {
		with += `,"ttl":` + string(ttl)
	}
	b.edits = append(b.edits, v.Replace([]byte(with+"}")))
}

func fault(message string) error {
	return &provider.Fault{Status: http.StatusBadRequest, Kind: provider.BadRequest, Message: message}
}
