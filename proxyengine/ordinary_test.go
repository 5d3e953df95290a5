package proxyengine

import (
	"encoding/hex"
	"testing"
)

// TestOnlyWhatIsAsLongAsAnIDIsOrdinary: a credential in hexadecimal has the same letters.
func TestOnlyWhatIsAsLongAsAnIDIsOrdinary(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"true": true, "7": true, "2026-11-30": true, "application/json; charset=utf-8": true, "text/event-stream": true, "0b51ac1e-5f1c-4c0f-9d52-6a9c1f0f2a11": true,
		"req_011CSHoEeqs5C35K2UUqR7Fy": true, "123456789012": false, "req_a.b": false, "at gateway": false,
		hex.EncodeToString([]byte("sk-ant-api03-0123456789abcdef")): false, "req_" + hex.EncodeToString([]byte("sk-ant-api03-0123456789abcdef")): false,
	} {
		if got := ordinary(value); got != want {
			t.Errorf("%s is ordinary: %v", value, got)
		}
	}
}
