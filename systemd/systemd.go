// Package systemd holds what crs gives to systemd: crs install writes these files, and the packages ship them as they are.
package systemd

import (
	_ "embed" // for the files
	"strings"
)

// Binary is where the units say that crs is.
const Binary = "/usr/bin/crs"

// Unit is the system's service.
//
//go:embed crs.service
var Unit string

// UserUnit is a user's own service.
//
//go:embed crs-user.service
var UserUnit string

// Sysusers is the user and the group that the system's service runs as, for systemd-sysusers.
//
//go:embed crs.sysusers
var Sysusers string

// At gives a unit for a crs that is at another path. What systemd gives a meaning to is escaped.
func At(unit, binary string) string {
	return strings.Replace(unit, Binary, escape(binary), 1)
}

func escape(path string) string {
	return strings.NewReplacer(`\`, `\x5c`, " ", `\x20`, "%", "%%", `"`, `\x22`, "'", `\x27`, ";", `\x3b`, "{", `\x7b`).Replace(path)
}
