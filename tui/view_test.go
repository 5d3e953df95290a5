package tui

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crs/ctl"
	"crs/tui/draw"
)

var sizes = [][2]int{{80, 24}, {120, 40}, {40, 10}}

// TestViews compares every screen and the main dialogs, at every size, with and without colour, with how they were.
func TestViews(t *testing.T) {
	t.Parallel()
	for _, colours := range []draw.Colours{draw.NoColours, draw.Many} {
		for _, size := range sizes {
			for name, keys := range map[string][]string{
				"traffic": {"1"}, "accounts": {"2", "down"}, "keys": {"3"}, "usage": {"4"}, "log": {"5", "down"}, "help": {"2", "?"},
				"account": {"2", "down", "enter"}, "key": {"3", "enter"}, "request": {"5", "down", "down", "enter"}, "confirm": {"2", "down", "u"},
				"key-form": {"3", "a"}, "account-form": {"2", "a"}, "edit-form": {"2", "down", "e"}, "groups": {"2", "o"}, "group-form": {"2", "down", "m"},
				"issued": {"3", "r", "y"}, "login": {"2", "l", "enter"}, "drain": {"2", "G", "w", "y"}, "gone": {"2", "down", "the daemon dies"},
			} {
				mode := map[draw.Colours]string{draw.NoColours: "plain", draw.Many: "colour"}[colours]
				file := fmt.Sprintf("%s-%dx%d-%s", name, size[0], size[1], mode)
				t.Run(file, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						d, u := busy()
						d.news <- u
						d.login = ctl.Login{ID: "login_1", URL: "https://example.com/oauth/authorize?client_id=crs&state=0123456789", ExpiresAt: noon.Add(10 * time.Minute)}
						r := start(t, d, size[0], size[1], colours)
						for _, k := range keys {
							if k == "the daemon dies" {
								r.d.die()
								r.pass(90 * time.Second)
								continue
							}
							r.press(k)
						}
						view := r.view()
						if colours == draw.NoColours && regexp.MustCompile(`\x1b\[[0-9;]*[34][0-9][0-9;]*m`).MatchString(view) {
							t.Error("it has colours")
						}
						golden(t, file, strings.ReplaceAll(view, "\x1b", "␛"))
						r.end()
					})
				})
			}
		}
	}
}
