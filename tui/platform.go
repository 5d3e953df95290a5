package tui

import (
	"context"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"crs/ctl"
)

// wayTitles say how an account gets its credential. A way that is not known here is left out.
func wayTitles() map[ctl.Way]string {
	return map[ctl.Way]string{
		ctl.ByKey: "an API key", ctl.ByBrowser: "log in in the browser", ctl.BySetupToken: "log in, for a token that lasts a year",
		ctl.ByDevice: "log in on another device", ctl.ByFile: "import what its client saved",
	}
}

// ways are those of a platform that the dashboard knows, and of the kinds that are asked for.
func ways(p *ctl.Platform, of ...ctl.Way) []ctl.Way {
	titles := wayTitles()
	return slices.DeleteFunc(slices.Clone(p.Ways), func(w ctl.Way) bool { return titles[w] == "" || len(of) > 0 && !slices.Contains(of, w) })
}

// catalogueRead is what the daemon says that there is to choose from.
type catalogueRead struct {
	catalogue ctl.Catalogue
	err       error
	then      func(*Model) tea.Cmd
}

// withCatalogue goes on once it is known what there is to choose from.
func (m *Model) withCatalogue(then func(*Model) tea.Cmd) tea.Cmd {
	return m.job(func(ctx context.Context) tea.Msg {
		c, err := m.opt.Daemon.Catalogue(ctx)
		return catalogueRead{c, err, then}
	})
}

// take goes by what is known already where the daemon has none to tell.
func (c catalogueRead) take(m *Model) tea.Cmd {
	if c.err == nil {
		m.b.catalogue = c.catalogue
	}
	return c.then(m)
}

// option gives the value that a form begins with, and the values that it offers; nil for any.
func option(o *ctl.PlatformOption) (first string, values []string) {
	if o.Values == nil {
		return o.Default, nil
	}
	if o.Default != "" || o.Required {
		return o.Default, o.Values
	}
	return "", append([]string{""}, o.Values...)
}

// firstClient is the name of the client that comes first.
func (b *board) firstClient() string {
	if len(b.catalogue.Clients) == 0 {
		return "CLIENT"
	}
	return b.catalogue.Clients[0].Name
}
