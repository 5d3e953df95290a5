package translate

import (
	"encoding/base64"
	"strings"
)

// arguments gives the object that a call's arguments are, byte for byte. Models are known to write what is no JSON; then
// it is put into an object in the way that Anthropic recommends, so that the model sees what it did.
func arguments(t text) value {
	plain := strings.TrimSpace(t.plain())
	if plain == "" || plain == "null" {
		return value("{}")
	}
	if v, err := object([]byte(plain)); err == nil {
		return v
	}
	w := &writer{}
	w.item("INVALID_JSON", t)
	return w.b
}

// complete reports whether the arguments that have come so far are a whole object.
func complete(t text) bool {
	if len(t) == 0 || t[len(t)-1] != '}' {
		return false
	}
	_, err := object([]byte(t.plain()))
	return err == nil
}

// fromBase64 decodes what stands in a string.
func fromBase64(t text) ([]byte, error) {
	plain := strings.TrimRight(t.plain(), "=")
	return base64.RawStdEncoding.DecodeString(plain)
}
