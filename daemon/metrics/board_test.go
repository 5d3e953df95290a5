package metrics_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"crs/daemon/metrics"
	"crs/lab/crstest"
)

// TestEveryMetricThatWeDrawExists holds the dashboard and the alerts against what a daemon says.
func TestEveryMetricThatWeDrawExists(t *testing.T) {
	t.Parallel()
	known := knownMetrics(t)
	for _, file := range []string{"../../packaging/grafana/crs.json", "../../packaging/prometheus/alerts.yml"} {
		all := expressions(t, file)
		if len(all) < 8 {
			t.Fatalf("%s has only %d expressions: the test looks in the wrong place", file, len(all))
		}
		for _, expr := range all {
			for _, wrong := range mistakes(expr, known) {
				t.Errorf("%s: %s\nin %s", filepath.Base(file), wrong, expr)
			}
		}
	}
	for _, wrong := range []string{
		`sum(rate(crs_request_total[5m]))`, `sum by (user) (crs_keys)`, `crs_keys{key="a"}`, `histogram_quantile(0.5, crs_keys_bucket)`, `sum(crs_keys`,
	} {
		if len(mistakes(wrong, known)) == 0 {
			t.Errorf("the test finds nothing wrong with %s", wrong)
		}
	}
}

// expressions gives every query of a file.
func expressions(t *testing.T, file string) []string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(file, ".json") {
		var board any
		if err := json.Unmarshal(b, &board); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		return exprsIn(board)
	}
	var all []string
	rules := strings.Split(string(b), "- alert: ")[1:]
	for _, rule := range rules {
		_, expr, ok := strings.Cut(rule, "expr: ")
		if !ok {
			t.Fatalf("%s: a rule has no expression: %s", file, rule)
		}
		expr, _, _ = regexpCut(expr, `\n {8}\w+:`)
		all = append(all, strings.Join(strings.Fields(strings.TrimPrefix(expr, ">")), " "))
	}
	return all
}

func regexpCut(s, at string) (before, after string, found bool) {
	i := regexp.MustCompile(at).FindStringIndex(s)
	if i == nil {
		return s, "", false
	}
	return s[:i[0]], s[i[1]:], true
}

func exprsIn(v any) (all []string) {
	switch v := v.(type) {
	case map[string]any:
		for key, x := range v {
			if text, ok := x.(string); ok && (key == "expr" || key == "query" && strings.HasPrefix(text, "label_values(")) {
				all = append(all, text)
			}
			all = append(all, exprsIn(x)...)
		}
	case []any:
		for _, x := range v {
			all = append(all, exprsIn(x)...)
		}
	}
	return all
}

// knownMetrics are the names of all series with their labels.
func knownMetrics(t *testing.T) map[string][]string {
	t.Helper()
	known := map[string][]string{"up": {}}
	for _, f := range metrics.Families() {
		if f.Type != metrics.Histogram {
			known[f.Name] = f.Labels
			continue
		}
		known[f.Name+"_bucket"] = append([]string{"le"}, f.Labels...)
		known[f.Name+"_sum"], known[f.Name+"_count"] = f.Labels, f.Labels
	}
	b := crstest.Start(t)
	all, err := b.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if !strings.HasPrefix(m.Name, "crs_") {
			known[m.Name] = []string{}
		}
	}
	return known
}

var (
	quoted   = regexp.MustCompile(`"[^"]*"`)
	selected = regexp.MustCompile(`\b([a-z]+(?:_[a-z0-9]+)+|up)\b(?:\{([^}]*)\})?`)
	grouped  = regexp.MustCompile(`\b(?:by|without|on|ignoring)\s*\(([^)]*)\)`)
	matcher  = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)`)
)

// mistakes says what is wrong with a query: metrics and labels that nothing has, and brackets.
func mistakes(expr string, known map[string][]string) (all []string) {
	bare := quoted.ReplaceAllString(expr, `""`)
	for _, pair := range []string{"()", "{}", "[]"} {
		if strings.Count(bare, pair[:1]) != strings.Count(bare, pair[1:]) {
			all = append(all, "brackets do not match: "+pair)
		}
	}
	everywhere, labels := []string{"job", "instance"}, []string{"job", "instance"}
	groups := grouped.FindAllStringSubmatch(bare, -1)
	for _, m := range selected.FindAllStringSubmatch(grouped.ReplaceAllString(bare, ""), -1) {
		name := m[1]
		if slices.Contains([]string{"histogram_quantile", "label_values"}, name) {
			continue
		}
		has, ok := known[name]
		if !ok {
			all = append(all, fmt.Sprintf("there is no metric %s", name))
			continue
		}
		labels = append(labels, has...)
		for _, l := range matcher.FindAllStringSubmatch(m[2], -1) {
			if !slices.Contains(append(everywhere, has...), l[1]) {
				all = append(all, fmt.Sprintf("%s has no label %s", name, l[1]))
			}
		}
	}
	for _, g := range groups {
		for _, l := range strings.Split(g[1], ",") {
			if l = strings.TrimSpace(l); !slices.Contains(labels, l) {
				all = append(all, fmt.Sprintf("none of its metrics has a label %s", l))
			}
		}
	}
	return all
}
