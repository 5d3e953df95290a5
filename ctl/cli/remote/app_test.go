package remote

import (
	"bytes"
	"strings"
	"time"

	"crs/ctl/cli/command"
	"crs/daemon"
)

// noon is what time it is in these tests.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// printing is an app that prints into a buffer.
func printing() (*app, *bytes.Buffer) {
	out := new(bytes.Buffer)
	io := command.IO{In: strings.NewReader(""), Out: out, Err: out, Now: func() time.Time { return noon }}
	return &app{&command.App{Programs: command.Programs{Catalogue: daemon.Catalogue()}, IO: io}}, out
}
