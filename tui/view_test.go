package tui

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

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
				"key-form": {"3", "a"}, "account-form": {"2", "a"},
			} {
				mode := map[draw.Colours]string{draw.NoColours: "plain", draw.Many: "colour"}[colours]
				file := fmt.Sprintf("%s-%dx%d-%s", name, size[0], size[1], mode)
				t.Run(file, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						d, u := busy()
						d.news <- u
						r := start(t, d, size[0], size[1], colours)
						r.press(keys...)
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
