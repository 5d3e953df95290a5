package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"crs/internal/secret"
)

// Source is where Load looks. The process's own environment and user are never asked for: the caller hands them over.
type Source struct {
	// File is the file that was asked for by name (--config). Empty means the one CRS_CONFIG names, or else the default
	// one, which need not exist.
	File string
	// Environ is the environment, as os.Environ gives it.
	Environ []string
	// UID is the user's number, as os.Getuid gives it. 0 uses the system's directories.
	UID int
	// Flags holds the text of each flag that was given, by the key it sets.
	Flags map[string]string
	// Providers are the names that may stand in providers.NAME. Empty allows every name.
	Providers []string
}

// Loaded is a configuration in which everything is valid.
type Loaded struct {
	Config Config
	// File is the configuration file, and FileRead is false when there was none at the default path.
	File     string
	FileRead bool
	// Warnings are what is no mistake, but may be one: a sentence each, without a secret.
	Warnings []string

	entries []Entry
}

// Entry is one key with its value and where that came from.
type Entry struct {
	Key    string
	Value  string // as it would be written in the environment; "[redacted]" for a secret
	Origin string // "default", "file /etc/crs/config.toml:12", "env CRS_LISTEN" or "flag --listen"
	Doc    string

	Hidden secret.String // what Value does not show; empty where it shows all
}

// Same reports whether an entry of another Loaded has the same value, also where that is not shown.
func (e *Entry) Same(o *Entry) bool { return e.Value == o.Value && e.Hidden.Equal(o.Hidden) }

// Entries lists every key of Config in its order, then those set under providers. The caller owns the slice.
func (l *Loaded) Entries() []Entry { return append([]Entry(nil), l.entries...) }

// Load reads every layer and checks every value. The error names all mistakes, one a line, and no secret.
func Load(src Source) (*Loaded, error) {
	place, placeErr := src.place()
	if place.Config == "" {
		return nil, placeErr
	}
	doc, read, err := src.readFile(place.Config)
	if err != nil {
		return nil, err
	}

	l := newLayers(src.Providers)
	l.addDefaults(place)
	l.addFile(place.Config, doc)
	l.addEnvironment(src.Environ)
	l.addFlags(src.Flags)
	cfg, err := l.config()
	if err != nil {
		return nil, err
	}
	if cfg.Data == "" || cfg.Socket == "" {
		return nil, placeErr
	}
	slices.Sort(l.warnings)
	return &Loaded{Config: cfg, File: place.Config, FileRead: read, Warnings: l.warnings, entries: l.entries()}, nil
}

// readFile gives the file's content. Only a file that nobody named may be missing.
func (src Source) readFile(path string) (doc []byte, read bool, err error) {
	doc, err = os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !src.namesFile() {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read configuration: %w", err)
	}
	return doc, true, nil
}

// place gives the default paths under this source, with the file it names. When there is an error, what is not known is
// empty.
func (src Source) place() (Paths, error) {
	dir := cmp.Or(src.Flags["data"], src.getenv("CRS_DATA"))
	paths, err := DefaultPaths(src.getenv, src.UID, absolute(dir))
	if src.namesFile() {
		paths.Config = absolute(cmp.Or(src.File, src.getenv("CRS_CONFIG")))
	}
	return paths, err
}

func (src Source) namesFile() bool { return src.File != "" || src.getenv("CRS_CONFIG") != "" }

func (src Source) getenv(name string) string {
	for _, variable := range src.Environ {
		if value, ok := strings.CutPrefix(variable, name+"="); ok {
			return value
		}
	}
	return ""
}

// absolute resolves a path from the command line or the environment, which may be relative to the working directory.
func absolute(path string) string {
	if path == "" {
		return ""
	}
	if whole, err := filepath.Abs(path); err == nil {
		return whole
	}
	return path
}
