package daemon

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"crs/internal/account"
)

// TestTheReadmeSaysWhatEachPlatformServes keeps the README's table of platforms true: every platform has its row, with the
// paths by which its accounts are reached, as they are and translated, as the providers and the mounts say.
func TestTheReadmeSaysWhatEachPlatformServes(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	all, err := providers(nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	facts, _ := platforms(all)
	rows := platformRows(string(b))
	if len(rows) != len(facts) {
		t.Errorf("the README has %d platforms, there are %d", len(rows), len(facts))
	}
	for name, fact := range facts {
		cells := rows[name]
		if cells == nil {
			t.Errorf("the README has no row for platform %s", name)
			continue
		}
		if !strings.Contains(cells[2], "`crs account login "+name+" ") && !strings.Contains(cells[2], "`crs account add "+name+" ") {
			t.Errorf("%s: how it is added is not said: %s", name, cells[2])
		}
		own, translated := paths(&fact)
		if got := named(cells[3]); !slices.Equal(got, own) {
			t.Errorf("%s: the README has it served at %v, it is at %v", name, got, own)
		}
		if got := named(cells[4]); !slices.Equal(got, translated) {
			t.Errorf("%s: the README has it translated at %v, it is at %v", name, got, translated)
		}
		if only := strings.Contains(cells[3], " only"); only != (fact.OwnClient != "") {
			t.Errorf("%s: whether it serves only one client is not said: %s", name, cells[3])
		}
	}
	if !strings.Contains(string(b), "Providers' terms may forbid sharing a subscription") {
		t.Error("the README does not warn of providers' terms")
	}
}

// platformRows are the cells of the table, by the platform in the first.
func platformRows(readme string) map[string][]string {
	_, table, _ := strings.Cut(readme, "## Platforms")
	table, _, _ = strings.Cut(table, "\n\nOn its own")
	rows := map[string][]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if name := strings.Trim(strings.TrimSpace(cells[0]), "`"); len(cells) == 5 && strings.HasPrefix(strings.TrimSpace(cells[0]), "`") {
			rows[name] = cells
		}
	}
	return rows
}

// named are the paths in a cell.
func named(cell string) []string {
	all := []string{}
	for _, found := range regexp.MustCompile("`(/[a-z/]+)`").FindAllStringSubmatch(cell, -1) {
		all = append(all, found[1])
	}
	slices.Sort(all)
	return all
}

// paths are where requests reach a platform's accounts, as they are and translated.
func paths(p *account.Platform) (own, translated []string) {
	own, translated = []string{}, []string{}
	add := func(to *[]string, all []string) {
		for _, path := range all {
			if !slices.Contains(*to, path) {
				*to = append(*to, path)
			}
		}
	}
	for _, m := range mounts() {
		for _, r := range m.Protocol.Routes() {
			service := r.Service
			if service != "" && m.Only != "" {
				service += "@" + m.Only
			}
			if _, is := p.Translated[service]; is {
				add(&translated, m.Prefixes)
			}
			if slices.Contains(p.Services, service) && service != "" {
				add(&own, m.Prefixes)
			}
		}
	}
	slices.Sort(own)
	slices.Sort(translated)
	return own, translated
}
