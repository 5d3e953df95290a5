package config

import _ "embed" // for the file

// Sample is the configuration file of a fresh installation. It sets nothing.
//
//go:embed sample.toml
var Sample string
