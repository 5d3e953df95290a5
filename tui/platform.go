package tui

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"

	"crs/ctl"
	"crs/tui/draw"
)

// wayTitles say how an account gets its credential. A way that is not known here is left out.
func wayTitles() map[ctl.Way]string {
	return map[ctl.Way]string{
		ctl.ByKey: "an API key", ctl.ByBrowser: "log in in the browser", ctl.BySetupToken: "log in, for a token that lasts a year",
		ctl.ByDevice: "log in on another device", ctl.ByFile: "import what its client saved", ctl.ByService: "a file of credentials for a service",
	}
}

// ways are those of a platform that the dashboard knows, and of the kinds that are asked for.
func ways(p *ctl.Platform, of ...ctl.Way) []ctl.Way {
	titles := wayTitles()
	return slices.DeleteFunc(slices.Clone(p.Ways), func(w ctl.Way) bool { return titles[w] == "" || len(of) > 0 && !slices.Contains(of, w) })
}

// withCatalogue goes on once it is known what there is to choose from: by what is known already where the daemon has none to tell.
func (m *Model) withCatalogue(then func(*Model) tea.Cmd) tea.Cmd {
	return work(m, m.opt.Daemon.Catalogue, func(m *Model, c ctl.Catalogue, err error) tea.Cmd {
		if err == nil {
			m.b.catalogue = c
		}
		return then(m)
	})
}

// optionForm is what a form holds for the options of a platform.
type optionForm struct {
	all    []ctl.PlatformOption
	values []string // of each
	old    map[string]string
}

// newOptionForm begins with the options of an account; nil for a new one.
func newOptionForm(p *ctl.Platform, old map[string]string) *optionForm {
	f := &optionForm{all: p.Options, old: old}
	for i := range f.all {
		f.values = append(f.values, cmp.Or(old[f.all[i].Name], f.all[i].Default))
	}
	return f
}

func (f *optionForm) fields() []huh.Field {
	var all []huh.Field
	for i := range f.all {
		o, label := &f.all[i], draw.Clean(f.all[i].Label)
		switch {
		case o.Values != nil:
			all = append(all, choice(draw.Fit(label, titleWidth), &f.values[i], toChoose(o)...).Inline(true))
		case o.Required:
			all = append(all, text(label, &f.values[i], needed("the "+label)))
		default:
			all = append(all, text(label, &f.values[i], nil))
		}
	}
	return all
}

// toChoose are the values of an option, and none where that is something else.
func toChoose(o *ctl.PlatformOption) []huh.Option[string] {
	var options []huh.Option[string]
	if o.Default == "" && !o.Required {
		options = append(options, huh.NewOption("as it comes", ""))
	}
	for _, v := range o.Values {
		options = append(options, huh.NewOption(draw.Clean(v), v))
	}
	return options
}

// filled are the options with what was filled in. Those that no form has stay as they are.
func (f *optionForm) filled() map[string]string {
	all := map[string]string{}
	maps.Copy(all, f.old)
	for i := range f.all {
		name, v := f.all[i].Name, strings.TrimSpace(f.values[i])
		switch {
		case v == f.all[i].Default && f.old[name] != v, v == "":
			delete(all, name)
		default:
			all[name] = v
		}
	}
	return all
}

// changes is nil when nothing has.
func (f *optionForm) changes() *map[string]string {
	all := f.filled()
	if maps.Equal(all, f.old) {
		return nil
	}
	return &all
}

// firstClient is the name of the client that comes first.
func (b *state) firstClient() string {
	if len(b.catalogue.Clients) == 0 {
		return "CLIENT"
	}
	return b.catalogue.Clients[0].Name
}
