package bedrock

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"crs/internal/account"
	"crs/internal/model"
)

// models.json says what Bedrock calls Anthropic's models, and what it takes (protocols.md, C.2 and C.3; the newer ids, geos
// and features are AWS's model cards'). A name that is not in it follows the newest pattern.
//
//go:embed models.json
var modelsFile []byte

// catalog is models.json, by what is asked of it.
type catalog struct {
	betas       []string
	serverTools []string
	byName      map[string]*entry
	byID        map[string]*entry
}

// entry is one model of Bedrock's.
type entry struct {
	ID    string   `json:"id"`
	Names []string `json:"names"` // what Anthropic calls it
	Geos  []string `json:"geos"`  // of its inference profiles
	// Adaptive: it takes thinking of type adaptive.
	Adaptive bool `json:"adaptive"`
	// TTL: it takes the life time of a cache entry.
	TTL bool `json:"ttl"`
	// OutputConfig: it takes output_config.
	OutputConfig bool `json:"output_config"`
}

func readCatalog(file []byte) (*catalog, error) {
	var doc struct {
		Betas       []string `json:"betas"`
		ServerTools []string `json:"server_tools"`
		Models      []*entry `json:"models"`
	}
	if err := json.Unmarshal(file, &doc); err != nil {
		return nil, fmt.Errorf("read Bedrock's model table: %w", err)
	}
	c := &catalog{betas: doc.Betas, serverTools: doc.ServerTools, byName: map[string]*entry{}, byID: map[string]*entry{}}
	for _, e := range doc.Models {
		c.byID[e.ID] = e
		for _, name := range e.Names {
			c.byName[name] = e
		}
	}
	return c, nil
}

// newest is what is taken for granted of a model that the table does not know: it is newer than the table.
func newest() *entry { return &entry{Adaptive: true, TTL: true, OutputConfig: true} }

// find gives what Bedrock calls the model that a client asked this account for, and what is known of it. The account's map
// comes first; an id or ARN of Bedrock's own is taken as it is.
func (c *catalog) find(acc *account.Account, asked string) (id string, e *entry) {
	name := acc.Upstream(asked)
	if name == asked {
		name = acc.Upstream(model.Base(asked))
	}
	name = model.Base(name)
	if own(name) {
		return name, c.known(name, model.Base(asked))
	}
	e, ok := c.byName[name]
	switch {
	case ok:
		return inGeo(acc, e.Geos) + e.ID, e
	case strings.HasPrefix(name, "claude-"):
		return inGeo(acc, nil) + "anthropic." + name + versionOf(name), newest()
	}
	return name, newest() // Bedrock itself says that it has no such model
}

// own reports whether a name is Bedrock's already.
func own(name string) bool {
	return strings.HasPrefix(name, "arn:") || strings.Contains(name, "anthropic.")
}

// known is the entry of an id or ARN. An application's own profile does not tell its model: then the name it stands for does.
func (c *catalog) known(id, asked string) *entry {
	if e, ok := c.byID[withoutPlace(id)]; ok {
		return e
	}
	if e, ok := c.byName[asked]; ok && !strings.Contains(id, "anthropic.") {
		return e
	}
	return newest()
}

// versionOf is what the older ids with a date in them end in.
func versionOf(name string) string {
	i := strings.LastIndexByte(name, '-')
	if date := name[i+1:]; len(date) == len("20251101") && strings.HasPrefix(date, "20") && number(date) {
		return "-v1:0"
	}
	return ""
}

// inGeo is the prefix of the inference profile that an account uses: what its option says, else its region's own. It never
// leaves the region's part of the world by itself: an operator in the EU who wants requests to go anywhere says so.
func inGeo(acc *account.Account, has []string) string {
	switch geo := acc.Options["geo"]; geo {
	case "":
	case "none":
		return ""
	default:
		return geo + "."
	}
	near := geosOf(acc.Options["region"])
	for _, geo := range near {
		if slices.Contains(has, geo) {
			return geo + "."
		}
	}
	return near[0] + "."
}

// geosOf are the profiles that stay near a region, the nearest first.
func geosOf(region string) []string {
	switch {
	case strings.HasPrefix(region, "us-gov-"):
		return []string{"us-gov"}
	case strings.HasPrefix(region, "us-"):
		return []string{"us"}
	case strings.HasPrefix(region, "eu-"):
		return []string{"eu"}
	case region == "ap-northeast-1", region == "ap-northeast-3":
		return []string{"jp", "apac"}
	case region == "ap-southeast-2", region == "ap-southeast-4":
		return []string{"au", "apac"}
	case strings.HasPrefix(region, "ap-"):
		return []string{"apac"}
	}
	return []string{"global"}
}

// bare is the id to count tokens with: that operation knows models only, no profiles. An application's profile leaves
// nothing to take off; then the model that it stands for is asked.
func bare(id string, e *entry) string {
	switch short := withoutPlace(id); {
	case strings.HasPrefix(short, "anthropic."):
		return short
	case e.ID != "":
		return e.ID
	}
	return id
}

// plain is what Anthropic calls a model that Bedrock names: clients size their context window by it. What is none of
// Anthropic's comes back as it is.
func plain(id string) string {
	name, ok := strings.CutPrefix(withoutPlace(id), "anthropic.")
	if !ok {
		return id
	}
	if before, minor, found := strings.Cut(name, ":"); found && number(minor) {
		name = before
	}
	if i := strings.LastIndex(name, "-v"); i > 0 && number(name[i+len("-v"):]) {
		name = name[:i]
	}
	return name
}

// withoutPlace is an id, or what an ARN names, without where it is served.
func withoutPlace(id string) string {
	_, rest := model.CutPlace(lastPart(id))
	return rest
}

// lastPart is what an ARN names.
func lastPart(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

func number(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
