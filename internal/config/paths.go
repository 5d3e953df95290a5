package config

import (
	"errors"
	"path/filepath"
)

// Paths are the places that are used when no other is named.
type Paths struct {
	Config string // the configuration file
	Data   string // a directory
	Socket string
}

// DefaultPaths gives the places for a user. With dir, given by flag or CRS_DATA, all three are in dir; without it, root
// uses the system's directories, a service that systemd gave directories uses those, and everyone else those of the XDG
// base directory specification.
//
// Data is under XDG_DATA_HOME, not XDG_STATE_HOME: that one is for what a user can lose without harm, and here are the
// credentials of accounts, the keys and the ledger.
func DefaultPaths(getenv func(string) string, uid int, dir string) (Paths, error) {
	switch {
	case dir != "":
		return Paths{filepath.Join(dir, "config.toml"), dir, filepath.Join(dir, "crs.sock")}, nil
	case uid == 0:
		return systemPaths(), nil
	}
	if paths, ok := servicePaths(getenv); ok {
		return paths, nil
	}
	return userPaths(getenv)
}

// servicePaths are the directories that systemd made for crs' own unit, which runs as a user of its own. Those of another
// unit, from which somebody calls crs, have other names.
func servicePaths(getenv func(string) string) (Paths, bool) {
	var dirs [3]string
	for i, variable := range []string{"CONFIGURATION_DIRECTORY", "STATE_DIRECTORY", "RUNTIME_DIRECTORY"} {
		dir := getenv(variable)
		if !filepath.IsAbs(dir) || filepath.Base(dir) != "crs" {
			return Paths{}, false
		}
		dirs[i] = dir
	}
	return Paths{filepath.Join(dirs[0], "config.toml"), dirs[1], filepath.Join(dirs[2], "crs.sock")}, true
}

func systemPaths() Paths {
	return Paths{"/etc/crs/config.toml", "/var/lib/crs", "/run/crs/crs.sock"}
}

func userPaths(getenv func(string) string) (Paths, error) {
	config := xdg(getenv, "XDG_CONFIG_HOME", ".config")
	data := xdg(getenv, "XDG_DATA_HOME", ".local/share")
	if config == "" || data == "" {
		return Paths{}, errors.New("no directory for crs: HOME is not set; name one with --data or CRS_DATA")
	}
	paths := Paths{filepath.Join(config, "config.toml"), data, filepath.Join(data, "crs.sock")}
	// Without a runtime directory the socket goes to the data directory, which only its owner can enter. A name under
	// /tmp could be taken by somebody else first.
	if runtime := getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(runtime) {
		paths.Socket = filepath.Join(runtime, "crs", "crs.sock")
	}
	return paths, nil
}

// xdg gives crs' directory under the one that variable names, or under the home directory's fallback. The specification
// has relative paths ignored. Empty when there is no home directory either.
func xdg(getenv func(string) string, variable, fallback string) string {
	if base := getenv(variable); filepath.IsAbs(base) {
		return filepath.Join(base, "crs")
	}
	home := getenv("HOME")
	if !filepath.IsAbs(home) {
		return ""
	}
	return filepath.Join(home, fallback, "crs")
}
