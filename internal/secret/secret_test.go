package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"crs/internal/secret"
)

func TestNothingThatFormatsShowsTheText(t *testing.T) {
	t.Parallel()
	const text = "sk-ant-very-secret"
	s := secret.New(text)
	holder := struct {
		Key  secret.String
		Next *secret.String
	}{s, &s}

	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+verb+"\n", s, holder)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "key", s, "holder", holder)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "key", s, "holder", holder)
	b, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	fmt.Fprint(&out, errors.Join(fmt.Errorf("using %v", s)))

	hex := fmt.Sprintf("%x", text)
	for _, leak := range []string{text, hex, strings.ToUpper(hex), "very"} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("output shows %q:\n%s", leak, out.String())
		}
	}
	if s.Reveal() != text {
		t.Errorf("Reveal = %q", s.Reveal())
	}
}

func TestASecretIsReadFromJSON(t *testing.T) {
	t.Parallel()
	var doc struct{ Key secret.String }
	if err := json.Unmarshal([]byte(`{"Key":"abc"}`), &doc); err != nil {
		t.Fatal(err)
	}
	if !doc.Key.Equal(secret.New("abc")) || doc.Key.Empty() {
		t.Errorf("read %q", doc.Key.Reveal())
	}
}
