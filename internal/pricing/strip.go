package pricing

import (
	"strings"

	"crs/internal/model"
)

func stripContext(name string) string { return strings.TrimSuffix(name, "[1m]") }

// stripVendor takes off who sells a model, and the path or resource name that a cloud has around it.
func (s *search) stripVendor(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name[strings.LastIndexByte(name, '/')+1:]
	}
	first, rest, ok := strings.Cut(name, "/")
	if !ok {
		if _, rest, ok := strings.Cut(name, ","); ok {
			return rest
		}
		return name
	}
	switch first {
	case "anthropic", "openai", "gemini", "google", "models", "vertex_ai", "vertex", "xai", "x-ai", "deepseek", "mistral", "mistralai", "moonshot",
		"moonshotai", "zai", "z-ai", "alibaba", "dashscope", "qwen", "minimax", "meta", "meta_llama", "meta-llama", "xiaomi", "openrouter", "azure_ai":
		return rest
	case "azure":
		return s.stripZone(rest)
	case "publishers", "projects":
		if i := strings.LastIndex(name, "/models/"); i >= 0 {
			return name[i+len("/models/"):]
		}
	case "bedrock":
		id := rest[strings.LastIndexByte(rest, '/')+1:]
		if geo, model := model.CutPlace(id); geo != "" || stripMaker(model) != model {
			return id
		}
	}
	return name
}

// stripZone takes off the data zone of a deployment on Azure.
func (s *search) stripZone(name string) string {
	zone, rest, _ := strings.Cut(name, "/")
	switch zone {
	case "us", "eu":
		s.times = regional
		return rest
	case "global", "global-standard":
		return rest
	}
	return name
}

// stripDate takes off -20251101, -2025-11-01, @20251101 or @default.
func stripDate(name string) string {
	if before, version, ok := strings.Cut(name, "@"); ok && (isNumber(version) || version == "default" || version == "latest") {
		return before
	}
	if rest, date := cutTail(name, len("-20251101")); strings.HasPrefix(date, "-20") && isNumber(date[1:]) {
		return rest
	}
	rest, date := cutTail(name, len("-2025-11-01"))
	if date != "" && date[0] == '-' && date[5] == '-' && date[8] == '-' &&
		isNumber(date[1:5]) && isNumber(date[6:8]) && isNumber(date[9:]) {
		return rest
	}
	return name
}

func stripSuffix(name string) string {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return name
	}
	switch name[i+1:] {
	// "max" is an effort too, but names of other models end so.
	case "latest", "thinking", "preview", "none", "minimal", "low", "medium", "high", "xhigh":
		return name[:i]
	}
	return name
}

// isClaude reports whether a table's entry is a Claude model, whoever serves it.
func isClaude(name string) bool {
	_, id := model.CutPlace(name[strings.LastIndexByte(name, '/')+1:])
	return strings.HasPrefix(stripMaker(id), "claude")
}

// cutTail splits off the last n bytes; the tail is empty when there are not as many.
func cutTail(name string, n int) (rest, tail string) {
	if len(name) < n {
		return name, ""
	}
	return name[:len(name)-n], name[len(name)-n:]
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
